// @ts-check
// Whether a server has forgotten a client, after logins that did not come back.

import { isOfClient } from '../error.js';

/**
 * The server may tell it the user alone: so it is asked with a grant that cannot be. better-auth and FastMCP for TypeScript look for the grant first:
 * after two such logins there is another registration, once until one comes back.
 *
 * @param {import('../web.js').Web} web
 * @param {import('../discovery.js').Metadata} as
 * @param {import('../client.js').Client} client
 * @param {typeof import('../tokens.js').post} post
 * @returns {Promise<boolean>}
 */
export async function isForgotten(web, as, client, post) {
  if (client.kind === 'given') return false;
  if (client.kind === 'registered' && client.lost === 2) return true;
  return post(web, as, client, 'token_endpoint', { grant_type: 'refresh_token', refresh_token: 'none' }).then(
    () => false,
    (error) => isOfClient(error.code),
  );
}
