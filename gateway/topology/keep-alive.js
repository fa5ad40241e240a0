// When a resting session is pinged: `sessionConfig.keepAlive`, by the alarm of its object.
// @ts-check

const SHORTEST = 1_000; // milliseconds

/**
 * When the alarm of a session is due: at its expiry, and before that, if its server drops sessions without requests, that long after the last one.
 * @param {number} expiry
 * @param {number | undefined} keepAlive milliseconds
 * @param {number} last when the server got a request last
 * @param {number} [now]
 */
export function nextAlarm(expiry, keepAlive, last, now = Date.now()) {
  return keepAlive ? Math.min(expiry, Math.max(last + keepAlive, now + SHORTEST)) : expiry;
}
