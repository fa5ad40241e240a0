// Who calls: bearer tokens of the configuration, JWTs of an issuer, or the assertion of Cloudflare Access.
import { createRemoteJWKSet, jwtVerify } from 'jose';
import { sha256 } from './digest.js';
import { Memo } from './memo.js';

const methods = { access, bearer, jwt, none };

// Signatures that a public key checks; HMAC and "none" are not among them.
const algorithms = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA'];

/** The methods that the variable AUTH names; each is `(head) => identity | undefined` or a promise of that, undefined where it does not apply. */
export function readMethods(env, parsed) {
  const names = (env.AUTH ?? '')
    .split(',')
    .map((name) => name.trim())
    .filter(Boolean);
  // Open to everybody is something that has to be said, not something that is forgotten.
  if (names.length === 0)
    throw new Error('AUTH: must say how clients are authenticated: bearer, jwt, access, or in so many words none');
  return names.map((name) => {
    if (!Object.hasOwn(methods, name)) throw new Error(`AUTH: there is no method ${name}`);
    return methods[name](env, parsed);
  });
}

/**
 * The caller, or undefined when nobody vouches for them; or a promise of that, where it is not known yet. `key` is whom sessions belong to, `id` is
 * what `{{USER_ID}}` stands for, and `vars` are further names for the headers of servers.
 * @returns {{ key: string, id: string, vars: Record<string, string> } | undefined | Promise<{ key: string, id: string, vars: Record<string, string> } | undefined>}
 */
export function authenticate(head, auth, turn = 0) {
  if (turn === auth.length) return undefined;
  const found = auth[turn](head);
  if (found instanceof Promise) return found.then((identity) => identity ?? authenticate(head, auth, turn + 1));
  return found ?? authenticate(head, auth, turn + 1);
}

/** The token of the Authorization header. */
export function bearerToken(head) {
  return /^Bearer +([\x21-\x7E]+)$/i.exec(head.authorization ?? '')?.[1];
}

// BEARER_TOKENS: { "<user>": "<token>" } or { "<user>": { token, vars } }.
function bearer(env, parsed) {
  const users = parsed(env, 'BEARER_TOKENS');
  if (!users || typeof users !== 'object') throw new Error('BEARER_TOKENS: is missing');
  // Looked up by digest: how long that takes says nothing about a token.
  const entryOf = async ([id, entry]) => {
    const { token, vars = {} } = typeof entry === 'string' ? { token: entry } : entry;
    return [await sha256(token), { key: `bearer:${id}`, id, vars }];
  };
  let table;
  const right = new Memo(); // headers whose tokens were found in it
  const looked = async (header, token) => {
    // Made by each of the first requests for itself: in workerd a promise of one request may not be awaited in another.
    table ??= new Map(await Promise.all(Object.entries(users).map(entryOf)));
    const identity = table.get(await sha256(token));
    return identity && right.set(header, identity);
  };
  return (head) => {
    const known = right.get(head.authorization);
    if (known) return known;
    const token = bearerToken(head);
    return token === undefined ? undefined : looked(head.authorization, token);
  };
}

function jwt(env) {
  for (const name of ['JWT_JWKS_URL', 'JWT_ISSUER', 'JWT_AUDIENCE'])
    if (!env[name]) throw new Error(`${name}: is missing`);
  const check = verifier(env.JWT_JWKS_URL, { issuer: env.JWT_ISSUER, audience: env.JWT_AUDIENCE });
  return async (head) => identityOf('jwt', await check(bearerToken(head)));
}

// https://developers.cloudflare.com/cloudflare-one/identity/authorization-cookie/validating-json/: the header alone proves nothing.
function access(env) {
  for (const name of ['ACCESS_TEAM_DOMAIN', 'ACCESS_AUDIENCE']) if (!env[name]) throw new Error(`${name}: is missing`);
  const issuer = `https://${env.ACCESS_TEAM_DOMAIN}`;
  const check = verifier(env.ACCESS_JWKS_URL ?? `${issuer}/cdn-cgi/access/certs`, {
    issuer,
    audience: env.ACCESS_AUDIENCE,
  });
  return async (head) => identityOf('access', await check(head['cf-access-jwt-assertion']));
}

function none() {
  return () => ({ key: 'none:', id: 'anybody', vars: {} });
}

function verifier(url, { issuer, audience }) {
  const keys = createRemoteJWKSet(new URL(url), { timeoutDuration: 5_000 });
  return async (token) => {
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
    } catch {
      return undefined;
    }
  };
}

function identityOf(method, claims) {
  if (!claims) return undefined;
  const vars = Object.fromEntries(Object.entries(claims).filter(([, value]) => typeof value === 'string'));
  return { key: `${method}:${claims.sub}`, id: claims.sub, vars };
}
