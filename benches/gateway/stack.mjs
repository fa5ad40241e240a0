// The measured setup: three servers, each reached directly, through a Worker and an object of plain JavaScript, and
// through the gateway.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Miniflare } from 'miniflare';
import { compatibility, startGateway } from '../../gateway/local.mjs';
import { sender } from '../../tests/gateway/http.mjs';
import { startChildServer } from '../../tests/js/servers/shared/child-server.mjs';
import { findFreePort } from '../../tests/js/servers/shared/listen.mjs';
import { isWorkerd, started, stopped } from './workerd.mjs';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const { BENCH_LOG: LOG = 'requests' } = process.env; // as it is shipped; the programs compared with write no line per request
const LINES = 20; // of the gateway's log, printed if it fails
const QUIET = 1_000; // milliseconds without a call: then those left over from a load have ended, also on a busy machine
const programs = {
  fast: { program: here('../../node_modules/.bin/bun'), args: [here('upstream.mjs')] },
  streaming: { program: here('../../node_modules/.bin/bun'), args: [here('upstream.mjs'), '--stream'] },
  // As servers stream that may send more before the answer: without a length.
  chunked: { program: here('../../node_modules/.bin/bun'), args: [here('upstream.mjs'), '--stream', 'chunked'] },
  sdk: { args: [here('../../tests/js/servers/sdk-server.mjs'), '--json-response'] },
};

/** The layers between the client and the server, from none to the gateway. */
export const ways = ['direct', 'JS Worker', 'JS object', 'ours'];
export const tokenOf = (user) => `token-of-${user}-0123456789`;

/**
 * Starts everything.
 * @param {string[]} users allowed at the gateway
 * @param {string} [base] the folder of another build of the gateway, which is then one more way
 */
export async function startStack(users, base) {
  const state = await mkdtemp(join(tmpdir(), 'bench-'));
  const servers = {};
  for (const [name, options] of Object.entries(programs)) servers[name] = await startServer(name, options);
  const upstreams = Object.fromEntries(Object.entries(servers).map(([name, { url }]) => [name, url]));
  const passThrough = await started(() => startPassThrough(upstreams));
  const gateway = await startOurs({ upstreams, users, state });
  const other = base ? await startOurs({ upstreams, users, state: join(state, 'base'), folder: base }) : undefined;
  const urlOf = {
    direct: (server) => upstreams[server],
    'JS Worker': (server) => `${passThrough.running.origin}/worker/${server}`,
    'JS object': (server) => `${passThrough.running.origin}/object/${server}`,
    ours: (server) => gateway.running.url(server),
    base: (server) => other.running.url(server),
  };
  return {
    state,
    gateway: { pid: gateway.pid, lines: gateway.lines, isRunning: () => isWorkerd(gateway.pid) },
    base: { pid: other?.pid },
    passThrough: { pid: passThrough.pid },
    /** The counts of a server now. */
    countsOf: (server) => servers[server].counts(),
    /** The counts of a server, once no call is left over from a load. */
    async countsAfterLoad(server) {
      let counts = await servers[server].counts();
      for (let before; before !== counts.calls.echo; counts = await servers[server].counts()) {
        before = counts.calls.echo;
        await wait(QUIET);
      }
      return counts;
    },
    /** One way to a server, with sessions of one user opened on it. */
    async target(way, server, sessions, user = users[0]) {
      const url = urlOf[way](server);
      const opener = sender(way === 'ours' || way === 'base' ? url : upstreams[server], tokenOf(user));
      const ids = [];
      for (let count = 0; count < sessions; count += 1) ids.push(await opener.open());
      const end = () => Promise.all(ids.map((id) => opener.send('DELETE', { headers: { 'Mcp-Session-Id': id } })));
      return { way, server, url, token: tokenOf(user), ids, end };
    },
    async stop() {
      await stopped(() => gateway.running.stop(), gateway.pid);
      if (other) await stopped(() => other.running.stop(), other.pid);
      await stopped(() => passThrough.running.stop(), passThrough.pid);
      await Promise.all(Object.values(servers).map(({ child }) => child.close()));
      await rm(state, { recursive: true, force: true });
    },
  };
}

async function startOurs({ upstreams, users, state, folder }) {
  const lines = [];
  const gateway = await started(() =>
    startGateway({
      servers: Object.fromEntries(Object.entries(upstreams).map(([name, url]) => [name, { url }])),
      // A benchmark of refusals would look fast.
      vars: {
        AUTH: 'bearer',
        BEARER_TOKENS: Object.fromEntries(users.map((user) => [user, tokenOf(user)])),
        RATE_PER_MINUTE: 0,
        MAX_SESSIONS_PER_USER: 1_000_000,
        LOG,
      },
      state,
      folder,
      log: (line) => lines.splice(0, lines.push(line) - LINES),
    }),
  );
  return { ...gateway, lines };
}

async function startServer(name, { program, args }) {
  const port = await findFreePort();
  const child = await startChildServer({ name, program, args: [...args, '--port', String(port)], port });
  const origin = `http://127.0.0.1:${port}`;
  return { child, url: `${origin}/mcp`, counts: async () => (await fetch(`${origin}/control/counts`)).json() };
}

async function startPassThrough(upstreams) {
  const miniflare = new Miniflare({
    ...compatibility,
    host: '127.0.0.1',
    unsafeDirectSockets: [{ host: '127.0.0.1', port: 0 }], // as for the gateway (gateway/local.mjs)
    modules: true,
    scriptPath: here('pass-through.js'),
    bindings: { UPSTREAMS: upstreams },
    durableObjects: { OBJECTS: { className: 'PassThrough', useSQLite: true } },
  });
  await miniflare.ready;
  const { origin } = await miniflare.unsafeGetDirectURL();
  return { origin, stop: () => miniflare.dispose() };
}
