// The `fetch` of sessions with servers: small responses come with their text, event streams of known length among them.
// @ts-check

import { wholeOf } from '../npm/whole-fetch.js';
import { repeated } from './kept-connections.js';

const TYPES = /^(application\/json|text\/event-stream) *(;|$)/i;

/**
 * @param {string} url
 * @param {RequestInit} init
 * @param {(url: string, init: RequestInit) => Promise<Response>} [send]
 */
export function sessionFetch(url, init, send = fetch) {
  return wholeOf(repeated(url, init, send), TYPES);
}
