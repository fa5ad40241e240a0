// The built gateway on workerd with a real server behind it, each of which can be killed and restarted.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { startGateway } from '../../gateway/local.mjs';
import { startChildServer } from '../js/servers/shared/child-server.mjs';
import { findFreePort } from '../js/servers/shared/listen.mjs';
import './own-connections.mjs';

const users = { ada: 'token-of-ada', bob: { token: 'token-of-bob', vars: { team: 'red' } } };
export const adminToken = 'token-of-the-admin';
export const page = 'https://app.example';

const serverProgram = fileURLToPath(new URL('../js/servers/sdk-server.mjs', import.meta.url));

/**
 * Starts both. The server is `s` in the gateway's configuration.
 * @param {object} [options]
 * @param {string[] | false} [options.server] arguments of tests/js/servers/sdk-server.mjs; false: none is started, so that `s` is out of reach
 * @param {object} [options.config] more of that server's configuration
 * @param {object} [options.servers] further servers
 * @param {object} [options.vars] further variables of the gateway
 * @param {number} [options.port] of the gateway
 * @param {string} [options.folder] of another build of the gateway
 */
export async function startStack({ server: args = [], config = {}, servers = {}, vars = {}, port, folder } = {}) {
  const state = await mkdtemp(join(tmpdir(), 'gateway-'));
  const serverPort = await findFreePort();
  const gatewayPort = port ?? (await findFreePort());
  const serverOrigin = `http://127.0.0.1:${serverPort}`;
  const lines = [];
  let gateway;
  const start = async (changed = {}) => {
    gateway = await startGateway({
      servers: {
        s: { url: `${serverOrigin}/mcp`, sessionConfig: { retryDelay: 100 }, ...config, ...changed.config },
        ...servers,
      },
      vars: {
        AUTH: 'bearer',
        BEARER_TOKENS: users,
        ADMIN_TOKEN: adminToken,
        ALLOWED_ORIGINS: page,
        ...vars,
        ...changed.vars,
      },
      state,
      folder: changed.folder ?? folder,
      port: gatewayPort,
      log: (line) => lines.push(line),
    });
  };
  const startServer = () =>
    startChildServer({
      name: 'the SDK server',
      args: [serverProgram, '--port', String(serverPort), ...args],
      port: serverPort,
    });
  // Both at once: neither asks for the other as it starts.
  const [started, begun] = await Promise.allSettled([args && startServer(), start()]);
  const server = started.value || undefined;
  // The process of the test would not end as long as the others run.
  const stop = async () => {
    await Promise.all([gateway?.stop(), server?.close()]);
    await rm(state, { recursive: true, force: true });
  };
  const failed = [started, begun].find(({ status }) => status === 'rejected');
  if (failed) {
    await stop();
    throw failed.reason;
  }
  return {
    origin: `http://127.0.0.1:${gatewayPort}`,
    url: `http://127.0.0.1:${gatewayPort}/s/mcp`,
    server,
    /** The folder of the gateway's storage. */
    state,
    /** The log lines of the gateway. */
    lines,
    /** The server's counts since it was started. */
    counts: async () => (await fetch(`${serverOrigin}/control/counts`)).json(),
    /** Makes the server lose all its sessions. */
    forget: () => fetch(`${serverOrigin}/control/forget`, { method: 'POST' }),
    /** Restarts the gateway's process with the same storage; a callback may change the storage in between. */
    async restartGateway(changed, whileStopped) {
      await gateway.stop();
      await whileStopped?.();
      await start(changed);
    },
    stop,
  };
}

const LONGEST = 60_000; // milliseconds: a check that does not end must not keep the test from failing

/** Waits until `check()` returns something truthy, and returns that. */
export async function until(check, what) {
  const deadline = Date.now() + LONGEST;
  while (Date.now() < deadline) {
    const found = await Promise.race([check(), wait(deadline - Date.now(), undefined, { ref: false })]);
    if (found) return found;
    await wait(10);
  }
  throw new Error(`never: ${what}`);
}
