// Every odd answer to every kind of message, once and until the server is well again: no unsafe call runs twice, each call ends in time, the server
// is not hammered, errors and counters agree with the server's counts, and afterwards everything works.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { answers } from '../helpers/odd-answers/answers.mjs';
import { startServer } from '../helpers/odd-answers/server.mjs';

const packageEntry = process.env.MCP_TETHER_PACKAGE
  ? pathToFileURL(process.env.MCP_TETHER_PACKAGE)
  : new URL('../../../pkg/node.js', import.meta.url);
const { McpManager } = await import(packageEntry);

/** What gets the odd answer. */
const whens = {
  initialize: ['initialize'],
  initialized: ['notifications/initialized'],
  'tools/list': ['tools/list'],
  'a safe call': ['read'],
  'an unsafe call': ['write'],
  ping: ['ping'],
  'the GET stream': ['GET'],
  DELETE: ['DELETE'],
  'all requests': ['tools/list', 'read', 'write', 'ping', 'GET'],
};
/** Cases at a time. */
const LANES = 24;
/** Milliseconds for one call, and for everything that happens in a case. */
const TIMEOUT = 20_000;
const PATIENCE = 60_000;
/** Requests of a case: 9 calls, each at most 4 times, with handshakes and pings. */
const MOST = 60;

/** Settles within the time, or says that it hung. */
async function outcomeOf(promise) {
  let timer;
  const late = new Promise((resolve) => {
    timer = setTimeout(() => resolve({ isHung: true }), PATIENCE);
  });
  const settled = promise.then(
    (value) => ({ value }),
    (error) => ({ error }),
  );
  const outcome = await Promise.race([settled, late]);
  clearTimeout(timer);
  return outcome;
}

/** Calls a session while the fault lasts and after it. Returns what is wrong. */
async function faultsOf(fault) {
  const server = await startServer(fault);
  const sessionConfig = { retryDelay: 20 };
  const config = { url: server.url, protocolVersion: 'legacy', timeout: TIMEOUT, initTimeout: TIMEOUT, sessionConfig };
  const manager = new McpManager({ mcpServers: { odd: config } }, { log: false });
  const faults = [];
  const counts = { sent: 0, settled: 0, calls: 0 };
  manager.events.addEventListener('requestSent', () => {
    counts.sent += 1;
  });

  /** A call, checked against the server's count of its executions. */
  async function call(session, name, key) {
    counts.calls += 1;
    const { error, value, isHung } = await outcomeOf(session.callTool({ name, arguments: { key } }));
    const times = server.executed(key);
    if (isHung) faults.push(`${key} hangs`);
    if (name === 'write' && times > 1) faults.push(`${key} ran ${times} times`);
    if (value && times === 0) faults.push(`${key} has a result and never ran`);
    if (name === 'write' && error && times > 0) {
      const isHonest = ['outcome_unknown', 'rpc_error', 'request_timeout'].includes(error.code) && !error.retryable;
      if (!isHonest) faults.push(`${key} ran, and the error is ${error.code}, retryable: ${error.retryable}`);
    }
    return value;
  }

  async function callAll(session) {
    counts.calls += 1;
    if ((await outcomeOf(session.listTools())).isHung) faults.push('tools/list hangs');
    counts.calls += 1;
    const pinged = outcomeOf(session.ping());
    await Promise.all([call(session, 'write', 'write 1'), call(session, 'read', 'read 1'), pinged]);
    if ((await pinged).isHung) faults.push('ping hangs');
    await call(session, 'write', 'write 2');
    await call(session, 'read', 'read 2');
    await call(session, 'read', 'read 3');
    if (fault.when.includes('DELETE')) await outcomeOf(manager.terminate('ada', 'odd'));
  }

  const connected = await outcomeOf(manager.connect('ada', 'odd'));
  if (connected.isHung) faults.push('connect hangs');
  if (connected.value) await callAll(connected.value);
  server.heal();
  let again = await outcomeOf(manager.connect('ada', 'odd'));
  if (again.error?.code === 'circuit_open') {
    await new Promise((resolve) => setTimeout(resolve, again.error.retryAfterMs + 100));
    again = await outcomeOf(manager.connect('ada', 'odd'));
  }
  if (!again.value) faults.push(`connect fails afterwards: ${again.error?.code ?? 'it hangs'}`);
  else if (!(await call(again.value, 'write', 'write 3'))) faults.push('a call fails afterwards');

  const { succeeded, failed } = manager.getMetrics();
  const received = server.requests.filter(({ id, method }) => id !== undefined && method).length;
  if (succeeded + failed !== counts.calls) faults.push(`${succeeded} + ${failed} of ${counts.calls} calls are counted`);
  if (counts.sent !== received) faults.push(`${counts.sent} requests are told, ${received} came`);
  if (server.requests.length > MOST) faults.push(`${server.requests.length} requests`);
  if ((await outcomeOf(manager.close({ terminate: true }))).isHung) faults.push('close hangs');
  await server.close();
  return faults;
}

for (const [when, kinds] of Object.entries(whens))
  describe(`the odd answer is to ${when}`, () => {
    for (const [span, times] of Object.entries({ once: 1, 'until the server is well': undefined }))
      test(span, async () => {
        const isUnsafe = kinds.includes('write');
        const cases = answers.flatMap(({ name, ran, what }) =>
          ran.slice(0, isUnsafe ? 2 : 1).map((first) => ({ name, what, ran: first })),
        );
        const faults = {};
        const lane = async () => {
          for (let next = cases.pop(); next; next = cases.pop()) {
            const found = await faultsOf({ when: kinds, times, ...next });
            if (found.length > 0) faults[`${next.name}${next.ran ? ', after it ran' : ''}`] = found;
          }
        };
        await Promise.all(Array.from({ length: LANES }, lane));
        assert.deepEqual(faults, {});
      });
  });
