// Runs a server as a child process that can be killed and restarted on the same port.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const standbyPreload = fileURLToPath(new URL('./standby-preload.mjs', import.meta.url));

/**
 * Starts `program ...args`, by default Node, and waits until it accepts connections on the port.
 * It gets a pipe as standard input, and only PATH from the environment.
 *
 * With `standby`, which is for programs of Node, the next process is loaded while this one runs, and listens when this one is gone: so a restart
 * is as short on a busy machine as on another. It is a restart all the same: the next process knows nothing of the sessions of this one.
 * @param {{ name: string, program?: string, args: string[], env?: Record<string, string>, port: number, startTimeout?: number, standby?: boolean }} options milliseconds
 * @returns {Promise<{ port: number, restarts: number, kill(): Promise<void>, start(): Promise<void>, restart(downMs?: number): Promise<void>, standby(): Promise<number | undefined>, close(): Promise<void> }>} `standby` waits until the next process is loaded, and has its id
 */
export async function startChildServer({
  name,
  program = process.execPath,
  args,
  env = {},
  port,
  startTimeout = 30_000,
  standby = false,
}) {
  let running;
  let next;
  let restarting;

  function load() {
    const child = spawn(program, standby ? ['--import', standbyPreload, ...args] : args, {
      env: { PATH: process.env.PATH, ...env },
      stdio: ['pipe', 'ignore', 'pipe', ...(standby ? ['ipc'] : [])],
    });
    child.stdin.on('error', () => {});
    const isReady = new Promise((resolve) => child.once('message', resolve).once('exit', resolve));
    const loaded = { child, isReady, complaints: '' };
    child.stderr.on('data', (chunk) => (loaded.complaints = (loaded.complaints + chunk).slice(-4_000)));
    return loaded;
  }

  async function start() {
    running = next && isAlive(next.child) ? next : load();
    next = undefined;
    if (standby) running.child.send('listen');
    await waitForPort(name, port, running, startTimeout);
    if (standby) next = load();
  }

  await start();
  const handle = {
    port,
    restarts: 0,
    kill: () => end(running.child),
    start,
    restart(downMs = 0) {
      restarting ??= (async () => {
        await end(running.child);
        if (downMs > 0) await wait(downMs);
        handle.restarts += 1;
        await start();
      })().finally(() => (restarting = undefined));
      return restarting;
    },
    async standby() {
      await next?.isReady;
      return next?.child.pid;
    },
    async close() {
      await restarting?.catch(() => {});
      await Promise.all([running, next].map((loaded) => loaded && end(loaded.child)));
    },
  };
  return handle;
}

const isAlive = (child) => child.exitCode === null && child.signalCode === null;

/** SIGKILL: the process cannot shut down gracefully. */
async function end(child) {
  if (!isAlive(child)) return;
  const gone = once(child, 'exit');
  child.kill('SIGKILL');
  await gone;
}

async function waitForPort(name, port, loaded, timeout) {
  const deadline = Date.now() + timeout;
  while (!(await accepts(port))) {
    if (loaded.child.exitCode !== null) throw new Error(`${name} did not start: ${loaded.complaints}`);
    if (Date.now() > deadline) {
      loaded.child.kill('SIGKILL');
      throw new Error(`${name} did not listen within ${timeout} ms: ${loaded.complaints}`);
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
