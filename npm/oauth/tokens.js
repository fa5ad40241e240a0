// @ts-check
// The token endpoint, and those that are asked in the same way. Its answers are read leniently: an `error` decides, not the status; `null` is absent.

import { authenticate, endpointOf, methodsOf } from './client.js';
import { adviceOn, isOfClient, OAuthError, quote, said } from './error.js';
import { send } from './web.js';

/**
 * @typedef {import('./web.js').Web} Web
 * @typedef {import('./discovery.js').Metadata} Metadata
 * @typedef {import('./client.js').Client} Client
 * @typedef {{ token: string, scheme: 'Bearer' | 'DPoP', refresh?: string, scope?: string, expiresAt?: number, subject?: string }} Tokens
 * @typedef {{
 *   addProof(url: URL, headers: Headers, method: string, token?: string): Promise<void>,
 *   cacheNonce(response: { headers: Headers }, url: URL): void,
 * }} Prover
 */

/**
 * Posts a form as the client. The result is the JSON object of a response without an error.
 *
 * @param {Web} web
 * @param {Metadata} as
 * @param {Client} client
 * @param {string} name of the endpoint's member in the metadata
 * @param {Record<string, string | undefined>} parameters
 * @param {Prover} [prover]
 */
export async function post(web, as, client, name, parameters, prover) {
  const url = endpointOf(as, name);
  const what = name.replaceAll('_', ' ');
  const methods = methodsOf(web, as, client);
  let useNonce = Boolean(prover);
  for (;;) {
    const body = new URLSearchParams();
    for (const [key, value] of Object.entries(parameters)) if (value) body.set(key, value);
    const headers = new Headers({ accept: 'application/json' });
    await authenticate(web, as, client, methods[0], body, headers);
    await prover?.addProof(url, headers, 'POST');
    const answer = await send(web, url.href, what, { method: 'POST', headers, body });
    prover?.cacheNonce(answer, url);
    const error = errorOf(answer);
    if (error === undefined) {
      if (client.client_secret) client.method = methods[0];
      return answer.json ?? {};
    }
    if (error === 'use_dpop_nonce' && useNonce) useNonce = false;
    else if ((isOfClient(error) || error === 'invalid_request') && methods.length > 1) methods.shift();
    else throw refusal(answer, error, what, url.href, [...secretsOf(body), client.client_secret]);
  }
}

const SECRETS =
  'code refresh_token code_verifier assertion client_assertion subject_token device_code token client_secret'.split(
    ' ',
  );

/** @param {URLSearchParams} body */
const secretsOf = (body) => SECRETS.map((name) => body.get(name) ?? undefined);

/** @param {import('./web.js').Answer} answer @returns {string | undefined} undefined if the answer is none */
function errorOf({ status, json }) {
  const named = json?.error ?? (json?.ok === false ? 'invalid_grant' : undefined);
  if (typeof named === 'string') return named;
  if (named) return typeof named.code === 'string' ? named.code : 'invalid_grant';
  if (status < 300 && json) return undefined;
  if (status === 401) return 'invalid_client';
  return status === 400 ? 'invalid_grant' : 'server_error';
}

/** @param {import('./web.js').Answer} answer @param {string} code @param {string} what @param {string} url @param {Iterable<string | undefined>} secrets */
function refusal({ status, json }, code, what, url, secrets) {
  // Not its text: that may be a token in another format.
  const words = json ? (json.error_description ?? json.error?.message ?? json.error_uri) : 'no JSON';
  const isTransient =
    status >= 500 || status === 429 || ['temporarily_unavailable', 'slow_down', 'server_error'].includes(code);
  return new OAuthError(code, `${what} at ${url}: ${said(code, words, secrets)} (status ${status})${adviceOn(code)}`, {
    url,
    status,
    isTransient,
  });
}

/**
 * The tokens of an answer.
 *
 * @param {any} json
 * @param {{ as: Metadata, scope?: string, refresh?: string, isBound?: boolean }} about what stands where the answer is silent
 * @returns {Tokens}
 */
export function readTokens(json, { as, scope, refresh, isBound = false }) {
  const bad = (/** @type {string} */ why) =>
    new OAuthError('invalid_response', `token endpoint of ${as.issuer}: ${why}`, { url: as.token_endpoint });
  const token = json.access_token?.trim?.();
  if (!token) throw bad('the response has no access_token');
  const type = String(json.token_type || 'Bearer').toLowerCase();
  if (type !== 'bearer' && type !== 'dpop') throw bad(`token_type ${quote(json.token_type)} is unknown`);
  // RFC 9449 §5: a client that needs binding discards a token without.
  if (isBound !== (type === 'dpop')) throw bad(isBound ? 'the token is not bound to the DPoP key' : 'DPoP unasked');
  // What is still to come, the earliest first. The `exp` of a JWT is only a hint, and so is the rest: the server decides.
  const now = Date.now();
  const ends = [now + json.expires_in * 1000, claimsOf(token).exp * 1000]
    .filter((end) => end > now)
    .sort((a, b) => a - b);
  return {
    token,
    scheme: isBound ? 'DPoP' : 'Bearer',
    refresh: (typeof json.refresh_token === 'string' && json.refresh_token) || refresh,
    scope: typeof json.scope === 'string' ? json.scope : scope,
    expiresAt: ends[0],
    // Read without validation: a later login is compared with it, and nothing else depends on it.
    subject: claimsOf(json.id_token).sub ?? claimsOf(token).sub,
  };
}

/** What a token says if it is a JWT. @param {unknown} token @returns {any} */
export function claimsOf(token) {
  try {
    return JSON.parse(atob(String(token).split('.')[1].replaceAll('-', '+').replaceAll('_', '/')));
  } catch {
    return {};
  }
}
