// The users in log lines and metrics: by a digest of their key, so that lines of one user can be found, and no line names one.
// @ts-check

import { sha256 } from '../digest.js';
import { Memo } from '../memo.js';

const DIGITS = 16;

/** @type {Memo<string>} */
const known = new Memo();

/**
 * The digest of a user's key, or a promise of it.
 * @param {string} key
 * @returns {string | Promise<string>}
 */
export function pseudonym(key) {
  return known.get(key) ?? sha256(key).then((digest) => known.set(key, digest.slice(0, DIGITS)));
}

/**
 * Calls `act` with the digest, at once if it is known.
 * @param {string | undefined} key
 * @param {(user: string | undefined) => void} act
 */
export function withPseudonym(key, act) {
  const user = key === undefined ? undefined : pseudonym(key);
  if (user instanceof Promise) user.then(act);
  else act(user);
}
