// Trace context from the client through the gateway to the server, in headers and `_meta`, in both eras; and the spans of a hook.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { startModernServer } from '../js/servers/modern-server.mjs';
import { startSdkServer } from '../js/servers/sdk-server.mjs';
import { listen } from '../js/servers/shared/listen.mjs';
import { parseJson, readText } from '../js/servers/shared/messages.mjs';
import { messageOf, sender } from './http.mjs';
import { adminToken, startStack, until } from './stack.mjs';
import { buildTracedWorker } from './traced-worker.mjs';
import { startWitness } from './witness.mjs';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const PARENT = '00f067aa0ba902b7';
const traceparent = `00-${TRACE}-${PARENT}-01`;
const context = { traceparent, tracestate: 'vendor=1', baggage: 'turn=1' };
const VERSION = '2026-07-28';
const modernMeta = {
  'io.modelcontextprotocol/protocolVersion': VERSION,
  'io.modelcontextprotocol/clientCapabilities': {},
};

/** Servers of both eras behind a gateway, and a way to call `echo` on each as a client of that era. */
async function startWorld(folder) {
  const servers = [await startSdkServer(), await startModernServer({ legacy: 'reject' })];
  const witnesses = await Promise.all(servers.map(({ url }) => startWitness(url)));
  const [old, modern] = witnesses;
  const stack = await startStack({ servers: { old: { url: old.url }, modern: { url: modern.url } }, folder });
  const session = await sender(`${stack.origin}/old/mcp`).open();
  const echo = {
    old: (text, { headers, meta }) =>
      sender(`${stack.origin}/old/mcp`).call(session, 'echo', { text }, { id: text, headers, meta }),
    modern: (text, { headers, meta }) =>
      sender(`${stack.origin}/modern/mcp`).send('POST', {
        headers: { 'MCP-Protocol-Version': VERSION, 'Mcp-Method': 'tools/call', 'Mcp-Name': 'echo', ...headers },
        body: {
          jsonrpc: '2.0',
          id: text,
          method: 'tools/call',
          params: { name: 'echo', arguments: { text }, _meta: { ...modernMeta, ...meta } },
        },
      }),
  };
  return {
    stack,
    server: servers[0],
    /** Calls `echo`, and returns what the server got: the trace in the headers, and that in `_meta`. */
    async call(era, text, sent) {
      const { result } = await messageOf(await echo[era](text, sent));
      assert.equal(result.content[0].text, text);
      const got = witnesses
        .flatMap(({ seen }) => seen)
        .filter(({ message }) => message?.method === 'tools/call' && message.params.arguments.text === text);
      const { trace, message } = got.at(-1);
      const { traceparent: parent, tracestate, baggage } = message.params._meta ?? {};
      return [trace, { traceparent: parent, tracestate, baggage }];
    },
    async stop() {
      await stack?.stop();
      for (const each of [...witnesses, ...servers]) await each.close();
    },
  };
}

const none = { traceparent: undefined, tracestate: undefined, baggage: undefined };

describe('the trace context of a client reaches the server', { timeout: 180_000 }, () => {
  let world;
  before(async () => {
    world = await startWorld();
  });
  after(() => world.stop());

  for (const era of ['old', 'modern']) {
    test(`${era}: from the headers, also in _meta`, async () => {
      const both = [context, context];
      assert.deepEqual(await world.call(era, 'headers', { headers: context }), both);
      assert.deepEqual(await world.call(era, 'meta', { meta: context }), both);
    });

    test(`${era}: none is invented, and what is malformed is dropped`, async () => {
      assert.deepEqual(await world.call(era, 'none', {}), [none, none]);
      const wrong = { traceparent: `00-${'0'.repeat(32)}-${PARENT}-01`, tracestate: 'vendor=1' };
      assert.deepEqual(await world.call(era, 'wrong headers', { headers: wrong }), [none, none]);
      assert.deepEqual(await world.call(era, 'wrong meta', { meta: wrong }), [none, none]);
    });
  }
});

describe('spans of a hook', { timeout: 180_000 }, () => {
  let worker;
  let world;
  before(async () => {
    worker = await buildTracedWorker(
      `async (span, { env, waitUntil }) => {
        if (!env.SESSIONS || typeof waitUntil !== 'function') throw new Error('no context');
        console.log(JSON.stringify({ event: 'span', ...span }));
      }`,
    );
    world = await startWorld(worker.folder);
  });
  after(async () => {
    await world.stop();
    await worker.remove();
  });

  const spans = () =>
    world.stack.lines
      .flatMap((text) => text.split('\n'))
      .filter((line) => line.includes('"event":"span"'))
      .map((line) => JSON.parse(line));
  const within = (traceId, count) =>
    until(() => {
      const found = spans().filter((span) => span.traceId === traceId);
      return found.length >= count && found;
    }, `${count} spans`);

  test('a call of a session: the request, and below it the request to the server, whose context the server gets', async () => {
    const [header, meta] = await world.call('old', 'a', { headers: context });
    const found = await within(TRACE, 2);
    const request = found.find(({ kind }) => kind === 'server');
    const upstream = found.find(({ kind }) => kind === 'client');
    assert.deepEqual([request.parentSpanId, request.traceState], [PARENT, 'vendor=1']);
    assert.equal(upstream.parentSpanId, request.spanId);
    assert.equal(header.traceparent, `00-${TRACE}-${upstream.spanId}-01`);
    assert.deepEqual(header, { ...context, traceparent: header.traceparent });
    assert.deepEqual(meta, header);
    assert.equal(upstream.name, 'tools/call');
    assert.equal(upstream.attributes['mcp_tether.server'], 'old');
    assert.equal(upstream.attributes['mcp_tether.outcome'], 'ok');
    assert.equal(upstream.status, 'unset');
    assert.ok(request.startTime <= upstream.startTime && upstream.endTime <= request.endTime);
  });

  test('the context in _meta is the parent, too, in both eras', async () => {
    for (const [era, trace] of [
      ['old', `a${TRACE.slice(1)}`],
      ['modern', `b${TRACE.slice(1)}`],
    ]) {
      const [header, meta] = await world.call(era, trace, { meta: { traceparent: `00-${trace}-${PARENT}-01` } });
      const found = await within(trace, era === 'old' ? 2 : 1);
      const request = found.find(({ kind }) => kind === 'server');
      assert.equal(request.parentSpanId, PARENT);
      assert.ok(header.traceparent.startsWith(`00-${trace}-`));
      assert.equal(meta.traceparent, header.traceparent);
      assert.ok(found.some(({ spanId }) => header.traceparent.includes(spanId)));
    }
  });

  test('a trace begins at the gateway where the client has none; one that is not recorded stays so', async () => {
    const [header] = await world.call('old', 'begins', {});
    const [, trace, , flags] = header.traceparent.split('-');
    assert.equal(flags, '01');
    const found = await within(trace, 2);
    assert.equal(found.find(({ kind }) => kind === 'server').parentSpanId, undefined);
    const quiet = `c${TRACE.slice(1)}`;
    const [unrecorded] = await world.call('old', 'quiet', { headers: { traceparent: `00-${quiet}-${PARENT}-00` } });
    assert.ok(unrecorded.traceparent.startsWith(`00-${quiet}-`) && unrecorded.traceparent.endsWith('-00'));
    assert.notEqual(unrecorded.traceparent.split('-')[2], PARENT);
    await world.call('old', 'after', {});
    assert.equal(spans().filter(({ traceId }) => traceId === quiet).length, 0);
  });

  test('a recovery is a span of the call that waits for it', async () => {
    await world.server.forgetSessions();
    const trace = `d${TRACE.slice(1)}`;
    await world.call('old', 'lost', { headers: { traceparent: `00-${trace}-${PARENT}-01` } });
    const found = await within(trace, 3);
    const recovery = found.find(({ name }) => name === 'session recovery');
    const upstream = found.find(({ kind }) => kind === 'client');
    assert.equal(recovery.parentSpanId, upstream.spanId);
    assert.equal(recovery.attributes['mcp_tether.reason'], 'session_terminated');
    assert.equal(upstream.attributes['mcp_tether.recovered'], true);
  });

  test('no span has a token, a user, params or results', () => {
    const text = JSON.stringify(spans());
    for (const secret of ['token-of', adminToken, 'bearer:', '"ada"', '"echo"'])
      assert.ok(!text.includes(secret), secret);
  });
});

describe('spans in a collector', { timeout: 180_000 }, () => {
  let collector;
  let worker;
  let stack;
  const received = [];
  before(async () => {
    collector = await listen(async (request, response) => {
      received.push({ headers: request.headers, body: parseJson(await readText(request)) });
      response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
    });
    const options = { url: `${collector.origin}/v1/traces`, headers: { 'x-api-key': 'key' }, service: 'mcp' };
    worker = await buildTracedWorker(`otlp(${JSON.stringify(options)})`);
    stack = await startStack({ folder: worker.folder });
  });
  after(async () => {
    await stack?.stop();
    await collector.close();
    await worker.remove();
  });

  test('spans of several requests arrive together, in the JSON form of OTLP', async () => {
    const ada = sender(stack.url);
    const session = await ada.open();
    const headers = { traceparent, tracestate: 'vendor=1' };
    await Promise.all(
      Array.from({ length: 5 }, async (_, id) =>
        (await ada.call(session, 'echo', { text: 'x' }, { id, headers })).text(),
      ),
    );
    const spansOf = ({ body }) => body.resourceSpans[0].scopeSpans[0].spans;
    const spans = await until(() => {
      const found = received.flatMap(spansOf).filter(({ traceId }) => traceId === TRACE);
      return found.length === 10 && found;
    }, 'ten spans');
    assert.ok(received.length < 10);
    for (const { headers: sent, body } of received) {
      assert.deepEqual([sent['x-api-key'], sent['content-type']], ['key', 'application/json']);
      const service = { key: 'service.name', value: { stringValue: 'mcp' } };
      assert.deepEqual(body.resourceSpans[0].resource, { attributes: [service] });
    }
    for (const { kind, spanId, parentSpanId, startTimeUnixNano, endTimeUnixNano, attributes, traceState } of spans) {
      assert.match(spanId, /^[0-9a-f]{16}$/);
      assert.ok(/^\d{19}$/.test(startTimeUnixNano) && BigInt(endTimeUnixNano) >= BigInt(startTimeUnixNano));
      assert.equal(traceState, 'vendor=1');
      const parent = spans.find((other) => other.spanId === parentSpanId);
      assert.deepEqual(kind === 2 ? parentSpanId : parent.kind, kind === 2 ? PARENT : 2);
      const status = attributes.find(({ key }) => key === 'http.response.status_code');
      assert.deepEqual(status?.value, kind === 2 ? { intValue: '200' } : undefined);
    }
  });
});
