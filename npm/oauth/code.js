// @ts-check
// A login by the authorization code flow, with what is tried a second time: once each.

import { more } from '../oauth-lazy.js';
import { identify } from './client.js';
import { isOfClient, OAuthError } from './error.js';
import { authorizationRequest, checkServer, readCallback } from './flow.js';
import { without } from './scope.js';
import { post } from './tokens.js';

/** @param {import('./provider.js').Login} login */
export async function codeLogin({ web, place, found, sent, scope, entry, prover, outs, keepClient }) {
  const { settings } = place;
  const { authorize } = settings;
  const { as, resource } = found;
  const isDevice = as.device_authorization_endpoint && (await authorize.device?.());
  if (!isDevice) checkServer(as, settings);
  const redirectUri = (await authorize.redirectUri?.(entry?.client?.redirect_uri)) ?? settings.redirectUri;
  if (!redirectUri) throw new OAuthError('no_redirect_uri', 'the option `redirectUri` is missing');
  const grants = [
    'authorization_code',
    'refresh_token',
    ...(isDevice ? ['urn:ietf:params:oauth:grant-type:device_code'] : []),
  ];
  let stored = entry?.client;
  const lost = stored?.lost ?? 0;
  let withoutDocument = stored?.kind === 'registered';
  if (await isForgotten(web, as, stored)) [withoutDocument, stored] = [true, undefined];
  let withoutOffline = entry?.withoutOffline;
  for (;;) {
    const client = await identify(web, as, settings, { redirectUri, scope, grants, stored, withoutDocument });
    await keepClient({ ...client, lost: lost + 1 });
    client.lost = undefined;
    const about = { as, client, redirectUri, resource, sent, scope, withoutOffline, outs };
    try {
      if (isDevice) return { json: await authorize.byCode(post, web, about, prover), client, scope };
      return await byRedirect(web, place, about, prover, keepClient);
    } catch (/** @type {any} */ error) {
      const { code } = error;
      if (code === 'invalid_scope' && scope?.includes('offline_access'))
        [withoutOffline, scope, stored] = [true, without(scope, 'offline_access'), client];
      else if (needsAnother(code, client, stored)) [withoutDocument, stored] = [true, undefined];
      else throw error;
    }
  }
}

/**
 * Whether the registration is forgotten, or the server takes no metadata document for this redirect URI. One of just now would be refused again.
 *
 * @param {string} code
 * @param {import('./client.js').Client} client
 * @param {import('./client.js').Client | undefined} stored
 */
const needsAnother = (code, client, stored) => isOfClient(code) && (client === stored || client.kind === 'document');

/**
 * @param {import('./web.js').Web} web
 * @param {import('./credentials.js').Place} place
 * @param {any} about
 * @param {import('./tokens.js').Prover | undefined} prover
 * @param {(client: any) => Promise<void>} keepClient
 */
async function byRedirect(web, { settings, key }, about, prover, keepClient) {
  const { authorize } = settings;
  const { url, pending } = await authorizationRequest(web, settings, about);
  authorize.save?.(key, pending);
  const { state, redirectUri } = pending;
  const callback = await authorize(url, { signal: web.signal, state, redirectUri });
  if (!callback?.includes && !callback?.href)
    throw new OAuthError('config', '`authorize` gave no URL: write `popup()`, not `popup`');
  web.signal.throwIfAborted();
  return redeem(web, pending, callback, prover, keepClient);
}

/**
 * From the callback to the token answer.
 *
 * @param {import('./web.js').Web} web
 * @param {import('./flow.js').Pending} pending
 * @param {string | URL} callback
 * @param {import('./tokens.js').Prover | undefined} prover
 * @param {(client: any) => Promise<void>} keepClient
 */
export async function redeem(web, pending, callback, prover, keepClient) {
  const { as, client, scope, redirectUri, sent, verifier, withoutOffline } = pending;
  try {
    const code = readCallback(pending, callback);
    const parameters = {
      grant_type: 'authorization_code',
      code,
      redirect_uri: redirectUri,
      code_verifier: verifier,
      resource: sent,
    };
    const ask = () => post(web, as, client, 'token_endpoint', parameters, prover);
    // A server that was out of reach has not used the code up, and the user has logged in already.
    const again = async (/** @type {any} */ error) => {
      if (!error.isTransient) throw error;
      await new Promise((resolve) => setTimeout(resolve, 1_000));
      return ask();
    };
    return { json: await ask().catch(again), client, scope, withoutOffline };
  } finally {
    // The login came back, so the server knows the client.
    await keepClient(client);
  }
}

/** @param {import('./web.js').Web} web @param {import('./discovery.js').Metadata} as @param {import('./client.js').Client | undefined} client */
const isForgotten = async (web, as, client) => client?.lost && (await more()).isForgotten(web, as, client, post);
