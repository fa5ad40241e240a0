// What the hook `otlp` sends is what OpenTelemetry's own SDK for JavaScript sends for the same spans.
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { otlp } from '../../gateway/observe/otlp.js';
import { listen } from '../js/servers/shared/listen.mjs';
import { readText } from '../js/servers/shared/messages.mjs';

const programs = createRequire(fileURLToPath(new URL('../../.tools/programs/package.json', import.meta.url)));
const { JsonTraceSerializer } = programs('@opentelemetry/otlp-transformer');
const { TracerProvider } = programs('@opentelemetry/sdk-trace');
const { createTraceState, ROOT_CONTEXT, SpanKind, SpanStatusCode, trace } = programs('@opentelemetry/api');

const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
const attributes = {
  'http.request.method': 'POST',
  'http.response.status_code': 200,
  'mcp_tether.recovered': true,
  'mcp_tether.server': 'notes “of” ada 語',
};
const startTime = 1_790_000_000_123;
const spans = [
  { kind: 'server', spanId: '00f067aa0ba902b7', status: 'unset' },
  {
    kind: 'client',
    spanId: '53995c3f42cd8ad8',
    status: 'error',
    parentSpanId: '00f067aa0ba902b7',
    traceState: 'a=1,b=2',
  },
  { kind: 'internal', spanId: 'e457b5a2e4d86bd1', status: 'unset', parentSpanId: '53995c3f42cd8ad8' },
].map((span) => ({ name: 'tools/call', traceId, startTime, endTime: startTime + 1_042, attributes, ...span }));

test('a collector gets the same from the hook and from the SDK', async (t) => {
  let resolve;
  const got = new Promise((settle) => (resolve = settle));
  const collector = await listen(async (request, response) => {
    resolve({ type: request.headers['content-type'], body: JSON.parse(await readText(request)) });
    response.writeHead(200, { 'Content-Type': 'application/json' }).end('{}');
  });
  t.after(() => collector.close());
  const send = otlp({ url: collector.origin });
  await Promise.all(spans.map((span) => send(span)));
  const { type, body } = await got;
  assert.equal(type, 'application/json');
  const reference = JSON.parse(new TextDecoder().decode(JsonTraceSerializer.serializeRequest(spans.map(ofSdk))));
  const [ours] = body.resourceSpans;
  const [theirs] = reference.resourceSpans;
  assert.deepEqual(Object.keys(body), Object.keys(reference));
  assert.deepEqual(ours.scopeSpans[0].scope, theirs.scopeSpans[0].scope);
  const service = ({ resource }) => resource.attributes.find(({ key }) => key === 'service.name').value;
  assert.deepEqual(Object.keys(service(ours)), Object.keys(service(theirs)));
  // What the SDK adds are counts of nothing, and flags.
  const optional = /^(links|events|dropped\w+|flags)$/;
  const made = reference.resourceSpans.flatMap(({ scopeSpans }) => scopeSpans).flatMap((one) => one.spans);
  assert.equal(ours.scopeSpans[0].spans.length, spans.length);
  for (const [at, span] of ours.scopeSpans[0].spans.entries()) {
    const wanted = Object.entries(made[at]).filter(([name]) => !optional.test(name));
    const { status, ...rest } = span;
    const { status: expected, ...others } = Object.fromEntries(wanted);
    assert.deepEqual(normal(rest), normal(others));
    assert.equal(status.code ?? 0, expected.code ?? 0);
  }
});

/** The same span, made by the SDK. */
function ofSdk({ name, kind, spanId, parentSpanId, traceState, status, attributes: own, endTime }) {
  let ended;
  const done = () => Promise.resolve();
  const processor = { onStart() {}, onEnd: (span) => (ended = span), forceFlush: done, shutdown: done };
  const provider = new TracerProvider({
    idGenerator: { generateTraceId: () => traceId, generateSpanId: () => spanId },
    spanProcessors: [processor],
  });
  const parent = parentSpanId && {
    traceId,
    spanId: parentSpanId,
    traceFlags: 1,
    isRemote: true,
    traceState: traceState && createTraceState(traceState),
  };
  const context = parent ? trace.setSpanContext(ROOT_CONTEXT, parent) : ROOT_CONTEXT;
  const tracer = provider.getTracer('mcp-tether-gateway');
  const span = tracer.startSpan(name, { kind: SpanKind[kind.toUpperCase()], startTime, attributes: own }, context);
  if (status === 'error') span.setStatus({ code: SpanStatusCode.ERROR });
  span.end(endTime);
  return ended;
}

/** Integers may be text or numbers (the JSON form of protocol buffers), and attributes in any order. */
function normal({ attributes: list, ...span }) {
  const values = list.map(({ key, value }) => [
    key,
    value.intValue === undefined ? value : { intValue: Number(value.intValue) },
  ]);
  return { ...span, attributes: Object.fromEntries(values) };
}
