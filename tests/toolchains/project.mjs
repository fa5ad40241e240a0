// A toolchain's project: its packages installed once into .tools/toolchains, its files and the packed tarball laid out for each run.

import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { projects } from './projects.mjs';

const run = promisify(execFile);

export const workspace = fileURLToPath(new URL('../..', import.meta.url));
const apps = fileURLToPath(new URL('apps', import.meta.url));
const installed = join(workspace, '.tools/toolchains');

/** Installs a project's packages, unless that was done. @returns {Promise<string>} the project's folder */
export async function install(name) {
  const folder = join(installed, name);
  const manifest = JSON.stringify(
    { name: `toolchain-${name}`, private: true, type: 'module', dependencies: projects[name] },
    null,
    2,
  );
  const stamp = join(folder, 'installed');
  const wanted = createHash('sha256').update(manifest).digest('hex');
  if ((await readFile(stamp, 'utf8').catch(() => '')) !== wanted) {
    await rm(folder, { recursive: true, force: true });
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, 'package.json'), manifest);
    const words = ['install', '--no-audit', '--no-fund', '--no-package-lock', '--loglevel=error'];
    await run('npm', words, { cwd: folder, maxBuffer: 1 << 24 });
    await writeFile(stamp, wanted);
  }
  return folder;
}

/** Packs pkg/ and unpacks the tarball. @returns {Promise<{ folder: string, remove(): Promise<void> }>} `folder` is what npm would install */
export async function pack() {
  const temporary = await mkdtemp(join(tmpdir(), 'mcp-tether-toolchains-'));
  await run('npm', ['pack', join(workspace, 'pkg'), '--pack-destination', temporary], { cwd: temporary });
  const tarball = (await readdir(temporary)).find((file) => file.endsWith('.tgz'));
  await run('tar', ['-xzf', tarball], { cwd: temporary });
  return { folder: join(temporary, 'package'), remove: () => rm(temporary, { recursive: true, force: true }) };
}

const kept = new Set(['installed', 'node_modules', 'package.json']);
// Where toolchains remember what they built from an earlier tarball.
const caches = ['.cache', '.vite', '.vite-temp', '.astro'];

/** Lays out a project as a user has it before the first build: its files, the shared application and the package, no cache. */
export async function prepare(name, packageFolder) {
  const folder = await install(name);
  // Toolchains look for the next one above; that of the workspace leads to npm/.
  await writeFile(join(installed, 'tsconfig.json'), '{}');
  const stale = (await readdir(folder)).filter((file) => !kept.has(file));
  const modules = join(folder, 'node_modules');
  await Promise.all([
    ...stale.map((file) => rm(join(folder, file), { recursive: true, force: true })),
    ...caches.map((file) => rm(join(modules, file), { recursive: true, force: true })),
    rm(join(modules, 'mcp-tether'), { recursive: true, force: true }),
  ]);
  await mkdir(modules, { recursive: true });
  await cp(packageFolder, join(modules, 'mcp-tether'), { recursive: true });
  // All versions of a tool build the same files: `vite-5` has those of `vite`.
  await cp(join(apps, name.replace(/-\d+$/, '')), folder, { recursive: true });
  const { application = '.' } = await readFile(join(folder, 'toolchain.json'), 'utf8').then(JSON.parse, () => ({}));
  for (const file of ['application.js', 'page.js']) {
    const target = join(folder, application, file);
    await mkdir(dirname(target), { recursive: true });
    await cp(join(apps, file), target);
  }
  return folder;
}
