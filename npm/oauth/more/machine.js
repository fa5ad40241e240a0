// @ts-check
// Grants without a person: RFC 6749 §4.4, RFC 7523, RFC 8693 with ID-JAG (enterprise-managed authorization). Each gives the parameters of the token request.

import { PrivateKeyJwt } from 'oauth4webapi';
import { OAuthError } from '../error.js';

/**
 * @typedef {import('../provider.js').Login} Login
 * @typedef {{ post: typeof import('../tokens.js').post, send: typeof import('../web.js').send }} Requests
 * @typedef {Record<string, string | undefined>} Parameters
 */

/** @param {'clientCredentials' | 'jwtBearer' | 'enterprise'} name @param {Login} login @param {Requests} requests */
export async function machineLogin(name, login, requests) {
  const { web, place, found, sent: resource, scope, prover } = login;
  for (const option of needed[name])
    if (!place.settings[option]) throw new OAuthError('config', `${name}: \`${option}\` is missing`);
  const { clientId: client_id = '', clientSecret: client_secret } = place.settings;
  /** @type {import('../client.js').Client} */
  const client = { client_id, client_secret, kind: 'given' };
  const parameters = { resource, scope, ...(await grants[name](login, requests)) };
  return { json: await requests.post(web, found.as, client, 'token_endpoint', parameters, prover), client, scope };
}

/**
 * Client authentication by Basic, or by a key (RFC 7523 §2.2): a `CryptoKey`, a JWK, or PEM (PKCS #8).
 *
 * @param {string} method
 * @param {any} proof
 * @param {import('../discovery.js').Metadata} as
 * @param {import('../client.js').Client} client
 * @param {URLSearchParams} body
 * @param {Headers} headers
 */
export async function prove(method, proof, as, client, body, headers) {
  if (method !== 'private_key_jwt') {
    // The Python SDK's server looks its client up by it; @cloudflare/workers-oauth-provider refuses it beside Basic.
    if (method === 'named') body.set('client_id', client.client_id);
    return headers.set('authorization', basic(client, method !== 'client_secret_basic'));
  }
  const { key, alg = 'ES256', kid = key.kid } = proof;
  const signer = { key: await importKey(key, key.alg ?? alg), kid };
  await PrivateKeyJwt(signer)(as, { client_id: client.client_id }, body, headers);
}

/**
 * RFC 6749 §2.3.1 asks for form-encoding, but many servers decode Base64 and nothing else.
 *
 * @param {import('../client.js').Client} client
 * @param {boolean} isEncoded
 */
function basic({ client_id, client_secret }, isEncoded) {
  const parts = [client_id, client_secret].map((part) => (isEncoded ? encodeURIComponent(`${part}`) : part));
  return `Basic ${btoa(String.fromCharCode(...new TextEncoder().encode(parts.join(':'))))}`;
}

/** @param {any} key @param {string} alg @returns {Promise<CryptoKey>} */
async function importKey(key, alg) {
  if (key instanceof CryptoKey) return key;
  const algorithm = ALGORITHMS[alg];
  if (!algorithm) throw new OAuthError('config', `privateKeyJwt: the algorithm ${alg} is not known`);
  if (typeof key !== 'string') return crypto.subtle.importKey('jwk', key, algorithm, false, ['sign']);
  const bytes = Uint8Array.from(atob(key.replace(/-----[^-]+-----|\s/g, '')), (one) => one.charCodeAt(0));
  return crypto.subtle.importKey('pkcs8', bytes, algorithm, false, ['sign']);
}

/** @type {Record<string, any>} */
const ALGORITHMS = {
  ES256: { name: 'ECDSA', namedCurve: 'P-256' },
  ES384: { name: 'ECDSA', namedCurve: 'P-384' },
  RS256: { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' },
  PS256: { name: 'RSA-PSS', hash: 'SHA-256' },
  EdDSA: { name: 'Ed25519' },
  Ed25519: { name: 'Ed25519' },
};

const GRANT = 'urn:ietf:params:oauth:grant-type:';
const TYPE = 'urn:ietf:params:oauth:token-type:';

/** @param {Login} login @returns {Promise<Parameters>} */
async function jwtBearer({ web: { signal }, place, found: { as }, sent: resource }) {
  const about = { audience: as.issuer, tokenEndpoint: as.token_endpoint, resource, signal };
  return { grant_type: `${GRANT}jwt-bearer`, assertion: await place.settings.assertion(about) };
}

/**
 * The user's ID token is exchanged at the enterprise's identity provider for an assertion (ID-JAG) that the server's authorization server takes.
 *
 * @param {Login} login
 * @param {Requests} requests
 * @returns {Promise<Parameters>}
 */
async function enterprise({ web, place, found, scope }, { post, send }) {
  const { idp, idToken } = place.settings;
  const { access_token: assertion } = await post(
    { ...web, proof: undefined },
    await findIdp(web, idp, send),
    { client_id: idp.clientId, client_secret: idp.clientSecret, kind: 'given' },
    'token_endpoint',
    {
      grant_type: `${GRANT}token-exchange`,
      requested_token_type: `${TYPE}id-jag`,
      audience: found.as.issuer,
      resource: found.resource,
      scope,
      subject_token: typeof idToken === 'function' ? await idToken({ signal: web.signal }) : idToken,
      subject_token_type: `${TYPE}id_token`,
    },
  );
  if (typeof assertion !== 'string')
    throw new OAuthError('invalid_response', 'token endpoint of the identity provider: no access_token');
  return { grant_type: `${GRANT}jwt-bearer`, assertion };
}

/** @param {import('../web.js').Web} web @param {any} idp @param {typeof import('../web.js').send} send */
async function findIdp(web, { issuer, tokenEndpoint }, send) {
  if (tokenEndpoint) return { issuer: issuer ?? tokenEndpoint, token_endpoint: tokenEndpoint };
  const place = `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`;
  const { json } = await send(web, place, 'identity provider metadata');
  if (json?.issuer === issuer) return json;
  throw new OAuthError('issuer_mismatch', `identity provider metadata at ${place} is not of ${issuer}`, { url: place });
}

/** @type {Record<string, (login: Login, requests: Requests) => Promise<Parameters>>} */
const grants = {
  clientCredentials: async () => ({ grant_type: 'client_credentials' }),
  jwtBearer,
  enterprise,
};

/** Options without which there is no request. */
const needed = {
  clientCredentials: ['clientId'],
  jwtBearer: ['assertion'],
  enterprise: ['clientId', 'idp', 'idToken'],
};
