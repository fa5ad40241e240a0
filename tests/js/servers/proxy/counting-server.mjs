// Runs the official SDK's server, with the tool that must not run twice, as a child process.
import { fileURLToPath } from 'node:url';
import { startChildServer } from '../shared/child-server.mjs';
import { findFreePort } from '../shared/listen.mjs';

const program = fileURLToPath(new URL('../sdk-server.mjs', import.meta.url));

/** @param {string[]} [more] further arguments @param {{ standby?: boolean }} [options] @returns {Promise<{ url: string } & Awaited<ReturnType<typeof startChildServer>>>} */
export async function startCountingServer(more = [], { standby } = {}) {
  const port = await findFreePort();
  const handle = await startChildServer({
    name: 'the counting server',
    args: [program, '--event-store', '--port', String(port), ...more],
    port,
    standby,
  });
  return Object.assign(handle, { url: `http://127.0.0.1:${port}/mcp` });
}
