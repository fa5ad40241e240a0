// The closed sets in log lines, metrics and spans: what can become of a request, and the classes of methods. No value that a client or a server writes
// becomes a label or a field.
// @ts-check

import { plain } from '../raw-json.js';

/**
 * @typedef {'ok' | 'stream' | 'tool_error' | 'rpc_error' | 'cancelled' | 'server_error' | 'server_unauthorized' | 'unreachable' | 'session_lost' |
 *   'timeout' | 'outcome_unknown' | 'closed' | 'limit' | 'rate_limited' | 'unauthorized' | 'not_found' | 'refused' | 'internal'} Outcome
 */

/** Outcomes that need no attention: the request was served, or failed by the choice of the client or the tool. @type {Set<Outcome>} */
export const SERVED = new Set(['ok', 'stream', 'tool_error', 'rpc_error', 'cancelled']);

/** @type {Record<string, Outcome>} */
const byCode = {
  cancelled: 'cancelled',
  circuit_open: 'unreachable',
  closed: 'closed',
  forbidden: 'server_unauthorized',
  limit_exceeded: 'limit',
  network_error: 'unreachable',
  outcome_unknown: 'outcome_unknown',
  request_timeout: 'timeout',
  rpc_error: 'rpc_error',
  session_conflict: 'session_lost',
  session_expired: 'session_lost',
  session_invalid: 'session_lost',
  session_terminated: 'session_lost',
  session_timeout: 'session_lost',
  unauthorized: 'server_unauthorized',
};

/** The outcome of a request that failed with this code of an McpError: @param {string | undefined} code @returns {Outcome} */
export function outcomeOfCode(code = '') {
  return Object.hasOwn(byCode, code) ? byCode[code] : 'server_error';
}

/** The outcome of a request with this result: @param {unknown} result @returns {Outcome} */
export function outcomeOfResult(result) {
  return plain(result)?.isError === true ? 'tool_error' : 'ok';
}

/** @type {Record<number, Outcome>} */
const byStatus = {
  401: 'unauthorized',
  404: 'not_found',
  408: 'timeout',
  413: 'limit',
  429: 'rate_limited',
  431: 'limit',
  500: 'internal',
  502: 'unreachable',
  503: 'unreachable',
  504: 'unreachable',
};

/** The outcome of a request with a response of this status: @param {number} status @returns {Outcome} */
export function outcomeOfStatus(status) {
  const known = byStatus[status];
  if (known) return known;
  if (status < 400) return 'ok';
  return status < 500 ? 'refused' : 'server_error';
}

/** The level of a log line: @param {Outcome} outcome @returns {'info' | 'warn' | 'error'} */
export function levelOf(outcome) {
  if (outcome === 'internal') return 'error';
  return LATE.has(outcome) ? 'warn' : 'info';
}

/** @type {Set<Outcome>} */
const LATE = new Set([
  'server_error',
  'server_unauthorized',
  'unreachable',
  'session_lost',
  'timeout',
  'outcome_unknown',
]);

/** @type {Record<string, string>} */
const classes = {
  'completion/complete': 'complete',
  initialize: 'open',
  'logging/setLevel': 'set',
  ping: 'ping',
  'prompts/get': 'read',
  'prompts/list': 'list',
  'resources/list': 'list',
  'resources/read': 'read',
  'resources/subscribe': 'set',
  'resources/templates/list': 'list',
  'resources/unsubscribe': 'set',
  'server/discover': 'open',
  'subscriptions/listen': 'stream',
  'tasks/cancel': 'task',
  'tasks/get': 'task',
  'tasks/list': 'task',
  'tasks/result': 'task',
  'tasks/update': 'task',
  'tools/call': 'call',
  'tools/list': 'list',
};

/** The method as it is logged: one of the protocol, or `other`. @param {string | undefined} method */
export function nameOf(method = '') {
  return Object.hasOwn(classes, method) ? method : 'other';
}

/** The class of a method: @param {string | undefined} method */
export function classOf(method = '') {
  return Object.hasOwn(classes, method) ? classes[method] : 'other';
}
