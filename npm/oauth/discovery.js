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
  for (const issuer of issuers) {
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
  const path = server.pathname.replace(/\/$/, '');
  const wellKnown = `${server.origin}/.well-known/oauth-protected-resource`;
  let first;
  for (const place of new Set([...hints, wellKnown + path, wellKnown])) {
    const { document, failure } = await look(web, place, RESOURCE, ['resource']);
    if (document) return { document: checkResource(document, server, place) };
    if (failure?.code === 'redirected') throw failure;
    first ??= failure;
  }
  return { failure: first };
}

/** The resource has to be this server, or a part of its origin that the server is in. */
function checkResource(/** @type {any} */ document, /** @type {URL} */ server, /** @type {string} */ place) {
  const { resource } = document;
  let claimed;
  try {
    claimed = new URL(resource);
  } catch {}
  const within = claimed?.pathname.replace(/\/$/, '');
  const isOurs =
    claimed?.origin === server.origin &&
    !claimed.hash &&
    (!claimed.search || claimed.search === server.search) &&
    `${server.pathname}/`.startsWith(`${within}/`);
  if (isOurs) return document;
  throw new OAuthError(
    'resource_mismatch',
    `${RESOURCE} at ${place} is for ${quote(resource)}, not for ${server.origin}${server.pathname}`,
    { url: place },
  );
}

/** @param {Web} web @param {string} issuer as the resource's metadata names it */
async function findServer(web, issuer) {
  const { origin, pathname, search, hash } = secure(issuer, 'issuer');
  const path = pathname.replace(/\/$/, '');
  if (search || hash) throw new OAuthError('invalid_url', `issuer ${quote(issuer)} has a query or fragment`);
  const places = [`${origin}${OAUTH}${path}`, `${origin}${OPENID}${path}`];
  if (path) places.push(`${origin}${path}${OPENID}`, `${origin}${path}${OAUTH}`);
  const { document, place } = await walk(web, places);
  if (!isSameIssuer(issuer, document.issuer)) {
    throw new OAuthError(
      'issuer_mismatch',
      `${SERVER} at ${place} is of the issuer ${quote(document.issuer)}, not of ${issuer}`,
      { url: place },
    );
  }
  return document;
}

/**
 * A server of 2025-03-26 is, or names, its own authorization server.
 *
 * @param {Web} web
 * @param {URL} server
 * @param {OAuthError | undefined} missed why the resource's metadata is not known, where it may exist
 * @returns {Promise<Metadata>}
 */
async function findOwnServer(web, { origin, pathname }, missed) {
  const path = pathname.replace(/\/$/, '');
  const places = [origin + OAUTH, origin + OPENID];
  if (path) places.push(origin + OAUTH + path, origin + path + OAUTH);
  try {
    const { document } = await walk(web, places);
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

/** @param {Web} web @param {string[]} places @returns {Promise<{ document: Metadata, place: string }>} */
async function walk(web, places) {
  let first;
  for (const place of places) {
    const { document, failure } = await look(web, place, SERVER, ['issuer', 'token_endpoint']);
    if (document) return { document, place };
    if (failure) first ??= failure;
  }
  throw first ?? new OAuthError('no_metadata', `${SERVER}: there is none at ${places.join(', ')}`, { url: places[0] });
}

/**
 * The document at a place. Anything else there is a miss: an error status, HTML, other JSON. A place that cannot be asked is a failure.
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
    if (status < 500) return {};
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
function isSameIssuer(listed, stated) {
  if (listed === stated || listed === `${stated}/`) return true;
  const [a, b] = [listed.split('/'), stated.split('/')];
  if (a.length === 3 && `${listed}/` === stated) return true;
  const at = b.indexOf('{tenantid}');
  return at > 2 && a.length === b.length && a[at] !== '' && b.every((part, index) => index === at || part === a[index]);
}
