// @ts-check
// The authorization code flow (OAuth 2.1 §4.1) with PKCE, `iss` (RFC 9207), `resource` (RFC 8707) and PAR (RFC 9126).

import { endpointOf } from './client.js';
import { adviceOn, OAuthError, quote, said } from './error.js';
import { post } from './tokens.js';

/**
 * @typedef {import('./web.js').Web} Web
 * @typedef {import('./discovery.js').Metadata} Metadata
 * @typedef {import('./client.js').Client} Client
 * @typedef {object} Pending what the callback needs, and nothing of it comes from the callback
 * @property {string} state
 * @property {string} verifier
 * @property {Metadata} as
 * @property {Client} client
 * @property {string} redirectUri
 * @property {string} resource
 * @property {string} [sent] the `resource` parameter
 * @property {string} [scope]
 * @property {boolean} [withoutOffline] `offline_access` was refused
 * @property {number} [outs] how often the user had signed out
 */

/**
 * Refuses what may not be logged in to, before anything is registered or opened.
 *
 * @param {Metadata} as
 * @param {any} options
 */
export function checkServer(as, options) {
  endpointOf(as, 'authorization_endpoint');
  endpointOf(as, 'token_endpoint');
  const methods = as.code_challenge_methods_supported;
  const where = `authorization server metadata of ${as.issuer}`;
  if (methods == null && !options.assumePkce) {
    throw new OAuthError(
      'pkce_not_declared',
      `${where} does not declare PKCE (code_challenge_methods_supported); the option \`assumePkce: true\` uses S256 all the same`,
      { url: as.issuer },
    );
  }
  if (methods != null && ![methods].flat().includes('S256'))
    throw new OAuthError('pkce_unsupported', `${where} does not support PKCE with S256`, { url: as.issuer });
  if (as.require_pushed_authorization_requests === true) endpointOf(as, 'pushed_authorization_request_endpoint');
}

/**
 * Where to send the user.
 *
 * @param {Web} web
 * @param {any} options
 * @param {Omit<Pending, 'state' | 'verifier'>} about
 * @returns {Promise<{ url: URL, pending: Pending }>}
 */
export async function authorizationRequest(web, options, about) {
  const { as, client, redirectUri, sent, scope } = about;
  const pending = { ...about, state: random(), verifier: random() };
  const endpoint = endpointOf(as, 'authorization_endpoint');
  const usual = endpoint.host === 'accounts.google.com' ? { access_type: 'offline', prompt: 'consent' } : {};
  /** @type {Record<string, string | undefined>} */
  const parameters = {
    // OpenID Connect Core §11.
    prompt: scope?.split(' ').includes('offline_access') ? 'consent' : undefined,
    ...usual,
    ...options.parameters,
    response_type: 'code',
    client_id: client.client_id,
    redirect_uri: redirectUri,
    state: pending.state,
    code_challenge: await digest(pending.verifier),
    code_challenge_method: 'S256',
    scope,
    resource: sent,
  };
  const query = as.require_pushed_authorization_requests
    ? { client_id: client.client_id, request_uri: await push(web, as, client, parameters) }
    : parameters;
  for (const [name, value] of Object.entries(query)) if (value) endpoint.searchParams.set(name, value);
  return { url: endpoint, pending };
}

/** @param {Web} web @param {Metadata} as @param {Client} client @param {Record<string, string | undefined>} parameters @returns {Promise<string>} */
async function push(web, as, client, parameters) {
  return (await post(web, as, client, 'pushed_authorization_request_endpoint', parameters)).request_uri;
}

/**
 * The code of a callback that belongs to this login. Its errors are believed only once its issuer is.
 *
 * @param {Pending} pending
 * @param {string | URL} callback
 * @returns {string}
 */
export function readCallback({ state, as, redirectUri }, callback) {
  const expected = new URL(redirectUri);
  const url = new URL(String(callback), expected);
  const one = (/** @type {string} */ name) => {
    const [value, ...more] = url.searchParams.getAll(name);
    if (more.length > 0) throw new OAuthError('invalid_callback', `the callback has ${name} twice`);
    return value;
  };
  if (url.origin !== expected.origin || url.pathname !== expected.pathname)
    throw new OAuthError(
      'invalid_callback',
      `the callback came to ${url.origin}${url.pathname}, not to ${redirectUri}`,
    );
  const came = one('state');
  if (came !== state)
    throw new OAuthError('state_mismatch', `the callback ${came ? 'belongs to another login' : 'has no state'}`);
  const issuer = one('iss');
  const isMissing = issuer === undefined;
  if (isMissing ? as.authorization_response_iss_parameter_supported === true : issuer !== as.issuer) {
    const from = isMissing ? 'does not name its issuer' : `is from the issuer ${quote(issuer)}`;
    throw new OAuthError('issuer_mismatch', `the callback ${from}; expected ${as.issuer}`, { url: as.issuer });
  }
  const error = one('error');
  if (error !== undefined) {
    const words = said(error, one('error_description'));
    throw new OAuthError(error, `authorization endpoint of ${as.issuer}: ${words}${adviceOn(error)}`, {
      url: as.authorization_endpoint,
    });
  }
  const code = one('code');
  if (!code) throw new OAuthError('invalid_callback', 'the callback has no code');
  return code;
}

// These three lines are oauth4webapi's as well, with 2 KB around them that are used only for keys.
/** @param {Uint8Array} bytes */
const base64url = (bytes) =>
  btoa(String.fromCharCode(...bytes))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '');
const random = () => base64url(crypto.getRandomValues(new Uint8Array(32)));
/** @param {string} text */
const digest = async (text) =>
  base64url(new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text))));
