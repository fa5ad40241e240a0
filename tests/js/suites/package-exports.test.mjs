// Each entry of the built package exports exactly the values that its declarations name, under every condition of package.json.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { build } from 'esbuild';

// Exported by the shared file for the package's other entries, and not part of its interface.
const internal = new Set(['deferred', 'setTimers', 'isPlain']);

const run = promisify(execFile);
const root = fileURLToPath(new URL('../../../', import.meta.url));
const folder = join(root, 'pkg');
const { name, exports: entries } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'));

for (const [entry, { types, ...conditions }] of Object.entries(entries)) {
  // package.json, and the module itself
  if (types === undefined || conditions.default.endsWith('.wasm')) continue;
  test(`${name}${entry.slice(1)}: what is exported is what is declared`, async () => {
    for (const file of new Set(Object.values(conditions))) {
      assert.equal(await disagreement(types, await exportedBy(file)), '', `${file} and ${types}`);
    }
  });
}

test('a difference is found in both directions', async () => {
  const exported = await exportedBy('./storage.js');
  assert.match(await disagreement('./storage.d.ts', [...exported, 'undeclared']), /'"undeclared"'/);
  assert.match(await disagreement('./storage.d.ts', exported.slice(1)), new RegExp(`'"${exported[0]}"'`));
});

/** The names that a file of the package exports, without running it: workerd's runs nowhere else. */
async function exportedBy(file) {
  const { metafile } = await build({
    entryPoints: [join(folder, file)],
    absWorkingDir: root,
    bundle: true,
    write: false,
    metafile: true,
    format: 'esm',
    platform: 'neutral',
    outfile: 'out.js',
    external: ['node:*', 'react', 'tough-cookie', 'yaml', '*.wasm', '*.wasm?module'],
    logLevel: 'silent',
  });
  return metafile.outputs['out.js'].exports.filter((exported) => !internal.has(exported));
}

/** What the compiler says of a declaration file and a list of value exports: nothing where they agree. */
async function disagreement(types, exported) {
  const place = await mkdtemp(join(tmpdir(), 'exports-'));
  const declared = join(folder, types.replace(/\.d\.ts$/, '.js'));
  try {
    await writeFile(
      join(place, 'check.mts'),
      `type Declared = keyof typeof import(${JSON.stringify(declared)});
       type Exported = ${exported.map((one) => JSON.stringify(one)).join(' | ')};
       type None<T extends never> = T;
       export type Undeclared = None<Exclude<Exported, Declared>>;
       export type Missing = None<Exclude<Declared, Exported>>;`,
    );
    const options = [
      '--noEmit',
      '--strict',
      '--skipLibCheck',
      '--module',
      'nodenext',
      '--target',
      'es2022',
      '--types',
      '',
    ];
    const compiler = join(root, 'node_modules/typescript/bin/tsc');
    await run(process.execPath, [compiler, ...options, join(place, 'check.mts')], { cwd: place });
    return '';
  } catch ({ stdout, message }) {
    return stdout || message;
  } finally {
    await rm(place, { recursive: true });
  }
}
