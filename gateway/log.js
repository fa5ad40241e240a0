// JSON log lines for the platform's log. Callers must not pass tokens, headers or complete session ids.
// @ts-check

import { gatewayWords } from './words.js';

/** @param {'log' | 'info' | 'warn' | 'error'} level @param {string} event @param {Record<string, unknown>} [fields] */
export function log(level, event, fields = {}) {
  console[level](JSON.stringify({ level, event, ...fields }));
}

/** What an error says: @param {unknown} error */
export function wordsOf(error) {
  return gatewayWords(error instanceof Error ? error.message : String(error));
}
