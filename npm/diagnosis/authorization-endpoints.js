// What an authorization server offers, and whether its endpoints answer clients: the registration endpoint gets a preflight alone, the token endpoint a
// grant that does not exist.
// @ts-check

import { secure } from '../oauth/web.js';
import { quoted } from './discreet.js';
import { noCors } from './documents.js';

/** @import { Findings } from './authorization.js' */
/** @import { Found } from './authorization-documents.js' */
/** @import { Documents } from './documents.js' */

/** @param {Findings} findings @param {Found} server */
export function examineServer(findings, { place, document }) {
  for (const name of ['authorization_endpoint', 'token_endpoint']) {
    const value = document[name];
    if (typeof value !== 'string')
      findings.broken(`the authorization server metadata has no ${name}`, `Add ${name} to ${place}.`);
    else if (!isSecure(value))
      findings.broken(`${name} is ${quoted(value)}`, `Use https for ${name} in ${place} (OAuth 2.1 §1.5).`);
  }
  examinePkce(findings, place, document.code_challenge_methods_supported);
  const { grant_types_supported: grants } = document;
  if (Array.isArray(grants) && !grants.includes('authorization_code'))
    findings.broken('users cannot log in', `Add authorization_code to grant_types_supported in ${place}.`);
  if (Array.isArray(grants) && !grants.includes('refresh_token'))
    findings.advise(
      'logins end with the access token',
      `Issue refresh tokens, and add refresh_token to grant_types_supported in ${place}.`,
    );
}

/**
 * MCP, Authorization, Authorization Code Protection: clients refuse servers that do not declare it.
 *
 * @param {Findings} findings
 * @param {string} place
 * @param {unknown} methods
 */
function examinePkce(findings, place, methods) {
  if (methods == null)
    findings.broken(
      'PKCE is not declared',
      `Add "code_challenge_methods_supported": ["S256"] to ${place}; until then clients need an option such as assumePkce.`,
    );
  else if (![methods].flat().includes('S256'))
    findings.broken(
      'PKCE with S256 is not supported',
      `Support S256, and add it to code_challenge_methods_supported in ${place}.`,
    );
}

/**
 * How clients become known, in words.
 *
 * @param {Documents} documents
 * @param {Findings} findings
 * @param {Found} server
 * @returns {Promise<string>}
 */
export async function examineRegistration(documents, findings, { place, document }) {
  const methods = document.token_endpoint_auth_methods_supported;
  const takesDocuments = document.client_id_metadata_document_supported === true;
  const hasPublicClients = !Array.isArray(methods) || methods.includes('none');
  if (takesDocuments && !hasPublicClients)
    findings.advise(
      'client metadata documents are offered, public clients are not',
      `Add none to token_endpoint_auth_methods_supported in ${place}: clients in pages and programs have no secret.`,
    );
  const endpoint = document.registration_endpoint;
  const registers =
    typeof endpoint === 'string' && (await isOpenToPages(documents, findings, endpoint, takesDocuments));
  const ways = [takesDocuments && 'takes client metadata documents', registers && 'registers clients'].filter(Boolean);
  if (ways.length > 0) return ways.join(' and ');
  if (typeof endpoint !== 'string')
    findings.advise(
      'no client can register',
      `Register a client there by hand and give its clientId, or set client_id_metadata_document_supported or registration_endpoint in ${place}.`,
    );
  return 'needs a client that was registered by hand';
}

/**
 * Registration is JSON, so a page sends a preflight (Fetch Standard). Nothing else is sent: some servers register whatever they get.
 *
 * @param {Documents} documents
 * @param {Findings} findings
 * @param {string} endpoint
 * @param {boolean} isSpare whether clients can do without
 * @returns {Promise<boolean>}
 */
async function isOpenToPages(documents, findings, endpoint, isSpare) {
  const { origin, hides } = documents;
  const report = (/** @type {string} */ seen, /** @type {string} */ fix) =>
    isSpare ? findings.advise(seen, fix) : findings.broken(seen, fix);
  if (!isSecure(endpoint)) {
    report(`registration_endpoint is ${quoted(endpoint)}`, 'Use https for registration_endpoint (OAuth 2.1 §1.5).');
    return false;
  }
  if (!origin) return true;
  if (hides) return seenFromPage(documents, findings, endpoint);
  const asked = { 'access-control-request-method': 'POST', 'access-control-request-headers': 'content-type' };
  const { status, headers, cors, words } = await documents.send(endpoint, 'OPTIONS', asked);
  const what = 'preflight of the registration endpoint';
  const allowed = headers?.get('access-control-allow-headers')?.toLowerCase() ?? '';
  if (status === undefined || status < 200 || status > 299)
    report(
      `pages of ${origin} cannot register clients`,
      `The ${what} ${words}: answer OPTIONS at ${endpoint} with 204 and CORS headers.`,
    );
  else if (cors) report(...noCors(what, endpoint, origin));
  else if (!allowed.split(/\s*,\s*/).some((name) => name === '*' || name === 'content-type'))
    report(
      `pages of ${origin} cannot register clients`,
      `Access-Control-Allow-Headers lacks content-type: add it to the response to OPTIONS at ${endpoint}.`,
    );
  else return true;
  return false;
}

/**
 * A page cannot send a preflight by itself. A GET with the header of a registration has the same one; its response may be hidden all the same, so a
 * failure is only a hint.
 *
 * @param {Documents} documents
 * @param {Findings} findings
 * @param {string} endpoint
 */
async function seenFromPage(documents, findings, endpoint) {
  const { status } = await documents.send(endpoint, 'GET', { 'content-type': 'application/json' });
  if (status === undefined)
    findings.advise(
      'this page may not be able to register clients',
      `Check the CORS headers of ${endpoint} with \`npx mcp-tether doctor ${documents.url.origin}${documents.url.pathname} --origin ${documents.origin}\`.`,
    );
  return true;
}

/**
 * A POST of a form is a simple request: it needs no preflight, and its response the CORS headers.
 *
 * @param {Documents} documents
 * @param {Findings} findings
 * @param {Found} server
 */
export async function examineToken(documents, findings, { document }) {
  const endpoint = document.token_endpoint;
  if (typeof endpoint !== 'string' || !isSecure(endpoint)) return;
  const form = { 'content-type': 'application/x-www-form-urlencoded', accept: 'application/json' };
  const { status, words, cors } = await documents.send(endpoint, 'POST', form, 'grant_type=none');
  if (status === undefined && documents.hides) findings.broken(...noCors('token endpoint', endpoint, documents.origin));
  else if (cors) findings.broken(...noCors('token endpoint', endpoint, documents.origin));
  // Any other error is right: the grant does not exist, and there is no client.
  if (status !== undefined && (status === 404 || status === 405 || status >= 500))
    findings.broken(
      `the token endpoint ${words}`,
      `Correct token_endpoint, ${endpoint}: an unknown grant has to be answered with a JSON error (RFC 6749 §5.2).`,
    );
  else if (status === undefined && !documents.hides)
    findings.broken(`the token endpoint: ${words}`, `Make the token endpoint reachable: ${endpoint}.`);
}

/** @param {string} url */
function isSecure(url) {
  try {
    return Boolean(secure(url, 'endpoint'));
  } catch {
    return false;
  }
}
