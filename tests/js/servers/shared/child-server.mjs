// Runs a server as a child process that can be killed and restarted on the same port.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';

/**
 * Starts `program ...args`, by default Node, and waits until it accepts connections on the port.
 * It gets a pipe as standard input, and only PATH from the environment.
 * @param {{ name: string, program?: string, args: string[], env?: Record<string, string>, port: number, startTimeout?: number }} options milliseconds
 * @returns {Promise<{ port: number, restarts: number, kill(): Promise<void>, start(): Promise<void>, restart(downMs?: number): Promise<void>, close(): Promise<void> }>}
 */
export async function startChildServer({
  name,
  program = process.execPath,
  args,
  env = {},
  port,
  startTimeout = 30_000,
}) {
  let child;
  let restarting;

  async function start() {
    child = spawn(program, args, { env: { PATH: process.env.PATH, ...env }, stdio: ['pipe', 'ignore', 'pipe'] });
    child.stdin.on('error', () => {});
    let complaints = '';
    child.stderr.on('data', (chunk) => (complaints = (complaints + chunk).slice(-4_000)));
    await waitForPort(name, port, child, startTimeout, () => complaints);
  }

  /** SIGKILL: the process cannot shut down gracefully. */
  async function kill() {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
  }

  await start();
  const handle = {
    port,
    restarts: 0,
    kill,
    start,
    restart(downMs = 0) {
      restarting ??= (async () => {
        await kill();
        if (downMs > 0) await wait(downMs);
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

async function waitForPort(name, port, child, timeout, complaints) {
  const deadline = Date.now() + timeout;
  while (!(await accepts(port))) {
    if (child.exitCode !== null) throw new Error(`${name} did not start: ${complaints()}`);
    if (Date.now() > deadline) {
      child.kill('SIGKILL');
      throw new Error(`${name} did not listen within ${timeout} ms: ${complaints()}`);
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
