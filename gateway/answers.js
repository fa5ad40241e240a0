// Responses as plain objects, `{ status, headers, body }`, because Durable Objects pass them to the entry. A text body is JSON unless the headers say
// otherwise.
// @ts-check

import { Memo } from './memo.js';
import { plain, RawJson, write } from './raw-json.js';

/** @import { Gateway } from 'gateway-module' */
/** @import { Answer, AnswerHeaders, ObjectAnswer } from './types.js' */

/** Headers of every response. */
export const always = { 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' };
export const jsonHeaders = { 'content-type': 'application/json' };
/** Headers of event streams. */
export const streamHeaders = {
  'content-type': 'text/event-stream',
  'cache-control': 'no-cache, no-transform',
  'x-accel-buffering': 'no',
};
/** @type {Memo<Headers>} */
const usual = new Memo(); // common Headers, by what they depend on

/**
 * The response to a refused request: a JSON-RPC error, with the id of the request if known.
 * @param {{ status: number, code: number, message: string }} refusal
 * @param {{ headers?: AnswerHeaders, id?: unknown, data?: unknown }} [details]
 * @returns {Answer}
 */
export function refused({ status, code, message }, { headers, id = null, data } = {}) {
  return json(
    { jsonrpc: '2.0', error: data === undefined ? { code, message } : { code, message, data }, id },
    { status, headers },
  );
}

/**
 * A JSON response.
 * @param {unknown} value
 * @param {{ status?: number, headers?: AnswerHeaders }} [head]
 * @returns {Answer}
 */
export function json(value, { status = 200, headers } = {}) {
  return { status, headers, body: write(value) ?? '' };
}

/**
 * A response without a body.
 * @param {number} status
 * @param {AnswerHeaders} [headers]
 * @returns {Answer}
 */
export function bodiless(status, headers) {
  return { status, headers, body: null };
}

/**
 * The id of a request, as it was written; null for anything else.
 * @param {unknown} message parsed by raw-json.js
 */
export function idOf(message) {
  const isRequest =
    message instanceof RawJson && message.isObject && ['string', 'number'].includes(typeof plain(message.get('id')));
  return isRequest ? message.get('id') : null;
}

/**
 * Builds the Response for a page of this origin, or for a client that is not a page. Without CORS headers a page cannot even read the status.
 * @param {string | undefined} origin
 * @param {Answer} answer
 * @param {Gateway} gateway
 */
export function responseTo(origin, { status, headers, body }, gateway) {
  const isStream = headers === streamHeaders;
  const own = isStream ? streamHeaders : (typeof body === 'string' && jsonHeaders) || {};
  const response = new Response(body, { status, headers: usualHeaders(gateway, origin, own) });
  if (isStream) return response;
  for (const name in headers) {
    const value = headers[name];
    if (value !== undefined) response.headers.set(name, value);
  }
  return response;
}

/** @param {Gateway} gateway @param {string | undefined} origin @param {Record<string, string>} own of responses with such a body */
function usualHeaders(gateway, origin, own) {
  const key = JSON.stringify([own['content-type'], origin]);
  return (
    usual.get(key) ??
    usual.set(key, new Headers([...Object.entries({ ...always, ...own }), ...gateway.corsHeaders(origin)]))
  );
}

/** For `Retry-After`: @param {number} millis */
export function seconds(millis) {
  return String(Math.ceil(millis / 1_000));
}

/**
 * The text of a response that consists of nothing else, as nearly all do: JSON, or a finished event stream. It is cheaper to pass to the entry.
 * @param {Answer} answer
 */
export function onlyText({ status, headers, body }) {
  return status === 200 && (!headers || headers === streamHeaders) && typeof body === 'string' ? body : undefined;
}

/** The response with this text: @param {string} body @returns {ObjectAnswer} */
export function ofText(body) {
  // No field of an event begins like JSON.
  return { status: 200, headers: /^[{[]/.test(body) ? undefined : streamHeaders, body };
}
