// A hook for spans that sends them to an OpenTelemetry collector: OTLP over HTTP, as JSON. https://opentelemetry.io/docs/specs/otlp/#otlphttp
// @ts-check

/** @import { OnSpan, SpanRecord } from './telemetry.js' */

const PAUSE = 1_000; // milliseconds in which spans are collected
const ABANDONED = 5_000; // milliseconds after which the request that would send them is gone
const TIMEOUT = 10_000;
const MOST = 1_000; // spans that wait; further ones are dropped
const KINDS = { internal: 1, server: 2, client: 3 };
const ERROR = 2;

/**
 * The hook for `withTelemetry`.
 * @param {{ url: string, headers?: Record<string, string>, service?: string }} options `url`: such as `https://collector.example/v1/traces`
 * @returns {OnSpan}
 */
export function otlp({ url, headers = {}, service = 'mcp-tether-gateway' }) {
  /** @type {SpanRecord[]} */
  let waiting = [];
  let since = 0;
  const send = async () => {
    const spans = waiting.map(otlpSpan);
    waiting = [];
    if (spans.length === 0) return;
    const resource = { attributes: attributesOf({ 'service.name': service }) };
    const scopeSpans = [{ scope: { name: 'mcp-tether-gateway' }, spans }];
    const response = await fetch(url, {
      method: 'POST',
      headers: { ...headers, 'content-type': 'application/json' },
      body: JSON.stringify({ resourceSpans: [{ resource, scopeSpans }] }),
      signal: AbortSignal.timeout(TIMEOUT),
    });
    await response.body?.cancel();
    if (!response.ok) throw new Error(`the collector answered with HTTP status ${response.status}`);
  };
  return (span) => {
    const now = Date.now();
    const isFirst = waiting.length === 0 || now - since > ABANDONED;
    if (waiting.length < MOST) waiting.push(span);
    if (!isFirst) return undefined;
    since = now;
    return new Promise((resolve) => setTimeout(resolve, PAUSE)).then(send);
  };
}

/** @param {SpanRecord} span */
function otlpSpan({ traceId, spanId, parentSpanId, traceState, name, kind, startTime, endTime, attributes, status }) {
  return {
    traceId,
    spanId,
    parentSpanId,
    traceState,
    name,
    kind: KINDS[kind],
    startTimeUnixNano: `${startTime}000000`,
    endTimeUnixNano: `${endTime}000000`,
    attributes: attributesOf(attributes),
    status: status === 'error' ? { code: ERROR } : {},
  };
}

/** @param {SpanRecord['attributes']} attributes */
function attributesOf(attributes) {
  return Object.entries(attributes).map(([key, value]) => ({ key, value: otlpValue(value) }));
}

// Integers are text in the JSON form of protocol buffers.
/** @param {string | number | boolean} value */
function otlpValue(value) {
  if (typeof value === 'string') return { stringValue: value };
  return typeof value === 'number' ? { intValue: String(value) } : { boolValue: value };
}
