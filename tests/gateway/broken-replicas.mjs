// Replicas that break in every way that a network knows: what only reads goes to another one within a bound, what may have run ends with that truth, and
// nothing runs twice. The tests of some of these ways.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { startModernServer } from '../js/servers/modern-server.mjs';
import { startSdkServer } from '../js/servers/sdk-server.mjs';
import { startFaultyReplica } from './faulty-replica.mjs';
import { messageOf, sender } from './http.mjs';
import { startStack } from './stack.mjs';

const VERSION = '2026-07-28';
const TIMEOUT = 12_000; // of requests: a replica that hangs is left before
const kinds = {
  stateful: () => startSdkServer(),
  'stateful, JSON': () => startSdkServer({ jsonResponse: true }),
  stateless: () => startSdkServer({ mode: 'stateless' }),
};
const pathOf = (kind, fault) => `${kind}-${fault}`.replaceAll(/\W+/g, '-');

/** @param {string[]} faultNames those of faulty-replica.mjs */
export function breaksBy(faultNames) {
  describe('a replica that breaks', { concurrency: true }, () => {
    const pairs = new Map();
    let stack;
    before(async () => {
      const servers = {};
      for (const fault of faultNames)
        for (const [kind, start] of Object.entries({ ...kinds, modern: startModernServer })) {
          const pair = await Promise.all([start(), start()].map(async (server) => startFaultyReplica(await server)));
          const [url, ...replicas] = pair.map((replica) => replica.url);
          const path = pathOf(kind, fault);
          pairs.set(path, pair);
          servers[path] = { url, replicas, timeout: TIMEOUT, sessionConfig: { retryDelay: 50 } };
        }
      stack = await startStack({ server: false, servers });
    });
    after(async () => {
      await stack?.stop();
      await Promise.all([...pairs.values()].flat().map((replica) => replica.close()));
    });
    const user = (path) => sender(new URL(`/${path}/mcp`, stack.url));
    const runsOf = (pair, key) => pair.reduce((sum, { server }) => sum + (server.counts.executions[key] ?? 0), 0);

    for (const fault of faultNames)
      for (const kind of Object.keys(kinds))
        test(`${fault}, ${kind}: reads are answered by another one, a call is unknown and runs once`, async () => {
          const path = pathOf(kind, fault);
          const pair = pairs.get(path);
          const ada = user(path);
          const session = await ada.open();
          const ask = async (method, params, id) =>
            messageOf(
              await ada.send('POST', { headers: { 'Mcp-Session-Id': session }, body: ada.rpc(method, params, id) }),
            );
          const increment = (key, id) => ask('tools/call', { name: 'increment', arguments: { key } }, id);
          assert.ok((await increment('before', 'a')).result);
          const own = pair.find(({ server }) => server.counts.executions.before === 1);
          const other = pair.find((replica) => replica !== own);
          own.fault = fault;
          const begun = Date.now();
          const [list, read, unsafe] = await Promise.all([
            ask('tools/list', {}, 'list'),
            ask('prompts/list', {}, 'prompts'),
            increment('during', 'unsafe'),
          ]);
          assert.ok(list.result?.tools.length > 0, JSON.stringify(list));
          assert.ok(read.result?.prompts, JSON.stringify(read));
          assert.ok(Date.now() - begun < 2 * TIMEOUT);
          if (unsafe.error) assert.equal(unsafe.error.data.code, 'outcome_unknown', JSON.stringify(unsafe));
          assert.equal(runsOf(pair, 'during'), 1, JSON.stringify(unsafe));
          assert.ok((await increment('after', 'b')).result, 'it goes on');
          assert.equal(other.server.counts.executions.after, 1);
          assert.equal(runsOf(pair, 'after'), 1);
        });

    for (const fault of faultNames)
      test(`${fault}, 2026-07-28: reads are answered by another one, a call runs once`, async () => {
        const path = pathOf('modern', fault);
        const pair = pairs.get(path);
        const { call, post } = modernUser(user(path));
        assert.ok((await call('before')).result);
        const own = pair.find(({ server }) => server.counts.executions.before === 1);
        own.fault = fault;
        const [unsafe, list] = await Promise.all([call('during'), post('tools/list')]);
        assert.ok(list.result?.tools.length > 0, JSON.stringify(list));
        assert.equal(unsafe.result, undefined);
        if (['silent', 'head'].includes(fault)) assert.equal(unsafe.error.data.code, 'outcome_unknown');
        assert.equal(runsOf(pair, 'during'), 1, JSON.stringify(unsafe));
        assert.ok((await call('after')).result, 'it goes on');
        assert.equal(runsOf(pair, 'after'), 1);
      });
  });
}

/** Requests of 2026-07-28. */
export function modernUser(one) {
  const _meta = {
    'io.modelcontextprotocol/protocolVersion': VERSION,
    'io.modelcontextprotocol/clientCapabilities': {},
  };
  let id = 0;
  const post = async (method, params = {}) => {
    id += 1;
    const headers = { 'MCP-Protocol-Version': VERSION, 'Mcp-Method': method };
    if (params.name) headers['Mcp-Name'] = params.name;
    const response = await one.send('POST', { headers, body: one.rpc(method, { ...params, _meta }, id) });
    // An error of a proxy passes as it is.
    return response.headers.get('content-type')?.includes('html') ? { status: response.status } : messageOf(response);
  };
  return { post, call: (key) => post('tools/call', { name: 'increment', arguments: { key } }) };
}
