// Where the parts of a login are: URLs of the gateway, and the object of a user at a server.
// @ts-check

import { sha256 } from '../digest.js';

/** @import { Env, OAuthSettings } from '../types.js' */
/** @import { Owner } from './credentials-object.js' */

/** The client id at authorization servers that read metadata documents: @param {Pick<OAuthSettings, 'origin'>} settings @param {string} server */
export function documentOf({ origin }, server) {
  return `${origin}/oauth/client/${server}`;
}

/** Where logins at a server come back to: @param {Pick<OAuthSettings, 'origin'>} settings @param {string} server */
export function callbackOf({ origin }, server) {
  return `${origin}/oauth/callback/${server}`;
}

/** The object of a user at a server: @param {Env} env @param {Pick<Owner, 'key' | 'server'>} owner */
export async function credentialsOf({ CREDENTIALS }, { key, server }) {
  if (!CREDENTIALS) throw new Error('CREDENTIALS: the binding is missing');
  return CREDENTIALS.get(CREDENTIALS.idFromName(await sha256(JSON.stringify([key, server]))));
}
