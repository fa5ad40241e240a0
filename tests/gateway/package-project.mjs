// The package mcp-tether-gateway, packed and unpacked as npm does, in a project on this machine. Its dependency is that of this repository.
import { execFile, spawn } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { mkdir, mkdtemp, rename, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { endProcess } from './end-process.mjs';

export const root = fileURLToPath(new URL('../..', import.meta.url));
const PATIENCE = 120_000; // milliseconds for the machine of a test that is busy with others

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
  const text = { stdout: '', stderr: '' };
  const output = new EventEmitter();
  for (const name of /** @type {const} */ (['stdout', 'stderr']))
    child[name].setEncoding('utf8').on('data', (more) => {
      text[name] += more;
      output.emit('more');
    });
  const gone = once(child, 'exit');
  const printed = async (pattern) => {
    const signal = AbortSignal.timeout(PATIENCE);
    while (!pattern.test(text.stdout + text.stderr))
      await Promise.race([once(output, 'more', { signal }), gone]).then(() => {
        if (child.exitCode !== null || child.signalCode !== null) throw new Error(`dev has ended: ${text.stderr}`);
      });
  };
  const stop = () => endProcess(child, () => child.kill('SIGTERM'));
  await printed(/Press Ctrl\+C/).catch(async (error) => {
    await stop(); // it would keep the process of the test from its end
    throw error;
  });
  return {
    origin: /runs at (\S+)\. /.exec(text.stdout)[1],
    token: /Your token.*?\n\n {2}(\S+)\n/s.exec(text.stdout)?.[1],
    adminToken: /administrator's token for that page: (\S+)/.exec(text.stdout)?.[1],
    stdout: () => text.stdout,
    stderr: () => text.stderr,
    /** Waits until the output of the process has this. */
    printed,
    stop,
  };
}
