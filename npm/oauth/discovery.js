// @ts-check
// Which resource a server is (RFC 9728), and which authorization server issues tokens for it (RFC 8414, OpenID Connect Discovery).

import { OAuthError, quote } from './error.js';
import { secure, send } from './web.js';

/**
 * @typedef {import('./web.js').Web} Web
 * @typedef {{ issuer: string, token_endpoint: string, [member: string]: any }} Metadata
 * @typedef {{ resource: string, scopes?: string[], as: Metadata }} Found
 */

const RESOURCE = 'protected resource metadata';
const SERVER = 'authorization server metadata';
/** Places of the server's choice that are asked, as by the diagnosis: its challenge and its metadata may name thousands. */
const MOST = 3;

/**
 * @param {Web} web
 * @param {string} url of the MCP server
 * @param {string[]} hints `resource_metadata` of the challenge
 * @param {string | undefined} preferred the issuer that is used already
 * @returns {Promise<Found>}
 */
export async function discover(web, url, hints, preferred) {
  const server = secure(url, 'MCP server');
  server.hash = '';
  const { document, failure: missed } = await findResource(web, server, hints);
  const resource = document?.resource ?? server.href;
  const scopes = Array.isArray(document?.scopes_supported) ? document.scopes_supported.filter(isText) : undefined;
  const issuers = [document?.authorization_servers ?? []].flat().filter(isText);
  if (issuers.length === 0) return { resource, scopes, as: await findOwnServer(web, server, missed) };
  if (preferred) issuers.sort((a, b) => Number(isSameIssuer(b, preferred)) - Number(isSameIssuer(a, preferred)));
  let failure;
  for (const issuer of issuers.slice(0, MOST)) {
    try {
      return { resource, scopes, as: await findServer(web, issuer) };
    } catch (/** @type {any} */ error) {
      // Only metadata that cannot be had leads to the next server; what is wrong in it does not.
      if (!SKIPPED.includes(error.code)) throw error;
      failure ??= error;
    }
  }
  throw failure;
}

const SKIPPED = ['unreachable', 'no_metadata', 'insecure_url', 'invalid_url', 'too_large'];

/**
 * @param {Web} web
 * @param {URL} server
 * @param {string[]} hints
 * @returns {Promise<{ document?: any, failure?: OAuthError }>}
 */
async function findResource(web, server, hints) {
  let first;
  const places = [...resourcePlaces(server, hints)];
  for (const place of places) {
    const { document, failure } = await look(web, place, RESOURCE, ['resource']);
    if (document) return { document: checkResource(document, server, place) };
    if (failure?.code === 'redirected') throw failure;
    first ??= failure;
  }
  // A server of 2025-03-26 names no place.
  if (hints[0]) first ??= none(RESOURCE, places);
  return { failure: first };
}

/** Where the resource's metadata may be, in order: as the challenge says, below the path, at the root (MCP 2025-11-25, Authorization). */
export function resourcePlaces(/** @type {URL} */ { origin, pathname }, /** @type {string[]} */ hints) {
  const wellKnown = `${origin}/.well-known/oauth-protected-resource`;
  // RFC 9728 §5.1 wants a URL; some servers give a path.
  return new Set([
    ...hints.slice(0, MOST).map((hint) => hint.replace(/^\//, `${origin}/`)),
    wellKnown + pathname.replace(/\/$/, ''),
    wellKnown,
  ]);
}

/** The resource has to be this server, or a part of its origin that the server is in. */
export function isOwnResource(/** @type {unknown} */ resource, /** @type {URL} */ server) {
  const claimed = URL.canParse(String(resource)) ? new URL(String(resource)) : undefined;
  const within = claimed?.pathname.replace(/\/$/, '');
  return (
    claimed?.origin === server.origin &&
    !claimed.hash &&
    (!claimed.search || claimed.search === server.search) &&
    `${server.pathname}/`.startsWith(`${within}/`)
  );
}

function checkResource(/** @type {any} */ document, /** @type {URL} */ server, /** @type {string} */ place) {
  const { resource } = document;
  if (isOwnResource(resource, server)) return document;
  throw new OAuthError(
    'resource_mismatch',
    `${RESOURCE} at ${place} is for ${quote(resource)}, not for ${server.origin}${server.pathname}`,
    { url: place },
  );
}

/** @param {Web} web @param {string} issuer as the resource's metadata names it */
async function findServer(web, issuer) {
  const url = secure(issuer, 'issuer');
  if (url.search || url.hash) throw new OAuthError('invalid_url', `issuer ${quote(issuer)} has a query or fragment`);
  const { document, place } = await walk(web, serverPlaces(url));
  if (!isSameIssuer(issuer, document.issuer)) {
    throw new OAuthError(
      'issuer_mismatch',
      `${SERVER} at ${place} is of the issuer ${quote(document.issuer)}, not of ${issuer}`,
      { url: place },
    );
  }
  return document;
}

/** Where an issuer's metadata may be, in order (MCP 2025-11-25, Authorization). The last place is no rule, but seen. */
export function serverPlaces(/** @type {URL} */ { origin, pathname }) {
  const path = pathname.replace(/\/$/, '');
  const places = [origin + OAUTH + path, origin + OPENID + path];
  return path ? [...places, origin + path + OPENID, origin + path + OAUTH] : places;
}

/** Where a server of 2025-03-26 has the metadata of the authorization server that it is, or that it names. */
export function ownServerPlaces(/** @type {URL} */ { origin, pathname }) {
  const path = pathname.replace(/\/$/, '');
  const places = [origin + OAUTH, origin + OPENID];
  return path ? [...places, origin + OAUTH + path, origin + path + OAUTH] : places;
}

/**
 * A server of 2025-03-26 is, or names, its own authorization server.
 *
 * @param {Web} web
 * @param {URL} server
 * @param {OAuthError | undefined} missed why the resource's metadata is not known, where it may exist
 * @returns {Promise<Metadata>}
 */
async function findOwnServer(web, server, missed) {
  const { origin } = server;
  try {
    const { document } = await walk(web, ownServerPlaces(server));
    return document;
  } catch (/** @type {any} */ error) {
    if (missed || error.code !== 'no_metadata') throw missed ?? error;
    // Revision 2025-03-26, basic/authorization §2.3.3: fallbacks for servers without metadata.
    return {
      issuer: origin,
      authorization_endpoint: `${origin}/authorize`,
      token_endpoint: `${origin}/token`,
      registration_endpoint: `${origin}/register`,
      code_challenge_methods_supported: ['S256'],
    };
  }
}

const OAUTH = '/.well-known/oauth-authorization-server';
const OPENID = '/.well-known/openid-configuration';

const none = (/** @type {string} */ what, /** @type {string[]} */ places) =>
  new OAuthError('no_metadata', `${what}: there is none at ${places.join(', ')}`, { url: places[0] });

/** @param {Web} web @param {string[]} places @returns {Promise<{ document: Metadata, place: string }>} */
async function walk(web, places) {
  let first;
  for (const place of places) {
    const { document, failure } = await look(web, place, SERVER, ['issuer', 'token_endpoint']);
    if (document) return { document, place };
    first ??= failure;
  }
  throw first ?? none(SERVER, places);
}

/**
 * The document at a place. Anything else there is a miss: an error status, HTML, other JSON. A place that cannot be asked for now is a failure.
 *
 * @param {Web} web
 * @param {string} place
 * @param {string} what
 * @param {string[]} members that make it the document
 * @returns {Promise<{ document?: any, failure?: OAuthError }>}
 */
async function look(web, place, what, members) {
  try {
    const { status, json } = await send(web, place, what, { headers: { accept: 'application/json' } });
    if (status < 300 && json && members.every((name) => isText(json[name]))) return { document: json };
    if (status < 500 && status !== 429) return {};
    return { failure: new OAuthError('unreachable', `${what} at ${place}: status ${status}`, { url: place, status }) };
  } catch (failure) {
    if (failure instanceof OAuthError) return { failure };
    throw failure;
  }
}

/** @param {unknown} value @returns {value is string} */
const isText = (value) => typeof value === 'string' && value !== '';

/**
 * Whether a document is of the issuer that was asked for (RFC 8414 §3.3). A final slash does not count where the discovery URL is the same, and
 * Entra's `{tenantid}` stands for one segment.
 *
 * @param {string} listed
 * @param {string} stated
 */
export function isSameIssuer(listed, stated) {
  if (listed === stated || listed === `${stated}/`) return true;
  const [a, b] = [listed.split('/'), stated.split('/')];
  if (a.length === 3 && `${listed}/` === stated) return true;
  const at = b.indexOf('{tenantid}');
  return at > 2 && a.length === b.length && a[at] !== '' && b.every((part, index) => index === at || part === a[index]);
}
