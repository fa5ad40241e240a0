// What is told about each request when it has ended: a log line, and the histogram of durations. docs/operation.md documents the fields.
// @ts-check

import { observe, timing } from '../counters.js';
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
export function noteRequest(ended, mode) {
  const { outcome, ms, server, method, kind, route } = ended;
  if (server !== undefined)
    observe('request_duration_seconds', { server, class: kind ?? classOf(method), outcome }, ms);
  if (isLogged(outcome, mode) && !(SERVED.has(outcome) && PROBES.has(route ?? ''))) logRequest(ended);
}

/** Whether there is a line for requests with this outcome: @param {Outcome} outcome @param {LogMode} mode */
export function isLogged(outcome, mode) {
  return mode === 'requests' || (mode === 'errors' && !SERVED.has(outcome));
}

/** The log line of a request: @param {Ended} ended */
export function logRequest({ outcome, ms, server, key, method, kind, ...rest }) {
  const name = method === undefined ? undefined : nameOf(method);
  withPseudonym(key, (user) =>
    log(levelOf(outcome), 'request', { server, user, method: name, kind, outcome, ms, ...rest }),
  );
}

/** Durations of a session's requests, and of those to its server. Nothing is worked out for them more than once. */
export class Timings {
  server;
  /** @type {Map<string, (ms: number) => void>} by the method's class and the outcome */
  #requests = new Map();
  /** @type {((ms: number) => void)[]} by the class of the status */
  #responses = [];

  /** @param {string} server */
  constructor(server) {
    this.server = server;
  }

  /** @param {string} kind the class of the method @param {Outcome} outcome @param {number} ms */
  request(kind, outcome, ms) {
    const name = `${kind} ${outcome}`;
    let note = this.#requests.get(name);
    if (!note) {
      note = timing('request_duration_seconds', { server: this.server, class: kind, outcome });
      this.#requests.set(name, note);
    }
    note(ms);
  }

  /** @param {number} status 0 if there was no response @param {number} ms */
  response(status, ms) {
    const kind = Math.floor(status / 100);
    this.#responses[kind] ??= timing('upstream_duration_seconds', { server: this.server, status: statusOf(status) });
    this.#responses[kind](ms);
  }
}

/** Counts an HTTP request to a server: @param {string} server @param {number} status 0 if there was no response @param {number} ms */
export function noteUpstream(server, status, ms) {
  observe('upstream_duration_seconds', { server, status: statusOf(status) }, ms);
}

/** @param {number} status */
function statusOf(status) {
  return status === 0 ? 'none' : `${Math.floor(status / 100)}xx`;
}
