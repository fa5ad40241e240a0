// Variables and secrets by their types. What is wrong is said in one sentence that begins with the name, and without values: they may be secret.
// @ts-check

/** @import { Env, Users } from './types.js' */

/** @typedef {{ least?: number, most?: number }} Range */

/**
 * A whole number, also as text, as variables of the dashboard are; `fallback` if it is not set.
 * @param {Record<string, unknown>} variables
 * @param {string} name
 * @param {number} fallback
 * @param {Range} [range]
 */
export function numberOf(variables, name, fallback, { least = 0, most = Number.MAX_SAFE_INTEGER } = {}) {
  const value = variables[name];
  if (value === undefined || (typeof value === 'string' && value.trim() === '')) return fallback;
  const number = ['number', 'string'].includes(typeof value) ? Number(value) : Number.NaN;
  if (Number.isSafeInteger(number) && number >= least && number <= most) return number;
  const range = `${least > 0 ? ` of at least ${least}` : ''}${most < Number.MAX_SAFE_INTEGER ? ` and at most ${most}` : ''}`;
  throw new Error(`${name}: must be a whole number${range.replace(/^ and/, ' of')}`);
}

/**
 * Text; undefined if it is not set or empty.
 * @param {object} env
 * @param {string} name
 * @returns {string | undefined}
 */
export function textOf(env, name) {
  const value = /** @type {Record<string, unknown>} */ (env)[name];
  if (value === undefined || value === '') return undefined;
  if (typeof value !== 'string') throw new Error(`${name}: must be text`);
  return value;
}

/**
 * Texts, as a list or separated by spaces or commas.
 * @param {object} env
 * @param {string} name
 * @returns {string[]}
 */
export function listOf(env, name) {
  const value = /** @type {Record<string, unknown>} */ (env)[name] ?? '';
  if (typeof value === 'string') return value.split(/[\s,]+/).filter(Boolean);
  if (!Array.isArray(value) || !value.every((item) => typeof item === 'string' && item !== ''))
    throw new Error(`${name}: must be text, or a list of texts`);
  return value;
}

/**
 * A JSON variable: an object, as bindings can be, or text.
 * @template {'MCP_SERVERS' | 'BEARER_TOKENS'} Name
 * @param {Env} env
 * @param {Name} name
 * @returns {Exclude<Env[Name], string>}
 */
export function objectOf(env, name) {
  let value = /** @type {unknown} */ (env[name]);
  try {
    if (typeof value === 'string') value = JSON.parse(value);
  } catch {
    throw new Error(`${name}: must be JSON`);
  }
  if (value !== undefined && !isObject(value)) throw new Error(`${name}: must be an object, or JSON of one`);
  return /** @type {Exclude<Env[Name], string>} */ (value);
}

/**
 * The users of BEARER_TOKENS. A token that no header can have, or that two users have, is a mistake that would show as a refusal only.
 * @param {Env} env
 * @returns {Users | undefined}
 */
export function usersOf(env) {
  const users = objectOf(env, 'BEARER_TOKENS');
  /** @type {Set<unknown>} */
  const tokens = new Set();
  // Users are not named in logs.
  for (const [at, entry] of Object.entries(users ?? {}).map(([, entry], index) => [index + 1, entry])) {
    const { token, vars = {} } = isObject(entry) ? entry : { token: entry };
    const wrong = (/** @type {string} */ problem) => new Error(`BEARER_TOKENS: entry ${at} ${problem}`);
    if (!isToken(token)) throw wrong('needs a token: text of letters, digits and signs of ASCII, without spaces');
    if (tokens.has(token)) throw wrong('has the token of another one');
    if (!isObject(vars) || !Object.values(vars).every((value) => typeof value === 'string'))
      throw wrong('has "vars" that are not an object of texts');
    tokens.add(token);
  }
  return users;
}

/** ADMIN_TOKEN: @param {Env} env */
export function adminTokenOf(env) {
  const token = textOf(env, 'ADMIN_TOKEN');
  if (token === undefined || isToken(token)) return token;
  throw new Error('ADMIN_TOKEN: must be text of letters, digits and signs of ASCII, without spaces');
}

/** Those of pages, as browsers write them: otherwise none would match. @param {Env} env */
export function originsOf(env) {
  const origins = listOf(env, 'ALLOWED_ORIGINS');
  if (origins.every(isOrigin)) return origins;
  throw new Error(
    'ALLOWED_ORIGINS: each must be * or an origin as browsers send it, such as https://app.example: with a scheme, in small letters, without a path',
  );
}

/** @param {object} env @param {string} name */
export function urlsOf(env, name) {
  const urls = listOf(env, name);
  if (urls.every(isUrl)) return urls;
  throw new Error(`${name}: each must be a URL with https`);
}

/** A host name that is required: @param {Env} env @param {'ACCESS_TEAM_DOMAIN'} name */
export function domainOf(env, name) {
  const domain = required(env, name);
  if (URL.parse(`https://${domain}`)?.href === `https://${domain}/`) return domain;
  throw new Error(`${name}: must be a host name, such as team.cloudflareaccess.com`);
}

/** A URL that is required: @param {Env} env @param {'JWT_JWKS_URL' | 'ACCESS_JWKS_URL'} name */
export function urlOf(env, name) {
  const url = required(env, name);
  if (isUrl(url)) return url;
  throw new Error(`${name}: must be a URL with https`);
}

/** @param {Env} env @param {'JWT_JWKS_URL' | 'JWT_ISSUER' | 'JWT_AUDIENCE' | 'ACCESS_TEAM_DOMAIN' | 'ACCESS_AUDIENCE' | 'ACCESS_JWKS_URL'} name */
export function required(env, name) {
  const value = textOf(env, name);
  if (value === undefined) throw new Error(`${name}: is not set, but AUTH requires it`);
  return value;
}

/** RFC 6750 §2.1, and further signs that clients send: @param {unknown} value */
function isToken(value) {
  return typeof value === 'string' && /^[\x21-\x7E]+$/.test(value);
}

/** @param {string} value */
function isUrl(value) {
  return ['https:', 'http:'].includes(URL.parse(value)?.protocol ?? '');
}

// Of schemes that are not special, such as that of extensions, URL knows no origin. `null` is that of sandboxed pages.
/** @param {string} value */
function isOrigin(value) {
  if (value === '*' || value === 'null') return true;
  if (isUrl(value)) return URL.parse(value)?.origin === value && !value.includes('*');
  return /^(?!https?:)[a-z][a-z\d+.-]*:\/\/[^/?#\s*]+$/.test(value);
}

/** @param {unknown} value @returns {value is Record<string, unknown>} */
export function isObject(value) {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
