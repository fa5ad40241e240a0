// Describes an item of the lanes in words: for the detail and for screen readers.
// @ts-check

import { clock, duration, isFailure } from './words.js';

/** @import { SessionInfo } from '../index.js' */
/** @import { TraceEvent } from '../devtools.js' */
/** @import { Item, Layer } from './model.js' */
/** @typedef {string | number | false | undefined} Fact */

/** @type {Partial<Record<TraceEvent['type'], string>>} */
const titles = {
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
  authorizationNeeded: 'A login is needed',
  authorized: 'Logged in',
  authorizationFailed: 'Login failed',
};

/** @type {Record<Layer, (item: Item, took: string | undefined) => [title: string, ...facts: Fact[]]>} */
const describers = {
  requests({ about, tone, start, end }, took) {
    const { durationMs = 0, attempt = 1 } = about;
    const earlier = took && durationMs > end - start + 5 && `${duration(durationMs)} since the first attempt`;
    return [nameOf(about), outcomeOf(about, tone), took, earlier, attempt > 1 && `attempt ${attempt}`];
  },
  states: ({ about, label, event }, took) => [
    capital(label),
    about.to === label && about.from && `before: ${about.from}`,
    took === undefined ? 'now' : `for ${event < 0 ? 'at least ' : ''}${took}`,
    event < 0 && 'already when these events begin',
  ],
  waits: ({ about, start, end, times }) => [
    `Waiting ${duration(end - start)}`,
    `next attempt at ${clock(end, false)}`,
    about.attempt !== undefined && about.attempt > 0 && `after attempt ${about.attempt}`,
    about.stream ? 'until the stream is reopened' : about.method,
    times > 1 && `requested ${times} times`,
    about.code,
  ],
  streams: ({ about, label }, took) =>
    about.stream === 'call'
      ? [`Response to #${about.requestId ?? '?'} begins as a stream`]
      : [label, took === undefined ? 'open' : `open for ${took}`, about.code],
  marks: ({ about, label }) =>
    about.type === 'sessionCreated'
      ? [capital(label), !about.sessionId && 'no session id']
      : [
          titles[about.type] ?? `${nameOf(about)} failed`,
          about.durationMs !== undefined && `after ${duration(about.durationMs)}`,
          about.waited !== undefined && about.waited > 0 && `${about.waited} waited`,
          about.code ?? about.outcome,
        ],
};

/** A short title, and facts. @param {Item} item @param {SessionInfo} [session] of its lane */
export function describe(item, session) {
  const took = Number.isFinite(item.end) ? duration(item.end - item.start) : undefined;
  const { generation, evidence, type } = item.about;
  const [title, ...facts] = describers[item.layer](item, took);
  const all = [
    ...facts,
    generation > 0 && type !== 'sessionCreated' && `generation ${generation}`,
    evidence,
    took === undefined && session?.expiresAt && `expires at ${clock(session.expiresAt, false)} if unused`,
  ];
  return { title, facts: all.filter(Boolean).map(String) };
}

/** @param {Item} item */
export function sentence(item) {
  const { title, facts } = describe(item);
  return `${clock(item.start, false)}, ${item.lane.userId}@${item.lane.serverName}: ${[title, ...facts].join(', ')}.`;
}

/** @param {TraceEvent} event */
function nameOf({ method = 'request', requestId }) {
  return `${method}${requestId === undefined ? '' : ` #${requestId}`}`;
}

/** @param {TraceEvent} event @param {Item['tone']} tone */
function outcomeOf(event, tone) {
  if (tone === 'open') return 'pending';
  if (tone === 'again') return 'refused, then sent again';
  if (event.outcome === 'result') return 'answered';
  return event.method === 'server/discover' && !isFailure(event)
    ? 'an older revision: initialize follows'
    : event.outcome;
}

/** @param {string} text */
function capital(text) {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
