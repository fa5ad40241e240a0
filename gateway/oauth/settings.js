// The `auth` of servers that ask for OAuth, and the variables that it needs.
// @ts-check

import { originOf } from '../origin.js';
import { listOf, textOf } from '../variables.js';
import { Vault } from './vault.js';

/** @import { Env, LoginOptions, OAuthSettings } from '../types.js' */

/** @typedef {Record<string, { url?: unknown, headers?: Record<string, unknown>, auth?: unknown }>} Servers */

const ALGORITHMS = ['ES256', 'ES384', 'RS256', 'PS256', 'Ed25519'];

/** The members of `auth`, and what each has to be. @type {Record<string, (value: unknown) => boolean>} */
const members = {
  type: (value) => value === 'oauth',
  clientId: isText,
  clientSecret: isText,
  clientName: isText,
  clientMetadata: isBoolean,
  scope: isText,
  resource: (value) => value === null || isText(value),
  issuer: isText,
  parameters: (value) => isObject(value) && Object.values(value).every(isText),
  assumePkce: isBoolean,
  dpop: isBoolean,
  grant: (value) => value === 'client_credentials',
  privateKey: isText,
  algorithm: (value) => ALGORITHMS.includes(String(value)),
  keyId: isText,
};

const VARIABLE = /\$\{(\w+)\}/g;

/** @type {Record<string, string>} */
const wanted = {
  type: 'must be "oauth"',
  clientMetadata: 'must be true or false',
  assumePkce: 'must be true or false',
  resource: 'must be text, or null',
  parameters: 'must be an object of texts',
  dpop: 'must be true or false',
  grant: 'must be "client_credentials", or left out',
  algorithm: `must be one of ${ALGORITHMS.join(', ')}`,
};

/**
 * Undefined if no server asks for OAuth. Throws what is wrong, in one sentence and without values: they may be secret.
 * @param {Env} env
 * @param {Servers} servers
 * @param {number} maxIdle
 * @returns {OAuthSettings | undefined}
 */
export function readOAuth(env, servers, maxIdle) {
  const names = Object.keys(servers).filter((name) => servers[name]?.auth !== undefined);
  if (names.length === 0) return undefined;
  const path = `mcpServers.${names[0]}.auth`;
  const login = names.find((name) => !isOwnAccess(servers[name].auth));
  if (login && listOf(env, 'AUTH').includes('none'))
    throw new Error(`AUTH: none makes all callers one user, but mcpServers.${login}.auth needs users`);
  if (!env.CREDENTIALS)
    throw new Error(`CREDENTIALS: the binding is missing, but ${path} requires it (wrangler.jsonc)`);
  const origin = requiredOrigin(originOf(textOf(env, 'PUBLIC_ORIGIN')), path);
  const vault = new Vault(listOf(env, 'TOKEN_KEYS'), path);
  return {
    origin,
    vault,
    servers: new Map(names.map((name) => [name, optionsOf(env, servers[name], name)])),
    secrets: new Map(names.map((name) => [name, variablesIn(env, servers[name].url)])),
    privateHosts: listOf(env, 'PRIVATE_HOSTS'),
    maxIdle,
  };
}

// The gateway's own access: no user logs in.
/** @param {unknown} auth */
function isOwnAccess(auth) {
  return isObject(auth) && auth.grant !== undefined;
}

/** @param {string | undefined} origin @param {string} path */
function requiredOrigin(origin, path) {
  if (!origin) throw new Error(`PUBLIC_ORIGIN: is not set, but ${path} requires it, such as https://gateway.example`);
  const { protocol, hostname } = new URL(origin);
  // OAuth 2.1 §1.5: only loopback redirect URIs may lack TLS.
  if (protocol !== 'https:' && !['127.0.0.1', 'localhost', '[::1]'].includes(hostname))
    throw new Error(`PUBLIC_ORIGIN: must be an origin with https or on this machine, because of ${path}`);
  return origin;
}

/** @param {Env} env @param {Servers[string]} server @param {string} name @returns {LoginOptions} */
function optionsOf(env, { auth, headers = {} }, name) {
  const path = `mcpServers.${name}.auth`;
  if (!isObject(auth)) throw new Error(`${path}: must be an object`);
  for (const [member, value] of Object.entries({ type: undefined, ...auth })) {
    if (!Object.hasOwn(members, member)) throw new Error(`${path}.${member}: is unknown`);
    if (!members[member](value)) throw new Error(`${path}.${member}: ${wanted[member] ?? 'must be text'}`);
  }
  if (Object.keys(headers).some((header) => header.toLowerCase() === 'authorization'))
    throw new Error(`mcpServers.${name}.headers.Authorization: cannot be set together with auth`);
  const { type: _, ...options } = filled(auth, env, path);
  const proof = options.clientSecret ?? options.privateKey;
  if (!options.clientId && (proof || options.grant)) throw new Error(`${path}.clientId: is missing`);
  if (options.grant && !proof) throw new Error(`${path}.clientSecret: is missing, and so is privateKey`);
  if (options.clientSecret && options.privateKey)
    throw new Error(`${path}.privateKey: cannot be set together with clientSecret`);
  return options;
}

/** The values of a URL's variables, also as a URL writes them: @param {Env} env @param {unknown} url */
function variablesIn(env, url) {
  const variables = /** @type {Record<string, unknown>} */ (/** @type {unknown} */ (env));
  return [...String(url).matchAll(VARIABLE)]
    .map(([, name]) => String(variables[name] ?? ''))
    .flatMap((value) => (value ? [value, encodeURIComponent(value)] : []));
}

/** Fills in `${NAME}` from the variables. @param {any} value @param {Env} env @param {string} path @returns {any} */
function filled(value, env, path) {
  if (isObject(value))
    return Object.fromEntries(
      Object.entries(value).map(([name, part]) => [name, filled(part, env, `${path}.${name}`)]),
    );
  if (typeof value !== 'string') return value;
  return value.replaceAll(VARIABLE, (_, name) => {
    const found = /** @type {Record<string, unknown>} */ (/** @type {unknown} */ (env))[name];
    if (typeof found !== 'string' || found === '') throw new Error(`${path}: the variable ${name} is not set`);
    return found;
  });
}

/** @param {unknown} value */
function isText(value) {
  return typeof value === 'string' && value !== '';
}

/** @param {unknown} value */
function isBoolean(value) {
  return typeof value === 'boolean';
}

/** @param {unknown} value @returns {value is Record<string, unknown>} */
function isObject(value) {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
