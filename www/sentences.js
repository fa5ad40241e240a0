// The sentences of an episode: one function for each thing that can be said, of plain values alone.
// @ts-check

import { capital, count, duration } from './format.js';

/** @import { SessionEventDetail } from 'mcp-tether' */
/** @typedef {Pick<SessionEventDetail, 'code' | 'evidence'>} Seen */
/** @typedef {{ answered: number, failed: Map<string, number>, longest: number }} Tally */

/** @type {Record<string, string>} */
const inWords = {
  outcome_unknown:
    'the connection broke before the answer came, and as nobody can tell whether it was done, it was not sent twice',
  request_timeout: 'no answer came in time',
  cancelled: 'it was cancelled',
  rpc_error: 'the server understood it and refused',
  network_error: 'the server could not be reached',
  cors_blocked: 'the browser kept the answer from the page',
  circuit_open: 'nothing is sent after so many failures',
  session_terminated: 'the session was lost and could not be had again',
  closed: 'the session was closed meanwhile',
};

/** @param {string | undefined} sessionId @param {string} name of its user */
export function opened(sessionId, name) {
  return sessionId
    ? `The server has opened a session for ${name} and called it ${short(sessionId)}; every request from now on shows that id.`
    : `The server needs no session for ${name}: it answers each request by itself.`;
}

/** @param {Seen} detail @param {string | undefined} sessionId */
export function lost({ code, evidence }, sessionId) {
  const session = sessionId ? `session ${short(sessionId)}` : 'the session';
  const seen = evidence ? ` What was seen: ${evidence}.` : '';
  switch (code) {
    case 'session_terminated':
      return `${saw(evidence, 'The server')}: it has forgotten ${session}.`;
    case 'session_invalid':
      return `${saw(evidence, 'The server')}: it does not know ${session}.`;
    case 'session_conflict':
      return `The server believes that an older stream of this session is still open.${seen}`;
    case 'session_timeout':
      return `An answer did not come in time; the session is kept.${seen}`;
    case 'session_expired':
      return `The session is too old to be used.${seen}`;
    case 'network_error':
      return `The server cannot be reached.${seen}`;
    default:
      return `Something went wrong with the session: ${code}.${seen}`;
  }
}

/** @param {number} waiting calls */
export function recovering(waiting) {
  const then =
    waiting === 0
      ? 'Nobody is waiting for an answer.'
      : `${capital(count(waiting, 'call'))} ${waiting === 1 ? 'waits' : 'wait'} for it.`;
  return `One new handshake is made. ${then}`;
}

/** @param {number} waiting calls @param {string | undefined} sessionId */
export function recovered(waiting, sessionId) {
  const who = waiting === 1 ? 'the call that waited is' : `the ${count(waiting, 'call')} that waited are`;
  const rest = waiting === 0 ? '' : `, and ${who} sent again`;
  return `One new handshake was made${sessionId ? ` (the session is now ${short(sessionId)})` : ''}${rest}.`;
}

/** @param {SessionEventDetail} detail */
export function notRecovered(detail) {
  const next = detail.delayMs
    ? `the client looks again in ${duration(detail.delayMs)}, or at the next call`
    : 'the next call will try again';
  return `The attempts to get a new session are spent${because(detail)}; ${next}.`;
}

/** @param {Seen} detail @param {number} waiting calls */
export function outOfReach(detail, waiting) {
  const calls = waiting === 0 ? 'calls wait' : `${count(waiting, 'call')} ${waiting === 1 ? 'waits' : 'wait'}`;
  return `The server is out of reach${because(detail)}: the session keeps its id, one ping at a time tests the server, and ${calls}.`;
}

/** @param {SessionEventDetail} detail */
export function withinReach({ durationMs = 0, waited = 0 }) {
  const who = waited === 1 ? 'the call that waited goes' : `the ${count(waited, 'call')} that waited go`;
  const rest = waited === 0 ? '' : `; ${who} to the server now`;
  return `The server was out of reach for ${duration(durationMs)}${rest}.`;
}

/** @param {SessionEventDetail} detail */
export function streamCut({ attempt = 0, delayMs = 0 }) {
  const what = attempt > 1 ? 'still cannot be opened; the next try is' : 'was cut; it is opened again';
  return `The stream on which the server speaks unasked ${what} in ${duration(delayMs)}.`;
}

/** @param {SessionEventDetail} detail @param {number} times @param {number} waited milliseconds in all */
export function retrying({ method, evidence }, times, waited) {
  const reason = evidence ? ` (${evidence})` : '';
  // What names a method is one call's affair: its answer did not come through. The rest concerns the whole session.
  const trouble = method ? `The answer did not come through${reason}` : `The server cannot take it now${reason}`;
  return times === 1
    ? `${trouble}: the client waits ${duration(waited)} before the next try.`
    : `${trouble}: the client has waited ${count(times, 'time')}, ${duration(waited)} in all.`;
}

/** @param {string} what one of them is called @param {number} open requests under way @param {Tally} tally those that are settled */
export function progress(what, open, { answered, failed, longest }) {
  const failures = [...failed.values()].reduce((sum, n) => sum + n, 0);
  const total = open + failures + answered;
  if (open > 0) return `${capital(count(total, what))} under way${answered > 0 ? `, ${answered} answered` : ''}.`;
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
