// Packs the output of `make build` and installs it into an empty project, as a user would.

import { execFile } from 'node:child_process';
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);

export const workspace = fileURLToPath(new URL('../../../..', import.meta.url));

export async function installPackage() {
  const project = await mkdtemp(join(tmpdir(), 'mcp-tether-package-'));
  const { stdout } = await run('npm', ['pack', join(workspace, 'pkg'), '--pack-destination', project, '--json'], {
    cwd: project,
  });
  const [{ filename, files, size }] = JSON.parse(stdout);
  await writeFile(join(project, 'package.json'), JSON.stringify({ name: 'empty', private: true, type: 'module' }));
  // --offline, since the package has no dependencies.
  await run('npm', ['install', join(project, filename), '--offline', '--no-audit', '--no-fund'], { cwd: project });
  for (const file of ['scenario.mjs', 'run-scenario.mjs', 'worker.mjs']) {
    await cp(new URL(file, import.meta.url), join(project, file));
  }
  return {
    project,
    tarball: join(project, filename),
    size,
    files: files.map(({ path }) => path),
    remove: () => rm(project, { recursive: true, force: true }),
  };
}
