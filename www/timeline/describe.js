// Describes a timeline item: for its detail line, its accessible name and the text list.
// @ts-check

import { capital, clock, count, duration } from '../format.js';

/** @import { TimelineItem } from '../types.js' */
/** @typedef {{ title: string, facts: (string | undefined)[] }} Description */

/** @type {Record<string, string>} */
const markTitles = {
  sessionError: 'Session error',
  sessionExpired: 'Session expired: idle timeout or maximum age',
  sessionTerminated: 'Session terminated',
  sessionReused: 'Live session reused',
  recoveryFailed: 'Recovery failed',
  toolsChanged: 'The list of tools changed',
  breakerOpened: 'Circuit breaker opened: requests are paused',
  breakerClosed: 'Circuit breaker closed: requests are sent again',
  outageStarted: 'Outage: the server is unreachable',
  outageEnded: 'The outage ended',
};

/** @type {Record<TimelineItem['type'], (item: TimelineItem) => Description>} */
const describers = { request, state, wait, stream, generation, mark };

/**
 * A short title and the facts, in order.
 * @param {TimelineItem} item
 * @returns {{ title: string, facts: string[] }}
 */
export function describe(item) {
  const { title, facts } = describers[item.type](item);
  const all = [
    ...facts,
    item.type !== 'generation' && item.generation > 0 ? `generation ${item.generation}` : undefined,
    item.evidence,
  ];
  return { title, facts: all.filter((fact) => fact !== undefined).filter(Boolean) };
}

/** @param {TimelineItem} item */
function request(item) {
  const { method = 'request', requestId, attempt = 0, durationMs = 0, start, end = start } = item;
  return {
    title: `${method}${requestId === undefined ? '' : ` #${requestId}`}`,
    facts: [
      item.end === undefined ? 'pending' : outcomeWords(item),
      tookOf(item),
      item.end !== undefined && durationMs > end - start + 5
        ? `${duration(durationMs)} since the first attempt`
        : undefined,
      attempt > 1 ? `try ${attempt}` : undefined,
    ],
  };
}

/** @param {TimelineItem} item */
function state(item) {
  const took = tookOf(item);
  return {
    title: capital(item.state ?? ''),
    facts: [item.from && `before: ${item.from}`, took === undefined ? 'now' : `for ${took}`],
  };
}

/** @param {TimelineItem} item */
function wait({ delayMs = 0, start, end = start, attempt = 0, stream, method, refusals = 1, code }) {
  return {
    title: `Waiting ${duration(delayMs)}`,
    facts: [
      `next attempt at ${clock(end)}`,
      attempt > 0 ? `after attempt ${attempt}` : undefined,
      stream ? 'until the stream is reopened' : method,
      refusals > 1 ? `requested ${refusals} times` : undefined,
      code,
    ],
  };
}

/** @param {TimelineItem} item */
function stream(item) {
  if (item.stream === 'call') {
    const to = item.requestId === undefined ? '' : ` to #${item.requestId}`;
    return { title: `Response${to} begins as a stream`, facts: [item.code] };
  }
  const took = tookOf(item);
  return {
    title: 'GET stream',
    facts: [took === undefined ? 'open' : `open for ${took}`, item.code],
  };
}

/** @param {TimelineItem} item */
function generation({ generation: number, sessionId }) {
  return {
    title: `Handshake ${number}`,
    facts: [sessionId ? `session ${sessionId.replace(/\.+$/, '')}…` : 'no session id'],
  };
}

/** @param {TimelineItem} item */
function mark({ kind = 'sessionError', durationMs, waited = 0, code }) {
  return {
    title: markTitles[kind] ?? kind,
    facts: [
      durationMs === undefined ? undefined : `after ${duration(durationMs)}`,
      waited > 0 ? `${count(waited, 'call')} waited` : undefined,
      code,
    ],
  };
}

/** @param {TimelineItem} item */
function tookOf({ start, end }) {
  return end === undefined ? undefined : duration(end - start);
}

/** @param {TimelineItem} item */
export function sentence(item) {
  const { title, facts } = describe(item);
  return `${clock(item.start)}, ${capital(item.lane.userId)}: ${[title, ...facts].join(', ')}.`;
}

/**
 * The meaning of the colour.
 * @param {TimelineItem} item
 * @returns {'good' | 'bad' | 'unknown' | 'again' | 'dropped' | 'open'}
 */
export function tone(item) {
  if (item.end === undefined) return 'open';
  if (item.outcome === 'result') return 'good';
  if (item.outcome === 'sent again') return 'again';
  if (isOldServer(item)) return 'dropped';
  if (item.outcome === 'outcome_unknown') return 'unknown';
  if (item.outcome === 'cancelled' || item.outcome === 'closed') return 'dropped';
  return 'bad';
}

/**
 * Whether it is version discovery that an older server refused. This is its usual answer, and no failure.
 * @param {TimelineItem} item
 */
function isOldServer({ method, outcome }) {
  return method === 'server/discover' && (outcome === 'rpc_error' || outcome === 'http_error');
}

/** @param {TimelineItem} item */
function outcomeWords(item) {
  const { outcome } = item;
  if (outcome === 'result') return 'answered';
  if (isOldServer(item)) return 'an older revision: initialize follows';
  if (outcome === 'sent again') return 'refused, then retried';
  return outcome;
}
