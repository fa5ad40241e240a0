// Spans for OpenTelemetry, by a hook: without one, none is made.
// @ts-check

import { log, wordsOf } from '../log.js';
import { parseTraceparent } from './trace-context.js';

/** @import { Env } from '../types.js' */
/** @import { TraceContext } from './trace-context.js' */

/**
 * A span that has ended. Times are in milliseconds since the Unix epoch.
 * @typedef {object} SpanRecord
 * @property {string} name
 * @property {'server' | 'client' | 'internal'} kind
 * @property {string} traceId 32 hexadecimal digits
 * @property {string} spanId 16 hexadecimal digits
 * @property {string} [parentSpanId]
 * @property {string} [traceState]
 * @property {number} startTime
 * @property {number} endTime
 * @property {Record<string, string | number | boolean>} attributes
 * @property {'unset' | 'error'} status
 */
/** @typedef {{ waitUntil(promise: Promise<unknown>): void }} Waiting a request or an object, which lives until the promise is settled */
/** @typedef {(span: SpanRecord, context: { env: Env, waitUntil(promise: Promise<unknown>): void }) => unknown} OnSpan */

/** @type {OnSpan | undefined} */
let hook;
let hasFailed = false;

/**
 * Calls `onSpan` with each span that has ended, in requests and in objects. To be called while the Worker's module is loaded. Returns the handler.
 * @template Handler
 * @param {Handler} handler the gateway's
 * @param {OnSpan} onSpan
 * @returns {Handler}
 */
export function withTelemetry(handler, onSpan) {
  hook = onSpan;
  return handler;
}

/** Whether there is a hook. */
export function isTracing() {
  return hook !== undefined;
}

export class Span {
  #parent;
  #startTime;
  #traceId;
  #spanId = randomHex(8);
  #isSampled;

  /** @param {TraceContext | undefined} [parent] without one, the span begins a trace @param {number} [startTime] */
  constructor(parent, startTime = Date.now()) {
    this.#parent = parent;
    this.#startTime = startTime;
    const known = parseTraceparent(parent?.traceparent);
    this.#traceId = known?.traceId ?? randomHex(16);
    this.#isSampled = known === undefined || (known.flags & 1) === 1;
  }

  /** For what is called within the span. @returns {TraceContext} */
  get context() {
    return { ...this.#parent, traceparent: `00-${this.#traceId}-${this.#spanId}-${this.#isSampled ? '01' : '00'}` };
  }

  get traceId() {
    return this.#traceId;
  }

  /**
   * The span has ended. The hook gets it, unless the caller has decided that the trace is not recorded.
   * @param {Pick<SpanRecord, 'name' | 'kind' | 'attributes' | 'status'>} about
   * @param {Env} env
   * @param {Waiting} waiting
   */
  end(about, env, waiting) {
    if (!hook || !this.#isSampled) return;
    /** @type {SpanRecord} */
    const span = {
      ...about,
      traceId: this.#traceId,
      spanId: this.#spanId,
      startTime: this.#startTime,
      endTime: Date.now(),
    };
    const known = parseTraceparent(this.#parent?.traceparent);
    if (known) span.parentSpanId = known.spanId;
    if (this.#parent?.tracestate) span.traceState = this.#parent.tracestate;
    try {
      const sent = hook(span, { env, waitUntil: (promise) => waiting.waitUntil(promise) });
      if (sent instanceof Promise) waiting.waitUntil(sent.catch(noteFailure));
    } catch (error) {
      noteFailure(error);
    }
  }
}

// One line an isolate: the hook is called with each request.
/** @param {unknown} error */
function noteFailure(error) {
  if (!hasFailed) log('error', 'spanHook', { problem: wordsOf(error) });
  hasFailed = true;
}

/** @param {number} bytes */
function randomHex(bytes) {
  let hex = '';
  for (const byte of crypto.getRandomValues(new Uint8Array(bytes))) hex += byte.toString(16).padStart(2, '0');
  return hex;
}
