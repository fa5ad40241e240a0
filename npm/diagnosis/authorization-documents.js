// The two documents of a login: which resource the server is (RFC 9728), and what its authorization server offers (RFC 8414, OpenID Connect Discovery).
// @ts-check

import { isOwnResource, isSameIssuer, ownServerPlaces, resourcePlaces, serverPlaces } from '../oauth/discovery.js';
import { secure } from '../oauth/web.js';
import { quoted } from './discreet.js';
import { noCors } from './documents.js';

/** @import { Findings } from './authorization.js' */
/** @import { Documents, Reply } from './documents.js' */

/** @typedef {{ place: string, document: any }} Found */

const most = 3;
const resourceName = 'protected resource metadata';
const serverName = 'authorization server metadata';

/**
 * @param {Documents} documents
 * @param {Findings} findings
 * @param {string[]} hints
 * @returns {Promise<Found | undefined>}
 */
export async function findResource(documents, findings, hints) {
  const { url, origin } = documents;
  const missed = [];
  for (const place of resourcePlaces(url, hints)) {
    const reply = await documents.get(place);
    const { resource } = reply.json ?? {};
    if (!isDocument(reply) || typeof resource !== 'string') {
      missed.push(reply);
      continue;
    }
    const [first] = missed;
    if (hints.length > 0 && first)
      findings.advise(
        `${first.place} of the challenge ${first.words}`,
        `Correct resource_metadata in WWW-Authenticate: the ${resourceName} is at ${place}.`,
      );
    if (reply.cors) findings.broken(...noCors(resourceName, place, origin));
    if (!isOwnResource(resource, url))
      findings.broken(
        `${resourceName} is for ${quoted(resource)}`,
        `Set resource to ${quoted(url.origin + url.pathname)} in the ${resourceName} at ${place}.`,
      );
    return { place, document: reply.json };
  }
  return undefined;
}

/**
 * @param {Documents} documents
 * @param {Findings} findings
 * @param {Found | undefined} resource
 * @returns {Promise<Found | undefined>}
 */
export async function findServer(documents, findings, resource) {
  const listed = [resource?.document.authorization_servers ?? []].flat().filter((issuer) => typeof issuer === 'string');
  if (listed.length === 0) return findOwnServer(documents, findings, resource);
  const dead = [];
  for (const issuer of listed.slice(0, most)) {
    const why = isSecure(issuer);
    if (why) {
      dead.push(() => findings.broken(...why));
      continue;
    }
    const places = serverPlaces(new URL(issuer));
    const found = await look(documents, places);
    if (!found) {
      dead.push(() => findings.broken(...noDocument(documents, issuer, places)));
      continue;
    }
    for (const report of dead.slice(0, 1)) passOver(findings, report);
    if (found.cors) findings.broken(...noCors(serverName, found.place, documents.origin));
    if (!isSameIssuer(issuer, String(found.json.issuer)))
      findings.broken(
        `${serverName} is of the issuer ${quoted(String(found.json.issuer))}`,
        `Set issuer to ${quoted(issuer)} in the ${serverName} at ${found.place}, exactly as authorization_servers names it (RFC 8414 §3.3).`,
      );
    return { place: found.place, document: found.json };
  }
  for (const report of dead) report();
  return undefined;
}

/** Clients go on to the next server in the list: what is wrong with this one is advice. @param {Findings} findings @param {() => void} report */
function passOver(findings, report) {
  const { isBroken } = findings;
  report();
  findings.isBroken = isBroken;
}

/** @param {string} issuer @returns {[seen: string, fix: string] | undefined} */
function isSecure(issuer) {
  try {
    const { search, hash } = secure(issuer, 'issuer');
    if (!search && !hash) return undefined;
  } catch {}
  return [
    `the authorization server ${quoted(issuer)} cannot be used`,
    'Name authorization servers in authorization_servers by https URLs without query and fragment.',
  ];
}

/**
 * A server of 2025-03-26 has no metadata of its own as a resource: its origin is the authorization server, or has its metadata.
 *
 * @param {Documents} documents
 * @param {Findings} findings
 * @param {Found | undefined} resource
 * @returns {Promise<Found | undefined>}
 */
async function findOwnServer(documents, findings, resource) {
  const { url } = documents;
  const places = ownServerPlaces(url);
  const found = await look(documents, places);
  const wellKnown = `${url.origin}/.well-known/oauth-protected-resource${url.pathname.replace(/\/$/, '')}`;
  const issuer = found ? String(found.json.issuer) : 'https://auth.example';
  const example = `{"resource": "${url.origin}${url.pathname}", "authorization_servers": ["${issuer}"]}`;
  /** @type {[seen: string, fix: string]} */
  const missing = resource
    ? [
        'the protected resource metadata names no authorization server',
        `Add authorization_servers, a list of issuers, to ${resource.place}.`,
      ]
    : ['there is no protected resource metadata', `Serve ${example} at ${wellKnown} (RFC 9728).`];
  if (!found) {
    findings.broken(...missing);
    return undefined;
  }
  findings.advise(...missing);
  if (found.cors) findings.broken(...noCors(serverName, found.place, documents.origin));
  return { place: found.place, document: found.json };
}

/** @param {Documents} documents @param {string} issuer @param {string[]} places @returns {[seen: string, fix: string]} */
function noDocument({ hides }, issuer, places) {
  const cors = hides ? ', with Access-Control-Allow-Origin' : '';
  return [
    `there is no ${serverName} of ${issuer}${hides ? ' that this page can read' : ''}`,
    `Serve it at ${places[0]} (RFC 8414)${cors}; it was looked for at ${places.join(', ')}.`,
  ];
}

/** @param {Documents} documents @param {string[]} places @returns {Promise<Reply | undefined>} */
async function look(documents, places) {
  for (const place of places) {
    const reply = await documents.get(place);
    // Other members may be missing: they are reported, not passed over.
    if (isDocument(reply) && typeof reply.json.issuer === 'string') return reply;
  }
  return undefined;
}

/** @param {Reply} reply */
const isDocument = ({ status = 0, json }) => status >= 200 && status < 300 && json !== undefined;
