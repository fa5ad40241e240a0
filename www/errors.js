// Errors as sentences: what went wrong in words, then the code and what was seen on the wire, never swallowed.
// @ts-check

import { capital } from './format.js';

/** @import { McpError } from 'mcp-tether' */

/** @type {Record<string, string>} */
const meanings = {
  session_terminated: 'The server has forgotten the session, and a new one could not be had.',
  session_expired: 'The session was not used for too long and has expired.',
  session_invalid: 'The server does not accept the session.',
  session_conflict: 'The server thinks the session is in use elsewhere.',
  session_timeout: 'The server did not answer in time.',
  outcome_unknown:
    'The connection broke before the answer came. The server may have done it or not, so it was not sent twice.',
  request_timeout: 'The server did not answer in time.',
  cancelled: 'The call was cancelled.',
  rpc_error: 'The server understood the call and refused it.',
  protocol_error: 'The server answered with something that is not MCP.',
  http_error: 'The server answered with an HTTP error.',
  network_error: 'The server could not be reached.',
  cors_blocked: 'The browser kept the answer from this page: a CORS header is missing.',
  unauthorized: 'The server wants to know who is asking.',
  forbidden: 'The server knows who is asking, and says no.',
  unsupported_version: 'Client and server have no protocol version in common.',
  circuit_open: 'Too much failed in a row, so nothing is sent for a moment.',
  limit_exceeded: 'A limit was reached.',
  config_error: 'The settings are wrong.',
  closed: 'The session is closed.',
};

/**
 * Paragraphs for what was thrown: the meaning, the library's own message, the code with its evidence.
 * @param {unknown} thrown
 */
export function explain(thrown) {
  const error = /** @type {Partial<McpError> | undefined} */ (thrown);
  const code = error?.code;
  const lines = [(code && meanings[code]) ?? 'Something went wrong.', asSentence(String(error?.message ?? thrown))];
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
