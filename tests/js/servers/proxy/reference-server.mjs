// Runs the official reference server as a child process that can be killed and started again on the same port.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { connect } from 'node:net';
import { dirname, join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { findFreePort } from '../shared/listen.mjs';

const preload = fileURLToPath(new URL('./reference-server-preload.mjs', import.meta.url));

/**
 * Starts the reference server and waits until it accepts connections.
 * @param {{ startTimeout?: number }} [options] milliseconds
 * @returns {Promise<{ url: string, port: number, restarts: number, restart(): Promise<void>, close(): Promise<void> }>}
 */
export async function startReferenceServer({ startTimeout = 30_000 } = {}) {
  const port = await findFreePort();
  let child;
  let restarting;

  async function start() {
    child = spawn(process.execPath, ['--import', preload, program(), 'streamableHttp'], {
      // Nothing of this machine's environment: one of the server's tools shows it to whoever asks.
      env: { PATH: process.env.PATH, PORT: String(port) },
      stdio: ['pipe', 'ignore', 'pipe'],
    });
    child.stdin.on('error', () => {});
    let complaints = '';
    child.stderr.on('data', (chunk) => (complaints = (complaints + chunk).slice(-4_000)));
    await waitForPort(port, child, startTimeout, () => complaints);
  }

  async function kill() {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
  }

  await start();
  const handle = {
    url: `http://127.0.0.1:${port}/mcp`,
    port,
    restarts: 0,
    restart() {
      restarting ??= (async () => {
        await kill();
        handle.restarts += 1;
        await start();
      })().finally(() => (restarting = undefined));
      return restarting;
    },
    async close() {
      await restarting?.catch(() => {});
      await kill();
    },
  };
  return handle;
}

function program() {
  const manifestPath = createRequire(import.meta.url).resolve('@modelcontextprotocol/server-everything/package.json');
  return join(dirname(manifestPath), 'dist', 'index.js');
}

async function waitForPort(port, child, timeout, complaints) {
  const deadline = Date.now() + timeout;
  while (!(await accepts(port))) {
    if (child.exitCode !== null) throw new Error(`the reference server did not start: ${complaints()}`);
    if (Date.now() > deadline) {
      child.kill('SIGKILL');
      throw new Error(`the reference server did not listen within ${timeout} ms: ${complaints()}`);
    }
    await wait(25);
  }
}

function accepts(port) {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' });
    socket.once('connect', () => socket.destroy() && resolve(true));
    socket.once('error', () => resolve(false));
  });
}
