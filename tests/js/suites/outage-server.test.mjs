// Checks the outage server itself with bare fetch: its behaviour before, during and after an outage, and its records.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { countDuringOutage, mostAtOnce, startOutageServer, worstSecond } from '../servers/outage-server.mjs';

const standard = { Accept: 'application/json, text/event-stream', 'Content-Type': 'application/json' };

async function connect(server) {
  const post = (message, headers) =>
    fetch(server.url, {
      method: 'POST',
      headers: { ...standard, ...headers },
      body: JSON.stringify({ jsonrpc: '2.0', ...message }),
    });
  const params = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'bare', version: '1' } };
  const answer = await post({ id: 1, method: 'initialize', params });
  await answer.text();
  const session = { 'Mcp-Session-Id': answer.headers.get('mcp-session-id') };
  return {
    ping: (id) => post({ id, method: 'ping' }, session),
    call: (key) => post({ id: key, method: 'tools/call', params: { name: 'unsafe', arguments: { key } } }, session),
    preflight: () =>
      fetch(server.url, {
        method: 'OPTIONS',
        headers: { 'Access-Control-Request-Method': 'POST', 'Access-Control-Request-Headers': 'content-type' },
      }),
    stream: () => fetch(server.url, { headers: { Accept: 'text/event-stream', ...session } }),
  };
}

async function withServer(kind, fault, use, options) {
  const server = await startOutageServer(kind, fault, options);
  try {
    await use(server, await connect(server));
  } finally {
    await server.close();
  }
}

for (const [kind, status, isHidden] of [
  ['502', 502, false],
  ['522', 522, false],
  ['hidden-503', 503, true],
]) {
  test(`${kind}: refuses everything for a time, cuts streams, and keeps sessions`, { timeout: 120_000 }, () => {
    const use = async (server, client) => {
      const stream = await client.stream();
      const { ended } = await server.begin(2_000);
      await assert.rejects(stream.text());
      const answers = await Promise.all([client.ping(2), client.ping(3), client.call('during')]);
      for (const answer of answers) {
        assert.equal(answer.status, status);
        assert.equal(answer.headers.get('access-control-allow-origin'), isHidden ? null : '*');
      }
      assert.equal((await client.preflight()).status, isHidden ? status : 204);
      await ended;
      assert.equal((await client.call('after')).status, 200);
      assert.deepEqual(server.counts().executions, { after: 1 });
      assert.equal(countDuringOutage(server.requests()).requests, 3, 'preflights are not counted');
      assert.equal(mostAtOnce(server.requests().filter(({ rpc }) => rpc === 'ping')), 2);
    };
    return withServer(kind, {}, use, { refusalMs: 500 });
  });
}

test('refused: no connection can be made for a time, and those that were open break', { timeout: 120_000 }, () =>
  withServer('refused', {}, async (server, client) => {
    const stream = await client.stream();
    const { ended } = await server.begin(500);
    await assert.rejects(stream.text());
    await assert.rejects(client.ping(2), ({ cause }) => cause.code === 'ECONNREFUSED');
    await ended;
    assert.equal((await client.call('after')).status, 200);
    assert.equal(countDuringOutage(server.requests()).requests, 0);
  }),
);

test('a call in flight when it begins gets the refusal, and its answer is lost', {
  timeout: 120_000,
}, async () => {
  let release;
  const released = new Promise((resolve) => {
    release = resolve;
  });
  const fault = {
    async call(exchange) {
      const result = exchange.execute();
      await released;
      exchange.answer(result);
    },
  };
  await withServer('502', fault, async (server, client) => {
    const call = client.call('held');
    while (server.counts().executions.held === undefined) await wait(5);
    await server.begin(200);
    release();
    assert.equal((await call).status, 502);
    assert.deepEqual(server.counts().executions, { held: 1 });
  });
});

test('the worst second is found wherever it begins', () => {
  assert.equal(worstSecond([0, 900, 1_100, 1_500, 1_899, 1_900, 3_000]), 4);
  assert.equal(worstSecond([]), 0);
});
