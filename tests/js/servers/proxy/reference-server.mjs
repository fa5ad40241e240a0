// Runs the official reference server as a child process.
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startChildServer } from '../shared/child-server.mjs';
import { findFreePort } from '../shared/listen.mjs';

const preload = fileURLToPath(new URL('./reference-server-preload.mjs', import.meta.url));

/**
 * Starts the reference server and waits until it accepts connections. Its environment is empty: one of its tools
 * returns it to any caller.
 * @param {{ startTimeout?: number, standby?: boolean, preloads?: string[], env?: Record<string, string> }} [options] milliseconds; further modules to load before it
 * @returns {Promise<{ url: string } & Awaited<ReturnType<typeof startChildServer>>>}
 */
export async function startReferenceServer({ startTimeout, standby, preloads = [], env = {} } = {}) {
  const port = await findFreePort();
  const imports = [preload, ...preloads].flatMap((path) => ['--import', path]);
  const handle = await startChildServer({
    name: 'the reference server',
    args: [...imports, program(), 'streamableHttp'],
    env: { ...env, PORT: String(port) },
    port,
    startTimeout,
    standby,
  });
  return Object.assign(handle, { url: `http://127.0.0.1:${port}/mcp` });
}

function program() {
  const manifestPath = createRequire(import.meta.url).resolve('@modelcontextprotocol/server-everything/package.json');
  return join(dirname(manifestPath), 'dist', 'index.js');
}
