// The sentences of an episode: pure functions of plain values.
// @ts-check

import { capital, count, duration } from './format.js';

/** @import { SessionEventDetail } from 'mcp-tether' */
/** @typedef {Pick<SessionEventDetail, 'code' | 'evidence'>} Seen */
/** @typedef {{ answered: number, failed: Map<string, number>, longest: number }} Tally */

/** @type {Record<string, string>} */
const inWords = {
  outcome_unknown:
    'the connection broke before the response arrived; the tool may have run, so the call was not retried',
  request_timeout: 'the server did not respond in time',
  cancelled: 'it was cancelled',
  rpc_error: 'the server answered with an error',
  network_error: 'the server is unreachable',
  cors_blocked: 'the browser hid the response from the page',
  circuit_open: 'the circuit breaker pauses requests after too many failures',
  session_terminated: 'the session was lost, and opening a new one failed',
  closed: 'the session was closed meanwhile',
};

/** @param {string | undefined} sessionId @param {string} name of its user */
export function opened(sessionId, name) {
  return sessionId
    ? `The server opened session ${short(sessionId)} for ${name}; every request now carries this id.`
    : `The server keeps no session for ${name}: each request is independent.`;
}

/** @param {Seen} detail @param {string | undefined} sessionId */
export function lost({ code, evidence }, sessionId) {
  const session = sessionId ? `session ${short(sessionId)}` : 'the session';
  const seen = evidence ? ` Evidence: ${evidence}.` : '';
  switch (code) {
    case 'session_terminated':
      return `${saw(evidence, 'The server')}: it lost ${session}.`;
    case 'session_invalid':
      return `${saw(evidence, 'The server')}: it does not recognise ${session}.`;
    case 'session_conflict':
      return `The server still considers an older stream of this session open.${seen}`;
    case 'session_timeout':
      return `A response did not arrive in time; the session is kept.${seen}`;
    case 'session_expired':
      return `The session has expired.${seen}`;
    case 'network_error':
      return `The server is unreachable.${seen}`;
    default:
      return `The session failed: ${code}.${seen}`;
  }
}

/** @param {number} waiting calls */
export function recovering(waiting) {
  const then =
    waiting === 0
      ? 'No calls are waiting.'
      : `${capital(count(waiting, 'call'))} ${waiting === 1 ? 'waits' : 'wait'} for it.`;
  return `One new handshake is in progress. ${then}`;
}

/** @param {number} waiting calls @param {string | undefined} sessionId */
export function recovered(waiting, sessionId) {
  const who = waiting === 1 ? 'the waiting call is' : `the ${count(waiting, 'waiting call')} are`;
  const rest = waiting === 0 ? '' : `, and ${who} sent again`;
  return `One new handshake was made${sessionId ? ` (the session is now ${short(sessionId)})` : ''}${rest}.`;
}

/** @param {SessionEventDetail} detail */
export function notRecovered(detail) {
  const next = detail.delayMs
    ? `the client tries again in ${duration(detail.delayMs)}, or at the next call`
    : 'the next call will try again';
  return `All attempts to open a new session failed${because(detail)}; ${next}.`;
}

/** @param {Seen} detail @param {number} waiting calls */
export function outOfReach(detail, waiting) {
  const calls = waiting === 0 ? 'calls wait' : `${count(waiting, 'call')} ${waiting === 1 ? 'waits' : 'wait'}`;
  return `The server is unreachable${because(detail)}: the session keeps its id, one ping at a time tests the server, and ${calls}.`;
}

/** @param {SessionEventDetail} detail */
export function withinReach({ durationMs = 0, waited = 0 }) {
  const who = waited === 1 ? 'the waiting call is' : `the ${count(waited, 'waiting call')} are`;
  const rest = waited === 0 ? '' : `; ${who} sent now`;
  return `The server was unreachable for ${duration(durationMs)}${rest}.`;
}

/** @param {SessionEventDetail} detail */
export function streamCut({ attempt = 0, delayMs = 0 }) {
  const what = attempt > 1 ? 'still cannot be opened; the next attempt is' : 'was cut; it is opened again';
  return `The GET stream ${what} in ${duration(delayMs)}.`;
}

/** @param {SessionEventDetail} detail @param {number} times @param {number} waited milliseconds in all */
export function retrying({ method, evidence }, times, waited) {
  const reason = evidence ? ` (${evidence})` : '';
  // A retry with a method concerns one call: nothing came, or a proxy answered in place of the server. Others concern the session.
  const trouble = method ? `The call got no result${reason}` : `The server refuses requests for now${reason}`;
  return times === 1
    ? `${trouble}: the client waits ${duration(waited)} before the next attempt.`
    : `${trouble}: the client has waited ${count(times, 'time')}, ${duration(waited)} in all.`;
}

/** @param {string} what the noun for one request @param {number} open pending requests @param {Tally} tally settled requests */
export function progress(what, open, { answered, failed, longest }) {
  const failures = [...failed.values()].reduce((sum, n) => sum + n, 0);
  const total = open + failures + answered;
  if (open > 0) return `${capital(count(total, what))} pending${answered > 0 ? `, ${answered} answered` : ''}.`;
  const took = total === 1 ? ` after ${duration(longest)}` : `, the slowest after ${duration(longest)}`;
  if (failures === 0)
    return total === 1 ? `The ${what} was answered${took}.` : `All ${count(total, what)} were answered${took}.`;
  const reasons = [...failed].map(([code, n]) => `${total === 1 ? '' : `${n} × `}${inWords[code] ?? code}`).join('; ');
  return total === 1
    ? `The ${what} failed${took}: ${reasons}.`
    : `${capital(count(answered, 'answer'))}, ${count(failures, 'failure')} (${reasons})${took}.`;
}

/** @param {string} id */
function short(id) {
  return id.replace(/\.+$/, '').slice(0, 8);
}

/** @param {Seen} detail */
function because({ code, evidence }) {
  const reason = evidence || code;
  return reason ? ` (${reason})` : '';
}

/** @param {string | undefined} evidence @param {string} who */
function saw(evidence, who) {
  const status = /\b([45]\d\d)\b/.exec(evidence ?? '')?.[1];
  const words = /"[^"]+"/.exec(evidence ?? '')?.[0];
  if (status) return `${who} answered ${status}${words ? `, ${words}` : ''}`;
  return evidence ? `${who} answered "${evidence}"` : `${who} refused the request`;
}
