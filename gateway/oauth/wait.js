// Waiting for a user who logs in.
// @ts-check

import { LoginError } from './login-error.js';

/** @import { Stub } from '../types.js' */
/** @import { CredentialsObject, Outcome, Owner } from './credentials-object.js' */
/** @import { Invitation } from './pending-login.js' */

/**
 * Resolves when the login is over, or with the signal; the object answers every 20 s.
 * @param {Stub<CredentialsObject>} object
 * @param {Owner} owner
 * @param {string} id of the login
 * @param {AbortSignal} signal
 */
export async function loginEnd(object, owner, id, signal) {
  for (;;) {
    const { isOpen, failure } = await object.outcome(owner, id);
    if (failure) throw new LoginError(failure.message);
    if (!isOpen || signal.aborted) return;
  }
}

/**
 * For a client that cannot be asked. If its user has already followed the link of an earlier error, the login ends soon: 20 s are given to it.
 * @param {Stub<CredentialsObject>} object
 * @param {Owner} owner
 * @param {string} url of the server
 * @param {Invitation} login
 * @returns {Promise<Outcome>}
 */
export async function soonEnded(object, owner, url, login) {
  if (!login.isBegun) return { login };
  const { failure } = await object.outcome(owner, login.id);
  const { token, digest } = failure ? {} : await object.token(owner, { url });
  return token ? { token, digest } : { login, failure };
}
