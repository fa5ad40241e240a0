// The administrator: a caller with ADMIN_TOKEN as bearer token.
// @ts-check

import { bearerToken } from '../auth.js';
import { sha256 } from '../digest.js';

/** @import { Head, Settings } from '../types.js' */

/**
 * Whether a request with these headers is the administrator's. Digests are compared, in constant time.
 * @param {Head} head
 * @param {Pick<Settings, 'adminToken' | 'gateway'>} settings
 */
export async function isAdmin(head, { adminToken, gateway }) {
  const token = bearerToken(head);
  if (!adminToken || !token) return false;
  const [given, wanted] = await Promise.all([sha256(token), sha256(adminToken)]);
  return gateway.same(given, wanted);
}
