// What is in the response of a 2026-07-28 server.
// @ts-check

import { LARGEST_ERROR, textWithin } from './bounded.js';
import { isEventStream, lastData } from './event-stream.js';
import { parse, RawJson } from './raw-json.js';

/** @import { Rpc } from './types.js' */

/** @param {Response} response */
export function isStream(response) {
  return isEventStream(response.headers.get('content-type'));
}

// Not the redirects: those are no errors of a handler.
/** @param {Response} response */
export function isError({ status }) {
  return status < 200 || status >= 400;
}

/** The text of the message in a complete body: @param {Response} response @param {string} text */
export function messageIn(response, text) {
  return isStream(response) ? lastData(text) : text;
}

// The text of an error; undefined if it is too large, or breaks off.
/** @param {Response} response */
export async function errorIn(response) {
  const text = await textWithin(response.body, LARGEST_ERROR).catch(() => undefined);
  return text === undefined ? undefined : messageIn(response, text);
}

/** The text of an answer, with the id of its request: @param {string} text @param {unknown} id */
export function identified(text, id) {
  const message = parse(text);
  return message instanceof RawJson ? message.set('id', id).text : text;
}

/** @param {Rpc | undefined} message @returns {message is Rpc} */
export function isAnswer(message) {
  return message?.jsonrpc === '2.0' && (message.result !== undefined || typeof message.error === 'object');
}

/** @param {string | undefined} text */
export function codeOf(text = '') {
  return parsed(text)?.error?.code ?? 0;
}

// The result of a response, as it was written.
/** @param {string} text */
export function resultIn(text) {
  try {
    const message = parse(text);
    const result = message instanceof RawJson ? message.get('result') : undefined;
    return result instanceof RawJson ? result : undefined;
  } catch {
    return undefined;
  }
}

/** @param {string} text @returns {Rpc | undefined} */
export function parsed(text) {
  try {
    return JSON.parse(text) ?? undefined;
  } catch {
    return undefined;
  }
}
