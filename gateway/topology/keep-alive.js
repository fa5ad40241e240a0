// When a resting session is pinged: `sessionConfig.keepAlive`, by the alarm of its object.
// @ts-check

const SHORTEST = 1_000; // milliseconds

/**
 * When the alarm of a session is due: at its expiry, and before that at intervals if its server drops sessions without requests.
 * @param {number} expiry
 * @param {number | undefined} keepAlive milliseconds
 * @param {number} [now]
 */
export function nextAlarm(expiry, keepAlive, now = Date.now()) {
  return keepAlive ? Math.min(expiry, now + Math.max(keepAlive, SHORTEST)) : expiry;
}
