// W3C Trace Context and Baggage of a request: from the client's headers or its `_meta` (SEP-414), to the server in both.
// @ts-check

import { objectOf, RawJson } from '../raw-json.js';

/** @import { Head } from '../types.js' */

/** @typedef {{ traceparent?: string, tracestate?: string, baggage?: string }} TraceContext with valid values only */

const NAMES = /** @type {const} */ (['traceparent', 'tracestate', 'baggage']);
// https://www.w3.org/TR/trace-context/#traceparent-header; the length of versions after 00 is not known.
const TRACEPARENT =
  /^(?!ff)([0-9a-f]{2})-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(-[\x21-\x7e]*)?$/;
// https://www.w3.org/TR/trace-context/#list
const MEMBER = /^[a-z0-9][a-z0-9_\-*/@]{0,255}=[\x20-\x2b\x2d-\x3c\x3e-\x7e]{0,255}[\x21-\x2b\x2d-\x3c\x3e-\x7e]$/;
const MOST_MEMBERS = 32;
const LONGEST = 8_192; // bytes; https://www.w3.org/TR/baggage/#limits
const PRINTABLE = /^[\x20-\x7e\t]+$/;

/** The parts of a valid `traceparent`; undefined for any other value. @param {unknown} value */
export function parseTraceparent(value) {
  const found = typeof value === 'string' && value.length <= LONGEST ? TRACEPARENT.exec(value) : null;
  if (!found || (found[1] === '00' && found[5] !== undefined)) return undefined;
  return { traceId: found[2], spanId: found[3], flags: Number.parseInt(found[4], 16) };
}

/** @param {unknown} value @returns {value is string} */
function isTracestate(value) {
  if (typeof value !== 'string' || value.length > LONGEST) return false;
  const members = value.split(',').map((member) => member.trim());
  return members.length <= MOST_MEMBERS && members.every((member) => member === '' || MEMBER.test(member));
}

/** @param {unknown} value @returns {value is string} */
function isBaggage(value) {
  return typeof value === 'string' && value.length <= LONGEST && PRINTABLE.test(value);
}

/**
 * The valid values. Without a valid `traceparent` there is no `tracestate` (W3C Trace Context §3.3.1.1); a malformed `tracestate` is dropped alone.
 * @param {Record<string, unknown>} values
 * @returns {TraceContext | undefined}
 */
function validOf({ traceparent, tracestate, baggage }) {
  /** @type {TraceContext} */
  const context = {};
  if (parseTraceparent(traceparent)) {
    context.traceparent = /** @type {string} */ (traceparent);
    if (isTracestate(tracestate)) context.tracestate = tracestate;
  }
  if (isBaggage(baggage)) context.baggage = baggage;
  return (context.traceparent ?? context.baggage) ? context : undefined;
}

/** The context in the headers of a request, as most requests have none: @param {Head} head */
export function contextOf(head) {
  return head.traceparent === undefined && head.baggage === undefined ? undefined : validOf(head);
}

/** The `_meta` of params, if it is an object: @param {unknown} params */
function metaOf(params) {
  const meta = params instanceof RawJson && params.isObject ? params.get('_meta') : undefined;
  return meta instanceof RawJson && meta.isObject ? meta : undefined;
}

/** The context in the `_meta` of params: @param {unknown} params */
export function contextIn(params) {
  const meta = metaOf(params);
  return meta && validOf(valuesOf(meta));
}

/** @param {RawJson} object */
function valuesOf(object) {
  return /** @type {Record<string, unknown>} */ (object.value);
}

/**
 * The params and the headers of a request to the server. What the client sent in one place only is added to the other, and what is malformed is removed.
 * With `instead`, the context of a span of the gateway's own, both have that.
 * @param {unknown} params
 * @param {TraceContext | undefined} given with the client's headers
 * @param {TraceContext} [instead]
 * @returns {{ params: unknown, head: Head | undefined }}
 */
export function carried(params, given, instead) {
  const meta = metaOf(params);
  const isMentioned = meta !== undefined && NAMES.some((name) => Object.hasOwn(valuesOf(meta), name));
  if (!given && !instead && !isMentioned) return { params, head: undefined };
  const own = meta && validOf(valuesOf(meta));
  const head = /** @type {Head | undefined} */ (instead ?? merged(given, own));
  return { params: withMeta(params, meta, instead ?? merged(own, given) ?? {}), head };
}

// A trace and its state belong together.
/** @param {TraceContext | undefined} first @param {TraceContext | undefined} second @returns {TraceContext | undefined} */
function merged(first, second) {
  if (!first || !second) return first ?? second;
  const { traceparent, tracestate } = first.traceparent ? first : second;
  const baggage = first.baggage ?? second.baggage;
  return { ...(traceparent && { traceparent }), ...(tracestate && { tracestate }), ...(baggage && { baggage }) };
}

/** @param {unknown} params @param {RawJson | undefined} meta @param {TraceContext} context */
function withMeta(params, meta, context) {
  const old = meta ? valuesOf(meta) : {};
  if (NAMES.every((name) => old[name] === context[name])) return params;
  if (params !== undefined && !(params instanceof RawJson && params.isObject)) return params; // refused later
  /** @type {Record<string, unknown>} */
  const members = {};
  for (const name of meta?.keys() ?? []) members[name] = meta?.token(name);
  for (const name of NAMES) members[name] = context[name] === undefined ? undefined : JSON.stringify(context[name]);
  const text = Object.entries(members)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${JSON.stringify(name)}:${value}`);
  return (params instanceof RawJson ? params.copy() : objectOf('{}')).set('_meta', objectOf(`{${text.join(',')}}`));
}
