// The package mcp-tether-gateway, packed and unpacked as npm does, in a project on this machine. Its dependency is that of this repository.
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rename, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../..', import.meta.url));
/** wrangler needs Node 22. */
export const newerNode = join(root, 'node_modules/node-24/bin/node');

/** Runs a program to its end: `{ code, stdout, stderr }`. */
export function run(program, args, options = {}) {
  return new Promise((resolve) =>
    execFile(program, args, { timeout: 300_000, maxBuffer: 2 ** 26, ...options }, (error, stdout, stderr) =>
      resolve({ code: error ? (error.code ?? error.signal) : 0, stdout, stderr }),
    ),
  );
}

export async function packed() {
  const folder = await mkdtemp(join(tmpdir(), 'gateway-package-'));
  const { stdout } = await run('npm', ['pack', join(root, 'pkg-gateway'), '--pack-destination', folder, '--json']);
  const [{ filename, files, size }] = JSON.parse(stdout);
  const tarball = join(folder, filename);
  await run('tar', ['-xzf', tarball], { cwd: folder });
  await install(folder, {
    'mcp-tether-gateway': join(folder, 'package'),
    miniflare: join(root, 'node_modules/miniflare'),
  });
  return {
    folder,
    tarball,
    size,
    files: files.map(({ path }) => path),
    cli: join(folder, 'node_modules/mcp-tether-gateway/cli.js'),
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

/** Puts packages into a project: those of a temporary folder are moved, others linked. */
export async function install(project, packages) {
  for (const [name, from] of Object.entries(packages)) {
    const to = join(project, 'node_modules', name);
    await mkdir(dirname(to), { recursive: true });
    await (from.startsWith(project) ? rename(from, to) : symlink(from, to));
  }
}

/** Starts `mcp-tether-gateway dev`, and waits until it has printed everything. */
export async function startDev(cli, { args = [], cwd, env = {} }) {
  const child = spawn(process.execPath, [cli, 'dev', '--port', '0', ...args], {
    cwd,
    env: { PATH: process.env.PATH, HOME: process.env.HOME, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text) => (stderr += text));
  const gone = once(child, 'exit');
  const isReady = new Promise((ready) => {
    createInterface({ input: child.stdout }).on('line', (line) => {
      stdout += `${line}\n`;
      if (line.includes('Press Ctrl+C')) ready(true);
    });
  });
  await Promise.race([isReady, gone]);
  if (child.exitCode !== null) throw new Error(`dev ended: ${stderr}`);
  return {
    origin: /runs at (\S+)\. /.exec(stdout)[1],
    token: /Your token.*?\n\n {2}(\S+)\n/s.exec(stdout)?.[1],
    adminToken: /administrator's token for that page: (\S+)/.exec(stdout)?.[1],
    stdout: () => stdout,
    stderr: () => stderr,
    async stop() {
      child.kill('SIGTERM');
      await gone;
    },
  };
}
