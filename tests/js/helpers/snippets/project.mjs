// A project that has the built package installed, with the packages of the workspace beside it, and what compiles and runs programs in it.

import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { transform } from 'esbuild';

export const root = fileURLToPath(new URL('../../../..', import.meta.url));

const compilerOptions = {
  target: 'ES2022',
  lib: ['ES2023', 'ESNext.Disposable', 'DOM', 'DOM.Iterable'],
  module: 'NodeNext',
  moduleResolution: 'NodeNext',
  types: [],
  jsx: 'react-jsx',
  strict: true,
  exactOptionalPropertyTypes: true,
  skipLibCheck: true,
  allowJs: true,
  checkJs: true,
  noEmit: true,
};

export async function makeProject() {
  const folder = await mkdtemp(join(tmpdir(), 'snippets-'));
  const modules = join(folder, 'node_modules');
  await mkdir(modules);
  for (const name of await readdir(join(root, 'node_modules')))
    if (!name.startsWith('.')) await symlink(join(root, 'node_modules', name), join(modules, name));
  await symlink(join(root, 'pkg'), join(modules, 'mcp-tether'));
  // Its declarations: the Worker itself is not run here.
  await symlink(join(root, 'gateway/package'), join(modules, 'mcp-tether-gateway'));
  await writeFile(join(folder, 'package.json'), '{ "type": "module" }');
  return {
    folder,
    async write(name, code) {
      await mkdir(dirname(join(folder, name)), { recursive: true });
      await writeFile(join(folder, name), code);
    },
    /** What the compiler says of these files; nothing if they are right. */
    async compile(files, options) {
      const config = { compilerOptions: { ...compilerOptions, ...options }, files };
      await writeFile(join(folder, 'tsconfig.json'), JSON.stringify(config));
      const { bin } = JSON.parse(await readFile(join(root, 'node_modules/typescript/package.json'), 'utf8'));
      const { output } = await run([join(root, 'node_modules/typescript', bin.tsc), '--project', folder], folder);
      return output;
    },
    /** Runs TypeScript; its exit code and what it printed. */
    async run(name, code) {
      const { code: script } = await transform(code, { loader: 'ts', target: 'es2022', format: 'esm' });
      await writeFile(join(folder, `${name}.mjs`), script);
      return run([`${name}.mjs`], folder);
    },
    remove: () => rm(folder, { recursive: true }),
  };
}

function run(args, cwd) {
  return new Promise((resolve) =>
    execFile(
      process.execPath,
      args,
      { cwd, timeout: 60_000, env: { ...process.env, API_KEY: 'key' } },
      (error, stdout, stderr) => resolve({ ok: !error, output: stdout + stderr }),
    ),
  );
}
