// What is in tests/js/types compiles as it says, with every supported TypeScript and every way to resolve the package's entries.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const compilers = ['typescript-5.5', 'typescript-5.9', 'typescript-6', 'typescript'];
const resolutions = {
  node16: { module: 'Node16', moduleResolution: 'Node16' },
  nodenext: { module: 'NodeNext', moduleResolution: 'NodeNext' },
  bundler: { module: 'ESNext', moduleResolution: 'Bundler' },
};
const strict = {
  target: 'ES2022',
  lib: ['ES2022'],
  types: [],
  strict: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  noPropertyAccessFromIndexSignature: true,
  verbatimModuleSyntax: true,
  skipLibCheck: false,
  noEmit: true,
};

let project;

// A project that has installed the package: its package.json and its declarations are all that a compiler reads.
before(async () => {
  project = await mkdtemp(join(tmpdir(), 'types-'));
  const installed = join(project, 'node_modules', 'mcp-tether');
  await mkdir(installed, { recursive: true });
  for (const name of await readdir(join(root, 'npm')))
    if (name.endsWith('.d.ts') || name === 'package.json') await cp(join(root, 'npm', name), join(installed, name));
  for (const name of ['usage.mts', 'portable.mts', 'bare.mts', 'entries.mts', 'workers.mts'])
    await cp(join(root, 'tests/js/types', name), join(project, name));
  await writeFile(join(project, 'package.json'), '{ "type": "module" }');
});

after(() => rm(project, { recursive: true }));

/** Compiles files of the project; what the compiler says. */
async function compile(compiler, options, files) {
  const config = join(project, `tsconfig.${Math.random()}.json`);
  await writeFile(config, JSON.stringify({ compilerOptions: { ...strict, ...options }, files }));
  const { bin } = JSON.parse(await readFile(join(root, 'node_modules', compiler, 'package.json'), 'utf8'));
  const tsc = join(root, 'node_modules', compiler, bin.tsc);
  return new Promise((resolve) =>
    execFile(process.execPath, [tsc, '--project', config], { cwd: project }, (_error, stdout, stderr) =>
      resolve(stdout + stderr),
    ),
  );
}

for (const compiler of compilers) {
  describe(compiler, () => {
    for (const [name, resolution] of Object.entries(resolutions))
      test(`${name}: strict, without the DOM library, declarations checked`, async () => {
        assert.equal(await compile(compiler, resolution, ['portable.mts', 'bare.mts', 'entries.mts']), '');
      });

    test('in a Worker, whose types are classes', async () => {
      assert.equal(await compile(compiler, resolutions.bundler, ['portable.mts', 'workers.mts']), '');
    });

    test('in a page, with the DOM library', async () => {
      const options = { ...resolutions.bundler, lib: ['ES2022', 'DOM'], noPropertyAccessFromIndexSignature: false };
      assert.equal(await compile(compiler, options, ['portable.mts', 'usage.mts']), '');
    });
  });
}

// As docs/start.md says: TypeScript 5.8 has learned from Node that `require` loads ES modules, and only under `nodenext`.
describe('a file of CommonJS', () => {
  const refused = /TS1479/;
  const accepted = /^$/;
  for (const compiler of compilers)
    for (const [module, expected] of [
      ['node16', refused],
      ['nodenext', compiler === 'typescript-5.5' ? refused : accepted],
      ['commonjs', accepted],
    ])
      test(`${compiler}: ${module}`, async () => {
        await writeFile(
          join(project, 'common.cts'),
          "import { McpManager } from 'mcp-tether';\nexport const manager: McpManager = new McpManager({ mcpServers: {} });\n",
        );
        const options = { module, verbatimModuleSyntax: false, skipLibCheck: true };
        assert.match(await compile(compiler, options, ['common.cts']), expected);
      });
});

test('in Node, with its types', async () => {
  for (const name of ['@types/node', 'undici-types']) await symlinkOf(name);
  const options = { ...resolutions.nodenext, types: ['node'], lib: ['ES2023'], skipLibCheck: true };
  assert.equal(await compile('typescript', options, ['portable.mts', 'entries.mts']), '');
  // Declarations of ours that do not fit are found only where Node's are checked, too.
  const checked = { ...options, skipLibCheck: false };
  assert.equal(await compile('typescript', checked, ['entries.mts']), '');
});

test('what is given to the official clients and to frameworks fits', async () => {
  await cp(join(root, 'tests/js/types/transport/usage.mts'), join(project, 'transport.mts'));
  await cp(join(root, 'tests/js/types/frameworks.mts'), join(project, 'frameworks.mts'));
  for (const name of await readdir(join(root, 'node_modules')))
    if (!name.startsWith('.') && name !== '@types') await symlinkOf(name);
  for (const name of ['react', 'react-dom']) await symlinkOf(`@types/${name}`);
  const options = { ...resolutions.nodenext, lib: ['ES2023', 'DOM', 'DOM.Iterable'], skipLibCheck: true };
  assert.equal(await compile('typescript', options, ['transport.mts']), '');
  // The declarations of the AI SDK are not made for it.
  const loose = { ...options, exactOptionalPropertyTypes: false };
  assert.equal(await compile('typescript', loose, ['frameworks.mts']), '');
});

async function symlinkOf(name) {
  const to = join(project, 'node_modules', name);
  await mkdir(join(to, '..'), { recursive: true });
  await symlink(join(root, 'node_modules', name), to).catch((error) => assert.equal(error.code, 'EEXIST'));
}
