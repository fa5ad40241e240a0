// A server behind the gateway that is out of reach for 3 s: its port is closed, or a proxy answers 502. Sessions have
// the default settings. The proxy counts.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { McpManager } from '../../pkg/node.js';
import { crowd } from '../js/bench/compare/crowd.mjs';
import { dispatch as modernDispatch } from '../js/servers/modern-faults/healthy.mjs';
import { countDuringOutage, startOutageServer } from '../js/servers/outage-server.mjs';
import { messageOf, sender } from './http.mjs';
import { startStack, until } from './stack.mjs';

const outageMs = 3_000;
const sessionCount = 4;
const each = 20; // calls of each kind, over all sessions
const retryAttempts = 3; // the default
const underWay = 2; // of each tool and session, when the outage begins

describe('a server behind the gateway that is out of reach for 3 s', { concurrency: 2 }, () => {
  const kinds = ['refused', '502'];
  const servers = {};
  const held = {};
  let stack;
  before(async () => {
    const configured = {};
    for (const kind of kinds) {
      held[kind] = holdCalls();
      servers[kind] = await startOutageServer(kind, held[kind].fault);
      servers[`modern-${kind}`] = await startOutageServer(kind, {}, { dispatch: modernDispatch });
    }
    for (const [name, { url }] of Object.entries(servers)) configured[name] = { url };
    stack = await startStack({
      server: false,
      config: { sessionConfig: {} },
      servers: configured,
      vars: { RATE_PER_MINUTE: 0 },
    });
  });
  after(async () => {
    for (const { release } of Object.values(held)) release();
    await stack?.stop();
    for (const server of Object.values(servers)) await server.close();
  });

  for (const kind of kinds) {
    test(`${kind}: every call made during the outage is answered, sessions can be opened, and nothing runs twice`, {
      timeout: 180_000,
    }, async () => {
      const server = servers[kind];
      const ada = sender(`${stack.origin}/${kind}/mcp`);
      const sessions = await Promise.all(Array.from({ length: sessionCount }, () => ada.open()));
      await Promise.all(sessions.map((session) => list(ada, session)));
      const begin = (name) =>
        sessions.flatMap((session, at) =>
          Array.from({ length: underWay }, (_, index) =>
            outcome(call(ada, session, name, `held ${name} ${at} ${index}`)),
          ),
        );
      const before = { unsafe: begin('unsafe'), read: begin('safe') };
      await until(() => server.counts().rpc['tools/call'] === 2 * underWay * sessionCount, 'the calls are in flight');

      await server.begin(outageMs);
      held[kind].release();
      const of = (index) => sessions[index % sessionCount];
      const during = crowd(
        { list: () => list(ada, of(at.list++)), call: (name, { key }) => call(ada, of(at[name]++), name, key) },
        { each, noticed: Promise.all(before.unsafe) },
      );
      const bob = sender(`${stack.origin}/${kind}/mcp`, 'token-of-bob');
      const opened = await Promise.all([ada.open(), ada.open(), ada.open(), ada.open(), bob.open()]);

      const answered = Array.from({ length: each }, () => 'result');
      assert.deepEqual(await during, { list: answered, read: answered, unsafe: answered });
      assert.deepEqual([...new Set(await Promise.all(before.read))], ['result']);
      const unsafe = await Promise.all(before.unsafe);
      assert.ok(
        unsafe.every((ended) => ended === 'result' || ended === 'outcome_unknown'),
        String(unsafe),
      );
      const { executions, initialize } = server.counts();
      assert.deepEqual(
        Object.entries(executions).filter(([key, times]) => key.includes('unsafe') && times > 1),
        [],
        'unsafe calls that ran twice',
      );
      assert.equal(Object.keys(executions).filter((key) => key.startsWith('unsafe')).length, each);
      assert.equal(initialize, sessionCount + opened.length, 'one handshake has reached the server for each session');
      // Each new call once, and of each session a canary or a handshake with its retries (docs/limits.md).
      const most = 3 * each + (sessionCount + opened.length) * (1 + retryAttempts);
      const { requests } = countDuringOutage(server.requests());
      assert.ok(requests <= most, `${requests} requests: a storm`);
      const next = await ada.open();
      const own = [...sessions, ...opened.slice(0, -1), next];
      assert.deepEqual(
        await Promise.all(own.map((session) => outcome(list(ada, session)))),
        own.map(() => 'result'),
      );
    });

    test(`${kind}, 2026-07-28: our own client waits and continues`, { timeout: 180_000 }, async () => {
      const server = servers[`modern-${kind}`];
      const manager = new McpManager(
        {
          mcpServers: {
            it: { url: `${stack.origin}/modern-${kind}/mcp`, headers: { Authorization: 'Bearer token-of-ada' } },
          },
        },
        { env: {}, log: () => {} },
      );
      try {
        const session = await manager.connect('ada', 'it');
        assert.equal(session.kind, 'modern');
        await session.listTools();
        await server.begin(outageMs);
        const noticed = until(() => session.state === 'outage', 'the client detects it');
        const during = await crowd(
          { list: () => session.listPrompts(), call: (name, args) => session.callTool({ name, arguments: args }) },
          { each, noticed },
        );
        const answered = Array.from({ length: each }, () => 'result');
        assert.deepEqual(during, { list: answered, read: answered, unsafe: answered });
        const { executions } = server.counts();
        assert.deepEqual(
          Object.entries(executions).filter(([key, times]) => key.startsWith('unsafe') && times !== 1),
          [],
        );
      } finally {
        await manager.close();
      }
    });
  }

  const at = { list: 0, safe: 0, unsafe: 0 };
  let lastId = 0;
  const list = (who, session) =>
    resultOf(
      who.send('POST', {
        headers: { 'Mcp-Session-Id': session },
        body: who.rpc('tools/list', {}, `id ${++lastId}`),
      }),
    );
  const call = (who, session, name, key) => resultOf(who.call(session, name, { key }, { id: `id ${++lastId}` }));
});

/** The result of an answer, or a rejection with the error's name. */
async function resultOf(request) {
  const { result, error } = await messageOf(await request);
  if (result) return result;
  throw Object.assign(new Error(error.message), { name: 'McpError', code: error.data?.code ?? `${error.code}` });
}

const outcome = (promise) =>
  promise.then(
    () => 'result',
    ({ code }) => code,
  );

/**
 * Calls whose key begins with `held` stay in flight until they are released: even ones have run by then, odd ones run
 * after that.
 */
function holdCalls() {
  let release;
  const released = new Promise((resolve) => {
    release = resolve;
  });
  return {
    release,
    fault: {
      async call(exchange) {
        const { key } = exchange.message.params.arguments;
        if (!key.startsWith('held')) return false;
        const result = Number(key.at(-1)) % 2 === 0 ? exchange.execute() : undefined;
        await released;
        exchange.answer(result ?? exchange.execute());
        return undefined;
      },
    },
  };
}
