// Errors of 2026-07-28 in place of responses that have no JSON-RPC message: pages of proxies, bodies that break off. Like those of sessions they say whether
// the request may have run.
// @ts-check

import { refused } from './answers.js';
import { OUR_ERROR } from './pending.js';
import { isRead } from './reads.js';

/** @import { Answer, AnswerHeaders } from './types.js' */

const SERVER_ERROR = -32000;
const LONGEST_WORDS = 1_000; // characters
// Answered before the request was processed.
const UNREAD = new Set([421, 425, 429]);

/**
 * @param {{ method?: string | undefined, id?: unknown }} request clients take an error with its id for the handler's response, and one without it for a proxy's
 * @param {object} response
 * @param {number} response.status 0 if there is none
 * @param {AnswerHeaders} [response.headers] those that the client gets
 * @param {number} [response.as] the status of the error
 * @param {string} [response.said] its body
 * @param {string} [response.words] what happened
 * @returns {Answer}
 */
export function noAnswer({ method = '', id }, { status, headers, as = status, said, words = wordsOf(status, said) }) {
  const { note, ...outcome } = outcomeOf(method, status, headers?.['retry-after'] !== undefined);
  return refused(
    { status: as, code: outcome.code === 'outcome_unknown' ? OUR_ERROR : SERVER_ERROR, message: `${words}${note}` },
    {
      id,
      headers: { ...headers, 'content-type': 'application/json' },
      data: status === 0 ? outcome : { ...outcome, status },
    },
  );
}

/** @param {number} status @param {string} [said] */
function wordsOf(status, said) {
  const answered = `The server answered with HTTP status ${status} and no JSON-RPC message`;
  return said ? `${answered}: ${said.slice(0, LONGEST_WORDS)}` : answered;
}

/** @param {string} method @param {number} status @param {boolean} isTimed whether it says when to try again */
function outcomeOf(method, status, isTimed) {
  if (UNREAD.has(status) || (status === 503 && isTimed))
    return { code: 'http_error', retryable: true, note: '; the request has not run' };
  if (status >= 300 && status < 500) return { code: 'http_error', retryable: false, note: '' };
  if (isRead(method)) return { code: status === 0 ? 'network_error' : 'http_error', retryable: true, note: '' };
  return { code: 'outcome_unknown', retryable: false, note: '; the request may have run' };
}
