// Trace context (W3C: traceparent, tracestate, baggage) of a request inside a session: it goes to the server with that
// request and no other, and credentials never do.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { startModernServer } from '../js/servers/modern-server.mjs';
import { startSdkServer } from '../js/servers/sdk-server.mjs';
import { eventsOf, initializeParams, messageOf, sender } from './http.mjs';
import { startStack, until } from './stack.mjs';
import { startWitness } from './witness.mjs';

const CALLS = 20;
const none = { traceparent: undefined, tracestate: undefined, baggage: undefined };
const hex = (number, digits) => number.toString(16).padStart(digits, '0');
const traceOf = (number) => ({
  traceparent: `00-${hex(number, 32)}-${hex(number, 16)}-01`,
  tracestate: `vendor=${number}`,
  baggage: `turn=${number}`,
});

for (const kind of ['2025-11-25', '2026-07-28']) {
  describe(`trace context inside a session, before a server of ${kind}`, { timeout: 180_000 }, () => {
    let server;
    let witness;
    let stack;
    let ada;
    before(async () => {
      server = await (kind === '2026-07-28' ? startModernServer({ legacy: 'reject' }) : startSdkServer());
      witness = await startWitness(server.url);
      stack = await startStack({
        server: false,
        servers: { witness: { url: witness.url, headers: { Authorization: 'Bearer ${KEY}' } } },
        vars: { KEY: 'of-the-gateway' },
      });
      ada = sender(`${stack.origin}/witness/mcp`);
    });
    after(async () => {
      await stack?.stop();
      await witness.close();
      await server.close();
    });

    const calls = (name) =>
      witness.seen.filter(({ message }) => message?.method === 'tools/call' && message.params.name === name);

    test('each of many concurrent calls has its own, and one without has none', async () => {
      const session = await ada.open(initializeParams, traceOf(999));
      await Promise.all(
        Array.from({ length: CALLS }, async (_, turn) => {
          const headers = turn % 4 === 0 ? {} : traceOf(turn);
          const message = await messageOf(
            await ada.call(session, 'echo', { text: String(turn) }, { id: turn, headers }),
          );
          assert.equal(message.result.content[0].text, String(turn));
        }),
      );
      assert.equal(calls('echo').length, CALLS);
      for (const { message, trace } of calls('echo')) {
        const turn = Number(message.params.arguments.text);
        assert.deepEqual(trace, turn % 4 === 0 ? none : traceOf(turn));
      }
    });

    test('the gateway’s own requests have none: its handshake, its stream, and its requests before a call', async () => {
      const session = await ada.open(initializeParams, traceOf(1));
      const events = eventsOf(await ada.send('GET', { headers: { 'Mcp-Session-Id': session, ...traceOf(2) } }));
      if (kind === '2025-11-25') await server.forgetSessions();
      await (await ada.call(session, 'increment', {}, { id: 'last', headers: traceOf(3) })).text();
      await until(
        () => witness.seen.some(({ http, message }) => http === 'GET' || message?.method === 'subscriptions/listen'),
        'the gateway opens its stream',
      );
      for (const { trace } of calls('increment')) assert.deepEqual(trace, traceOf(3));
      assert.equal(server.counts.executions.default, 1);
      const others = witness.seen.filter(({ message }) => message?.method !== 'tools/call');
      const greeting = kind === '2025-11-25' ? 'initialize' : 'server/discover';
      assert.ok(others.some(({ message }) => message?.method === greeting));
      for (const { trace, http, message } of others) assert.deepEqual(trace, none, `${http} ${message?.method}`);
      await events.return();
    });

    test('the client’s credentials never reach the server', () => {
      assert.ok(witness.seen.length > CALLS);
      for (const { headers } of witness.seen) assert.equal(headers.authorization, 'Bearer of-the-gateway');
      assert.ok(!JSON.stringify(witness.seen).includes('token-of-ada'));
    });
  });
}
