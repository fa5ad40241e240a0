// Waiting for a user who logs in.
// @ts-check

import { LoginError } from './login-error.js';

/** @import { Stub } from '../types.js' */
/** @import { CredentialsObject, Owner } from './credentials-object.js' */

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
