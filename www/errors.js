// Errors as sentences: the meaning, then the message, the code and the evidence.
// @ts-check

import { capital } from './format.js';

/** @import { McpError } from 'mcp-tether' */

/** @type {Record<string, string>} */
const meanings = {
  session_terminated: 'The server lost the session, and opening a new one failed.',
  session_expired: 'The session was unused for too long and expired.',
  session_invalid: 'The server rejected the session.',
  session_conflict: 'The server reports that the stream of the session is already open.',
  session_timeout: 'The server did not respond in time.',
  outcome_unknown:
    'The connection broke before the response arrived. The tool may have run, so the call was not retried.',
  request_timeout: 'The server did not respond in time.',
  cancelled: 'The call was cancelled.',
  rpc_error: 'The server answered with a JSON-RPC error.',
  protocol_error: 'The response of the server is not valid MCP.',
  http_error: 'The server answered with an HTTP error.',
  network_error: 'The server is unreachable.',
  cors_blocked: 'The browser hid the response from this page: a CORS header is missing.',
  unauthorized: 'The server requires authentication.',
  forbidden: 'The server denies access.',
  unsupported_version: 'Client and server do not share a protocol version.',
  circuit_open: 'Too many failures in a row: the circuit breaker pauses all requests.',
  limit_exceeded: 'A limit was exceeded.',
  config_error: 'The configuration is invalid.',
  closed: 'The session is closed.',
};

/** A fault of which nothing can be told, and why: that is the whole message. */
export class Untold extends Error {}

/**
 * Paragraphs for an error: the meaning, the library's message, the code with its evidence.
 * @param {unknown} thrown
 */
export function explain(thrown) {
  if (thrown instanceof Untold) return [paragraph(thrown.message)];
  const error = /** @type {Partial<McpError> | undefined} */ (thrown);
  const code = error?.code;
  const lines = [
    (code && meanings[code]) ?? 'An unexpected error occurred.',
    asSentence(String(error?.message ?? thrown)),
  ];
  const paragraphs = [...new Set(lines.filter(Boolean))].map((text, i) => paragraph(text, i > 0));
  if (code || error?.evidence) {
    const last = paragraph('', true);
    if (code) {
      const name = document.createElement('code');
      name.textContent = code;
      last.append(name);
    }
    if (error?.evidence) last.append(`${code ? ', ' : ''}evidence: ${error.evidence}`);
    paragraphs.push(last);
  }
  return paragraphs;
}

/** @param {string} text */
function asSentence(text) {
  return text && capital(/[.!?…]$/.test(text) ? text : `${text}.`);
}

/** @param {string} text @param {boolean} [small] */
export function paragraph(text, small = false) {
  const element = document.createElement('p');
  if (small) element.className = 'small';
  element.textContent = text;
  return element;
}
