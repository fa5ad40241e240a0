// What is told about each request when it has ended: a log line, and the histogram of durations. docs/operation.md documents the fields.
// @ts-check

import { observe } from '../counters.js';
import { log } from '../log.js';
import { classOf, levelOf, nameOf, SERVED } from './outcomes.js';
import { withPseudonym } from './pseudonym.js';

/** @import { LogMode } from '../types.js' */
/** @import { Outcome } from './outcomes.js' */

/**
 * @typedef {object} Ended
 * @property {Outcome} outcome
 * @property {number} ms
 * @property {string} [server]
 * @property {string} [replica] the place of its address in the configuration
 * @property {string} [key] of the user
 * @property {string} [session] its handle
 * @property {string} [protocol] the revision
 * @property {string} [method] of the JSON-RPC message; its class is counted
 * @property {string} [kind] the class of a request without such a method
 * @property {string} [route]
 * @property {string} [http] the HTTP method
 * @property {number} [status]
 * @property {string} [code] the error code
 * @property {boolean} [recovered] whether the session was recovered meanwhile
 * @property {string} [trace] its trace id
 */

// Asked every few seconds by programs: no line unless it fails.
const PROBES = new Set(['health', 'ready', 'metrics']);

/** @param {Ended} ended @param {LogMode} mode */
export function noteRequest({ outcome, ms, server, key, method, kind, ...rest }, mode) {
  if (server !== undefined)
    observe('request_duration_seconds', { server, class: kind ?? classOf(method), outcome }, ms);
  if (SERVED.has(outcome) && PROBES.has(rest.route ?? '')) return;
  if (mode === 'off' || (mode === 'errors' && SERVED.has(outcome))) return;
  const name = method === undefined ? undefined : nameOf(method);
  withPseudonym(key, (user) =>
    log(levelOf(outcome), 'request', { server, user, method: name, kind, outcome, ms, ...rest }),
  );
}

/** Counts an HTTP request to a server: @param {string} server @param {number} status 0 if there was no response @param {number} ms */
export function noteUpstream(server, status, ms) {
  observe('upstream_duration_seconds', { server, status: status === 0 ? 'none' : `${Math.floor(status / 100)}xx` }, ms);
}
