// The step `authorization`: can users log in to the server (MCP, Authorization)? It reads metadata and asks endpoints for errors; it registers nothing,
// opens nothing, and sends nothing of the user's.
// @ts-check

import { readChallenge } from '../oauth/challenge.js';
import { findResource, findServer } from './authorization-documents.js';
import { examineRegistration, examineServer, examineToken } from './authorization-endpoints.js';
import { Documents } from './documents.js';

/** @import { Answer, Finding } from './types.js' */
/** @import { Wire } from './wire.js' */

/** Characters of a sentence. */
const longest = 1_000;
/** Addresses of one challenge that are read. */
const most = 3;

/**
 * What is wrong, and what is only advice; one sentence with what to add for each.
 */
export class Findings {
  /** @type {string[]} */
  fixes = [];
  /** @type {string[]} */
  seen = [];
  isBroken = false;

  /** @param {boolean} isNeeded whether the server refuses requests without a login */
  constructor(isNeeded) {
    this.isNeeded = isNeeded;
  }

  /** No client can log in like this. @param {string} seen @param {string} fix */
  broken(seen, fix) {
    this.isBroken = this.isNeeded;
    this.advise(seen, fix);
  }

  /** @param {string} seen @param {string} fix */
  advise(seen, fix) {
    // Addresses in it are the server's words.
    this.seen.push(seen.slice(0, longest));
    this.fixes.push(fix.slice(0, longest));
  }

  /** @param {string} fine what holds apart from that @returns {Finding} */
  step(fine) {
    const detail = [...new Set(this.isBroken ? this.seen : [fine, ...this.seen])].filter(Boolean).join('; ');
    return { ok: !this.isBroken, detail, ...(this.fixes.length > 0 && { fix: [...new Set(this.fixes)].join(' ') }) };
  }
}

/**
 * @param {Wire} wire
 * @param {Answer} answer the last one to the handshake
 * @returns {Promise<Finding | undefined>} nothing if the server has nothing to do with logins
 */
export async function examineAuthorization(wire, answer) {
  const documents = new Documents(wire);
  const asks = answer.status === 401;
  const findings = new Findings(asks);
  const challenge = readChallenge(answer.headers?.get('www-authenticate') ?? undefined);
  const hints = challenge.hints.slice(0, most);
  const resource = await findResource(documents, findings, hints);
  if (!resource && (!asks || asksForOther(answer))) return undefined;
  if (asks) examineChallenge(documents, findings, answer, hints, resource?.place);
  const server = await findServer(documents, findings, resource);
  if (!server && !resource && wire.ownHeaders.includes('authorization')) return noOAuth(documents);
  if (!server) return findings.step('');
  examineServer(findings, server);
  const registration = await examineRegistration(documents, findings, server);
  await examineToken(documents, findings, server);
  return findings.step(`users can log in at ${server.document.issuer}, which ${registration}`);
}

/** A challenge without a scheme of OAuth (RFC 9110 §11.6.1), and a login page: other credentials are meant. @param {Answer} answer */
function asksForOther({ headers, media }) {
  const challenge = headers?.get('www-authenticate');
  return challenge ? !/\b(bearer|dpop)\b/i.test(challenge) : media === 'page';
}

/** @param {Documents} documents @returns {Finding} */
function noOAuth({ url }) {
  return {
    ok: true,
    detail: 'the server takes credentials, and says nothing of OAuth',
    fix: `If users are to log in, add protected resource metadata (RFC 9728) at ${url.origin}/.well-known/oauth-protected-resource${url.pathname}.`,
  };
}

/**
 * @param {Documents} documents
 * @param {Findings} findings
 * @param {Answer} answer
 * @param {string[]} hints
 * @param {string | undefined} place of the metadata
 */
function examineChallenge({ url, hides, hidesChallenge, origin }, findings, { headers }, hints, place) {
  const header = headers?.get('www-authenticate') ?? undefined;
  const exposed = headers?.get('access-control-expose-headers')?.toLowerCase() ?? '';
  if (header === undefined) {
    const where = place ?? `${url.origin}/.well-known/oauth-protected-resource${url.pathname}`;
    findings.advise(
      hidesChallenge ? '401 has no WWW-Authenticate that a page can read' : '401 has no WWW-Authenticate',
      `Add WWW-Authenticate: Bearer resource_metadata="${where}" to responses with 401${hidesChallenge ? ', and WWW-Authenticate to their Access-Control-Expose-Headers' : ''}.`,
    );
  } else if (origin && !hides && !exposed.includes('www-authenticate') && exposed !== '*') {
    findings.advise(
      '401 does not expose WWW-Authenticate to pages',
      'Add WWW-Authenticate to Access-Control-Expose-Headers of responses with 401.',
    );
  } else if (hints.length === 0) {
    findings.advise(
      'the challenge of 401 has no resource_metadata',
      'Add resource_metadata="…", the address of the protected resource metadata, to WWW-Authenticate (RFC 9728 §5.1).',
    );
  }
}
