// Authentication: bearer tokens of the configuration, JWTs of an issuer, or the assertion of Cloudflare Access. Whether a
// session is the user's is decided in session-object.js.
// @ts-check

import { createRemoteJWKSet, jwtVerify } from 'jose';
import { addressOf } from './address.js';
import { count } from './counters.js';
import { sha256 } from './digest.js';
import { log, wordsOf } from './log.js';
import { Memo } from './memo.js';
import { domainOf, required, textOf, urlOf, usersOf } from './variables.js';

/** @import { AuthMethod, Env, Head, Identity, Users } from './types.js' */

/** @type {Record<string, (env: Env) => AuthMethod>} */
const methods = { access, bearer, jwt, none };

// Only signatures with public keys: neither HMAC nor "none".
const algorithms = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA'];

/**
 * The methods listed in the variable AUTH. Each is `(head) => identity | undefined`, or a promise of it; undefined if the method does not apply.
 * @param {Env} env
 */
export function readMethods(env) {
  const names = methodsIn(env);
  // Access without authentication must be configured explicitly.
  if (names.length === 0)
    throw new Error('AUTH: must list how clients are authenticated: bearer, jwt, access, or none for a public gateway');
  if (new Set(names).size < names.length) throw new Error('AUTH: names a method twice');
  return names.map((name) => {
    if (!Object.hasOwn(methods, name)) throw new Error(`AUTH: unknown method ${name}; use bearer, jwt, access or none`);
    return methods[name](env);
  });
}

/** The names of the methods: @param {Env} env */
export function methodsIn(env) {
  return (textOf(env, 'AUTH') ?? '')
    .split(',')
    .map((name) => name.trim())
    .filter(Boolean);
}

/**
 * The authenticated caller, undefined if no method accepts the request, or a promise of that. It rejects with KeysUnreachable if a method could not
 * decide and no other accepts the request.
 * @returns {Identity | undefined | Promise<Identity | undefined>}
 * @param {Head} head
 * @param {AuthMethod[]} auth
 * @param {number} [turn]
 */
export function authenticate(head, auth, turn = 0) {
  if (turn === auth.length) return undefined;
  const found = auth[turn](head);
  if (found instanceof Promise)
    return found.then(
      (identity) => identity ?? authenticate(head, auth, turn + 1),
      async (error) => {
        const other = await authenticate(head, auth, turn + 1);
        if (other) return other;
        throw error;
      },
    );
  return found ?? authenticate(head, auth, turn + 1);
}

/**
 * The token of the Authorization header.
 * @param {Head} head
 */
export function bearerToken(head) {
  return /^Bearer +([\x21-\x7E]+)$/i.exec(head.authorization ?? '')?.[1];
}

// BEARER_TOKENS: { "<user>": "<token>" } or { "<user>": { token, vars } }.
/** @param {Env} env @returns {AuthMethod} */
function bearer(env) {
  const users = usersOf(env);
  if (!users) throw new Error('BEARER_TOKENS: is not set, but AUTH includes bearer');
  // Looked up by digest: the time of a lookup reveals nothing about tokens.
  /** @type {(entry: [id: string, entry: Users[string]]) => Promise<[digest: string, identity: Identity]>} */
  const entryOf = async ([id, entry]) => {
    const { token, vars = {} } = typeof entry === 'string' ? { token: entry } : entry;
    return [await sha256(token), { key: `bearer:${id}`, index: `bearer:${id}`, id, vars }];
  };
  /** @type {Map<string, Identity> | undefined} */
  let table;
  /** @type {Memo<Identity>} */
  const right = new Memo(); // headers with valid tokens
  /** @type {(header: string, token: string) => Promise<Identity | undefined>} */
  const looked = async (header, token) => {
    // Each of the first requests builds it: in workerd a promise of one request must not be awaited in another.
    table ??= new Map(await Promise.all(Object.entries(users).map(entryOf)));
    const identity = table.get(await sha256(token));
    return identity && right.set(header, identity);
  };
  return (head) => {
    const header = head.authorization ?? '';
    const known = right.get(header);
    if (known) return known;
    const token = bearerToken(head);
    return token === undefined ? undefined : looked(header, token);
  };
}

/** @param {Env} env @returns {AuthMethod} */
function jwt(env) {
  const check = verifier(urlOf(env, 'JWT_JWKS_URL'), {
    issuer: required(env, 'JWT_ISSUER'),
    audience: required(env, 'JWT_AUDIENCE'),
  });
  return async (head) => identityOf('jwt', await check(bearerToken(head)));
}

// https://developers.cloudflare.com/cloudflare-one/identity/authorization-cookie/validating-json/: the header must be validated.
/** @param {Env} env @returns {AuthMethod} */
function access(env) {
  const issuer = `https://${domainOf(env, 'ACCESS_TEAM_DOMAIN')}`;
  const check = verifier((env.ACCESS_JWKS_URL && urlOf(env, 'ACCESS_JWKS_URL')) || `${issuer}/cdn-cgi/access/certs`, {
    issuer,
    audience: required(env, 'ACCESS_AUDIENCE'),
  });
  return async (head) => identityOf('access', await check(head['cf-access-jwt-assertion']));
}

/** @returns {AuthMethod} */
function none() {
  // Strangers have nothing in common but the gateway: numbers are limited by address, and only the session id tells whose a session is.
  return (head) => ({ key: ANYBODY, index: `${ANYBODY}${addressOf(head)}`, id: 'anybody', vars: {} });
}

/** @param {string} url @param {{ issuer: string, audience: string }} expected */
function verifier(url, { issuer, audience }) {
  const keys = keysAt(url);
  return async (/** @type {string | undefined} */ token) => {
    if (token === undefined || token.split('.').length !== 3) return undefined;
    try {
      return (
        await jwtVerify(token, keys, {
          issuer,
          audience,
          algorithms,
          requiredClaims: ['sub', 'exp'],
          clockTolerance: 30,
        })
      ).payload;
    } catch (error) {
      if (error instanceof KeysUnreachable) throw error;
      return undefined;
    }
  };
}

/**
 * The keys of an issuer. What says nothing about the token, such as a connection that is refused, becomes KeysUnreachable.
 * @param {string} url
 * @returns {import('jose').JWTVerifyGetKey}
 */
function keysAt(url) {
  const keys = createRemoteJWKSet(new URL(url), { timeoutDuration: 5_000 });
  let pausedUntil = 0; // so that not every request waits for the timeout
  return async (header, token) => {
    if (!keys.fresh && Date.now() < pausedUntil) throw new KeysUnreachable();
    try {
      return await keys(header, token);
    } catch (error) {
      if (aboutToken.has(/** @type {{ code?: string }} */ (error).code ?? '')) throw error;
      pausedUntil = Date.now() + KEYS_PAUSE;
      count({ jwks_failures_total: 1 });
      log('error', 'keysUnreachable', { host: new URL(url).host, problem: wordsOf(error) });
      throw new KeysUnreachable();
    }
  };
}

/** The keys that verify tokens cannot be read: the token may be valid. */
export class KeysUnreachable extends Error {}

/** Milliseconds after which they are read again. */
export const KEYS_PAUSE = 5_000;

/** The owner of all sessions without authentication. */
export const ANYBODY = 'none:';

// Codes of jose's errors about a token, when its key is looked up.
const aboutToken = new Set([
  'ERR_JWKS_NO_MATCHING_KEY',
  'ERR_JWKS_MULTIPLE_MATCHING_KEYS',
  'ERR_JOSE_NOT_SUPPORTED',
  'ERR_JWS_INVALID',
]);

/** @param {string} method @param {import('jose').JWTPayload | undefined} claims @returns {Identity | undefined} */
function identityOf(method, claims) {
  // RFC 7519 §4.1.2: text. A list or a number of the same text would be the same user.
  // Two that are not well-formed could become the same in storage.
  if (typeof claims?.sub !== 'string' || claims.sub === '' || !claims.sub.isWellFormed()) return undefined;
  /** @type {Record<string, string>} */
  const vars = {};
  for (const [name, value] of Object.entries(claims)) if (typeof value === 'string') vars[name] = value;
  const key = `${method}:${claims.sub}`;
  return { key, index: key, id: claims.sub, vars, until: Number(claims.exp) * 1_000 };
}
