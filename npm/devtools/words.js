// Events, times and durations in words.
// @ts-check

/** @import { SessionEvent } from '../index.js' */
/** @import { TraceEvent } from '../devtools.js' */

/** @type {SessionEvent[]} */
export const eventTypes = [
  'sessionCreated',
  'sessionReused',
  'sessionError',
  'recoveryStarted',
  'recoverySucceeded',
  'recoveryFailed',
  'retryScheduled',
  'sessionExpired',
  'sessionTerminated',
  'stateChanged',
  'requestSent',
  'requestSettled',
  'streamOpened',
  'streamClosed',
  'streamWaiting',
  'toolsChanged',
  'breakerOpened',
  'breakerClosed',
  'outageStarted',
  'outageEnded',
  'authorizationNeeded',
  'authorized',
  'authorizationFailed',
];

const traffic = new Set(['requestSent', 'requestSettled', 'streamOpened', 'streamClosed', 'streamWaiting']);
const trouble = new Set([
  'sessionError',
  'recoveryFailed',
  'breakerOpened',
  'outageStarted',
  'authorizationFailed',
  'retryScheduled',
]);

/** @param {TraceEvent} event @returns {'trouble' | 'traffic' | 'session'} */
export function kindOf(event) {
  if (trouble.has(event.type) || isFailure(event)) return 'trouble';
  return traffic.has(event.type) ? 'traffic' : 'session';
}

/**
 * Version discovery that an older server refuses is its usual answer.
 * @param {TraceEvent} event
 */
export function isFailure({ type, outcome, method }) {
  if (type !== 'requestSettled' || outcome === 'result' || outcome === 'cancelled' || outcome === 'closed')
    return false;
  return method !== 'server/discover' || (outcome !== 'rpc_error' && outcome !== 'http_error');
}

/** @param {number} ms */
export function duration(ms) {
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 100_000) return `${(ms / 1_000).toFixed(ms < 10_000 ? 1 : 0)} s`;
  return `${Math.round(ms / 60_000)} min`;
}

/** @param {number} at @param {boolean} [exact] with milliseconds */
export function clock(at, exact = true) {
  const date = new Date(at);
  const two = (/** @type {number} */ n) => String(n).padStart(2, '0');
  const time = `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
  return exact ? `${time}.${String(date.getMilliseconds()).padStart(3, '0')}` : time;
}

/** The facts of an event in one line. @param {TraceEvent} event */
export function summary(event) {
  const {
    method,
    requestId,
    attempt = 1,
    from,
    to,
    outcome,
    delayMs,
    durationMs,
    stream,
    sessionId,
    code,
    waited,
  } = event;
  const facts = [
    method && `${method}${requestId === undefined ? '' : ` #${requestId}`}`,
    stream && `${stream} stream`,
    attempt > 1 && `attempt ${attempt}`,
    to && `${from ?? 'new'} → ${to}`,
    outcome,
    delayMs !== undefined && `next in ${duration(delayMs)}`,
    durationMs !== undefined && duration(durationMs),
    waited !== undefined && `${waited} waited`,
    sessionId && `session ${sessionId}`,
    code !== outcome && code,
    event.evidence,
  ];
  return facts.filter(Boolean).join(' · ');
}
