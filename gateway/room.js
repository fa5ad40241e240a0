// Room for another session of a user who has as many as allowed: most clients never end theirs, so the least recently called one is ended.
// @ts-check

import { sessionOf } from './session-places.js';

/** @import { IndexObject } from './index-object.js' */
/** @import { SessionStub } from './session-places.js' */
/** @import { Env, Stub, Usage } from './types.js' */

/** @typedef {{ usage: Usage, object: SessionStub, owner: string }} Candidate */

const TURNS = 3; // others may take the room that was made
const SOON = 1_000; // milliseconds; the shortest time after which a refused client should come back
const LATE = 3_600_000;

/**
 * Registers a session that is being opened with the user's index, in place of another one if necessary; or names the refusal, and after how many
 * milliseconds it may be different.
 * @param {Env} env
 * @param {Stub<IndexObject>} index of the user
 * @param {string} key of the user
 * @param {{ handle: string, server: string, limit: number }} session
 * @returns {Promise<{ refusal?: 'sessions' | 'unavailable', wait?: number, isTroubled?: boolean }>}
 */
export async function register(env, index, key, session) {
  for (let turn = 0; turn < TURNS; turn += 1) {
    const { isFull, wait = 0, isTroubled } = await index.open(session);
    if (wait > 0) return { refusal: 'unavailable', wait };
    if (!isFull) return { isTroubled };
    const busy = await makeRoom(env, index, key);
    if (busy > 0) return { refusal: 'sessions', wait: busy };
  }
  return { refusal: 'sessions', wait: SOON };
}

/**
 * Ends the least recently called session of a user: one without an open stream, if there is one, and never one with unanswered requests. Returns 0, or
 * the milliseconds after which one of those has timed out if all have some.
 * @param {Env} env
 * @param {Stub<IndexObject>} index of the user
 * @param {string} key of the user
 * @returns {Promise<number>}
 */
async function makeRoom(env, index, key) {
  /** @type {(Candidate | undefined)[]} */
  const best = []; // without and with an open stream
  let soonest = Date.now() + LATE;
  for (const { handle, server, used } of await index.leastUsed()) {
    // The index knows about a use late, so the true order is known when the next one was used later than the best.
    if (best[0] && used > best[0].usage.usedAt) break;
    const { object, owner } = sessionOf(env, key, server, handle);
    const usage = await object.usage(owner);
    if (!usage) {
      await index.close(handle); // its object does not know it
      return 0;
    }
    if (usage.busyUntil > 0) {
      soonest = Math.min(soonest, usage.busyUntil);
      continue;
    }
    const rank = usage.isListening ? 1 : 0;
    const other = best[rank];
    if (!other || usage.usedAt < other.usage.usedAt) best[rank] = { usage, object, owner };
  }
  const chosen = best[0] ?? best[1];
  if (!chosen) return Math.max(SOON, soonest - Date.now());
  return (await chosen.object.makeRoom(chosen.owner)) ? 0 : SOON;
}
