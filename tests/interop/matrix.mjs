// The steps of our client with every server, and what has to be true on both sides after each.
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { startChildServer } from '../js/servers/shared/child-server.mjs';
import { findFreePort } from '../js/servers/shared/listen.mjs';
import { readJournal } from './journal.mjs';

const packageEntry = process.env.MCP_TETHER_PACKAGE
  ? pathToFileURL(process.env.MCP_TETHER_PACKAGE)
  : new URL('../../pkg/node.js', import.meta.url);

/**
 * Starts a peer's server and a manager for it.
 * @param {import('./peers/index.mjs').Peer} peer
 */
export async function open(peer) {
  const { McpManager } = await import(packageEntry);
  const folder = await mkdtemp(join(tmpdir(), 'interop-'));
  const journal = join(folder, 'journal');
  await writeFile(journal, '');
  const port = await findFreePort();
  const server = await startChildServer({
    name: peer.name,
    port,
    startTimeout: 60_000,
    ...peer.program({ port, journal }),
  });
  const url = `http://127.0.0.1:${port}${peer.path ?? '/mcp'}`;
  const config = { url, sessionConfig: { retryAttempts: 8, retryDelay: 100 }, ...peer.config };
  const manager = new McpManager({ mcpServers: { peer: config } }, { env: {}, log: () => {} });
  const streams = { opened: 0 }; // those that belong to no call
  manager.events.addEventListener(
    'streamOpened',
    ({ detail }) => (streams.opened += detail.stream === 'listen' ? 1 : 0),
  );
  let session;
  return {
    peer,
    server,
    url,
    manager,
    streams,
    journal: () => readJournal(journal),
    /** The same session for every call: created by the first. */
    session: async () => (session ??= await manager.connect('ada', 'peer')),
    async close() {
      await manager.close();
      await server.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** In the order in which they run. */
export const steps = {
  connect,
  list,
  call,
  progress,
  notification,
  cancel,
  restart,
  'session lost': loseSession,
  terminate,
};

/** Those that a server of a framework can be asked for: its three tools have no progress, and nothing to be told of. */
export const frameworkSteps = ['connect', 'call', 'restart', 'session lost', 'terminate'];

async function connect({ peer, session, journal }) {
  const made = await session();
  assert.equal(made.kind, peer.kind);
  assert.equal(made.protocolVersion, peer.protocolVersion);
  assert.equal(typeof made.sessionId, hasId(peer) ? 'string' : 'undefined');
  assert.deepEqual((await journal()).handshakes(), peer.kind === 'modern' ? [] : [1], 'handshakes');
}

async function list({ peer, session }) {
  const made = await session();
  const names = (things) => things.map(({ name }) => name);
  const { tools } = await made.listTools();
  for (const { name } of Object.values(peer.tools))
    assert.ok(names(tools).includes(name), `no tool ${name} in ${names(tools)}`);
  assert.ok((await made.listResources()).resources.length > 0, 'resources');
  assert.ok((await made.listPrompts()).prompts.length > 0, 'prompts');
}

async function call({ peer, session }) {
  const { name, arguments: given, answers } = peer.tools.echo;
  const { content } = await (await session()).callTool({ name, arguments: given });
  assert.equal(content[0].text, answers);
}

async function progress({ peer, session }) {
  const seen = [];
  const result = await (await session()).callTool(peer.tools.progress, { onprogress: (step) => seen.push(step) });
  assert.notEqual(result.isError, true);
  assert.deepEqual(
    seen.map((step) => [step.progress, step.total]),
    [
      [1, 3],
      [2, 3],
      [3, 3],
    ],
  );
}

async function notification({ peer, session, streams }) {
  const made = await session();
  const heard = [];
  made.setNotificationHandler(peer.notifies, (message) => heard.push(message));
  if (peer.notifiesOnStream) await until(() => streams.opened > 0, 'the stream of the session is open');
  await made.callTool(peer.tools.notify);
  await until(() => heard.length > 0, 'the notification arrives');
  assert.equal(heard[0].method, peer.notifies);
}

async function cancel(run) {
  const { peer, session, journal } = run;
  const key = 'cancelled';
  const stop = new AbortController();
  const outcome = settle((await session()).callTool(withKey(peer.tools.slow, key), { signal: stop.signal }));
  await until(async () => (await journal()).count('call', key) > 0, 'the tool runs');
  stop.abort();
  assert.equal((await outcome).code, 'cancelled');
  await until(async () => (await journal()).count('cancelled', key) > 0, 'the server is notified');
  await call(run);
  const seen = await journal();
  assert.equal(seen.count('call', key), 1, 'runs of the tool');
}

async function restart(run) {
  await restartAtRest(run);
  await restartUnderCall(run);
  const handshakes = (await run.journal()).handshakes();
  // A stateless server needs one handshake only: there is no session to lose.
  const each = { stateful: [1, 1, 1], stateless: [1], modern: [] }[run.peer.kind];
  assert.deepEqual(handshakes, keepsIds(run.peer) ? [1] : each, 'handshakes of each process');
}

async function restartAtRest(run) {
  const made = await run.session();
  const before = made.sessionId;
  await run.server.restart();
  await call(run);
  await countOnce(run, 'after the first restart');
  if (hasId(run.peer)) assert.equal(made.sessionId === before, keepsIds(run.peer));
}

async function restartUnderCall(run) {
  const { peer, session, journal, server } = run;
  const key = 'killed';
  const outcome = settle((await session()).callTool(withKey(peer.tools.slow, key)));
  await until(async () => (await journal()).count('call', key) > 0, 'the tool runs');
  await server.restart();
  assert.equal((await outcome).code, 'outcome_unknown', 'the outcome of the call is unknown');
  await call(run);
  await countOnce(run, 'after the second restart');
  const seen = await journal();
  assert.equal(seen.count('call', key), 1, 'runs of the tool that was cut off');
}

/** A DELETE from outside ends our session: the server answers the next request as it answers unknown sessions. */
async function loseSession(run) {
  const made = await run.session();
  const before = made.sessionId;
  const handshakes = await countHandshakes(run);
  const status = await askOutside(run, 'DELETE', before, made.protocolVersion);
  assert.ok(status < 300, `DELETE was answered ${status}`);
  await countOnce(run, 'after the loss');
  assert.notEqual(made.sessionId, before);
  assert.equal(await countHandshakes(run), handshakes + 1, 'handshakes');
}

async function terminate(run) {
  const { session, manager } = run;
  const made = await session();
  const { sessionId, protocolVersion } = made;
  await manager.terminate('ada', 'peer');
  assert.equal(made.state, 'terminated');
  assert.deepEqual(manager.getAllActiveSessions(), []);
  if (!hasId(run.peer)) return;
  const status = await askOutside(run, 'POST', sessionId, protocolVersion, {
    jsonrpc: '2.0',
    id: 'outside',
    method: 'ping',
  });
  assert.ok([400, 404].includes(status), `the server still knows the session: ${status}`);
}

/** A request on a session that our client does not see. @returns {Promise<number>} its status */
async function askOutside({ url }, method, sessionId, protocolVersion, message) {
  const headers = {
    'Mcp-Session-Id': sessionId,
    'MCP-Protocol-Version': protocolVersion,
    ...(message && { 'Content-Type': 'application/json' }),
    Accept: 'application/json, text/event-stream',
  };
  const response = await fetch(url, { method, headers, body: message && JSON.stringify(message) });
  await response.body?.cancel();
  return response.status;
}

/** An unsafe tool, run with a key of its own: it answers, and the server ran it once. */
async function countOnce({ peer, session, journal }, key) {
  const result = await (await session()).callTool(withKey(peer.tools.count, key));
  assert.notEqual(result.isError, true);
  const seen = await journal();
  assert.equal(seen.count('call', key), 1, `runs of ${peer.tools.count.name} ${key}`);
}

/** Whether the id of a session is accepted after a restart. */
const keepsIds = ({ takesAnyId = false, keepsSessions = false }) => takesAnyId || keepsSessions;

/** Of all processes. */
const countHandshakes = async ({ journal }) => (await journal()).handshakes().reduce((sum, each) => sum + each, 0);

/** Whether the server sends the client a session id. */
const hasId = ({ kind, config }) => kind === 'stateful' && config?.type !== 'sse';

const withKey = ({ name, arguments: given }, key) => ({ name, arguments: { ...given, key } });

const settle = (promise) =>
  promise.then(
    (result) => ({ result }),
    (error) => ({ code: error.code, message: error.message }),
  );

async function until(condition, what) {
  const deadline = Date.now() + 20_000;
  while (!(await condition())) {
    if (Date.now() > deadline) assert.fail(`never: ${what}`);
    await wait(10);
  }
}
