// @ts-check
// Who we are at an authorization server: known in advance, by a metadata document (CIMD), or registered (RFC 7591); and how we prove it.

import { more } from '../oauth-lazy.js';
import { OAuthError, quote } from './error.js';
import { secure, send } from './web.js';

/**
 * @typedef {import('./web.js').Web} Web
 * @typedef {import('./discovery.js').Metadata} Metadata
 * @typedef {object} Client
 * @property {string} client_id
 * @property {string} [client_secret]
 * @property {string} [method] how the token endpoint wants it proved; undefined while it is a guess
 * @property {'given' | 'document' | 'registered'} kind
 * @property {string} [redirect_uri]
 * @property {number} [expires] of the secret, milliseconds
 * @property {number} [lost] how many logins in a row did not come back
 */

/**
 * The client for a login: the one that is stored if it still fits, or the next way of having one.
 *
 * @param {Web} web
 * @param {Metadata} as
 * @param {any} options
 * @param {{ redirectUri: string, scope?: string, grants: string[], stored?: Client, withoutDocument?: boolean }} about
 * @returns {Promise<Client>}
 */
export async function identify(web, as, options, { redirectUri, scope, grants, stored, withoutDocument }) {
  const { clientId, clientSecret, clientMetadataUrl } = options;
  if (clientId) return { client_id: clientId, client_secret: clientSecret, kind: 'given', redirect_uri: redirectUri };
  const hasPublicClients = as.token_endpoint_auth_methods_supported?.includes?.('none') ?? true;
  if (clientMetadataUrl && as.client_id_metadata_document_supported === true && hasPublicClients && !withoutDocument) {
    return { client_id: clientMetadataUrl, method: 'none', kind: 'document', redirect_uri: redirectUri };
  }
  if (stored?.kind === 'registered' && stored.redirect_uri === redirectUri && !(Number(stored.expires) < Date.now()))
    return stored;
  return register(web, as, options, redirectUri, grants, scope);
}

/** @param {Web} web @param {Metadata} as @param {any} options @param {string} redirectUri @param {string[]} grants @param {string} [scope] */
async function register(web, as, options, redirectUri, grants, scope) {
  const advice = 'register a client there and give its `clientId`';
  const endpoint = as.registration_endpoint;
  if (typeof endpoint !== 'string') {
    throw new OAuthError('no_registration', `${as.issuer} registers no clients: ${advice}`, { url: as.issuer });
  }
  const offered = as.grant_types_supported;
  const methods = as.token_endpoint_auth_methods_supported;
  const metadata = {
    client_name: options.clientName ?? 'MCP client',
    redirect_uris: [redirectUri],
    grant_types: Array.isArray(offered) ? grants.filter((grant) => offered.includes(grant)) : grants,
    response_types: ['code'],
    token_endpoint_auth_method:
      (Array.isArray(methods) && METHODS.find((method) => methods.includes(method))) || 'none',
    // OpenID Connect Registration §2; MUST since 2026-07-28.
    application_type: /^https:/.test(redirectUri) ? 'web' : 'native',
  };
  const what = 'registration endpoint';
  const post = (/** @type {object} */ body) =>
    send(web, endpoint, what, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/json' },
      body: JSON.stringify(body),
    });
  let answer = await post(scope ? { ...metadata, scope } : metadata);
  if (scope && [400, 403].includes(answer.status)) answer = await post(metadata);
  const { status, json, text } = answer;
  const words = quote(json?.error_description ?? json?.error ?? text);
  const isTransient = status >= 500 || status === 429;
  if (status >= 300 || json?.error || !json?.client_id) {
    throw new OAuthError(
      isTransient ? 'server_error' : 'registration_refused',
      `${what} at ${endpoint} refuses (status ${status}): ${words}${isTransient ? '' : `; ${advice}`}`,
      { url: endpoint, status, isTransient },
    );
  }
  const { client_id, client_secret, client_secret_expires_at: expires } = json;
  return /** @type {Client} */ ({
    client_id: `${client_id}`,
    client_secret: client_secret ?? undefined,
    // Any other method is none that a secret alone allows: it is guessed.
    method: client_secret ? METHODS.find((method) => method === json.token_endpoint_auth_method) : 'none',
    kind: 'registered',
    redirect_uri: redirectUri,
    expires: expires > 0 ? expires * 1000 : undefined,
  });
}

const KEY = 'private_key_jwt';
/** In the order in which a client asks for them when it registers: Basic is read in two ways, a body in one. */
const METHODS = ['none', 'client_secret_post', 'client_secret_basic'];

/**
 * The ways to prove who we are, best first. Where the method is a guess there are others: the secret in the body, and Basic as some servers read it.
 *
 * @param {Web} web
 * @param {Metadata} as
 * @param {Client} client
 * @returns {string[]}
 */
export function methodsOf({ proof }, as, client) {
  if (proof && client.kind === 'given') return [KEY];
  if (!client.client_secret) return ['none'];
  const [, post, basic] = METHODS;
  const offered = [as.token_endpoint_auth_methods_supported].flat();
  const guesses = offered.includes(post) && !offered.includes(basic) ? [post, basic] : [basic, post];
  const ways = client.method ? [client.method] : guesses;
  if (!ways.includes(basic)) return ways;
  const words = client.client_id + client.client_secret;
  return [...ways, ...(encodeURIComponent(words) === words ? [] : ['encoded']), 'named'];
}

/**
 * @param {Web} web
 * @param {Metadata} as
 * @param {Client} client
 * @param {string} method
 * @param {URLSearchParams} body
 * @param {Headers} headers
 */
export async function authenticate({ proof }, as, client, method, body, headers) {
  const [none, inBody] = METHODS;
  if (method !== none && method !== inBody) return (await more()).prove(method, proof, as, client, body, headers);
  body.set('client_id', client.client_id);
  if (method === inBody) body.set('client_secret', `${client.client_secret}`);
}

/** Endpoints get secrets and users: each has to be https or loopback. @param {Metadata} as @param {string} name */
export function endpointOf(as, name) {
  if (typeof as[name] !== 'string') {
    throw new OAuthError('no_endpoint', `authorization server metadata of ${as.issuer} has no ${name}`, {
      url: as.issuer,
    });
  }
  return secure(as[name], `${name} of ${as.issuer}`);
}
