// The response to an `initialize` that the server refused, or that did not reach it.
// @ts-check
import { json, refused, seconds } from './answers.js';

/** @import { Gateway } from 'gateway-module' */
/** @import { Answer, Opening } from './types.js' */

// Refusals by error code of the McpError.
/** @type {Record<string, string>} */
const refusals = {
  network_error: 'unreachable',
  request_timeout: 'unreachable',
  http_error: 'unreachable',
  unauthorized: 'unreachable',
  forbidden: 'unreachable',
  circuit_open: 'unavailable',
};

/**
 * Errors of the server are passed to the client; if there is no server, the status says so.
 * @param {Opening} opening
 * @param {unknown} id
 * @param {Gateway} gateway
 * @returns {Answer}
 */
export function unopened({ error = { code: -32603, message: 'Internal error' }, cause }, id, gateway) {
  const name = cause && refusals[cause.code];
  if (!name) return json({ jsonrpc: '2.0', error, id });
  const wait = cause.retryAfterMs;
  const { status } = gateway.refusal(name);
  return refused(
    { status, code: error.code, message: error.message },
    { id, data: error.data, headers: wait ? { 'retry-after': seconds(wait) } : undefined },
  );
}
