// Any real MCP server of the visitor's choice. It causes no faults on demand, so fewer of them are available.
// @ts-check

import { readAddress } from '../doctor/address.js';
import { withBrief } from './backend.js';

/** @import { Backend } from '../types.js' */

/** @param {{ url: string, headers: string }} form headers as lines of `Name: value` @returns {Backend} */
export function ownBackend({ url: text, headers }) {
  const url = readAddress(text);
  checkReachable(url);
  const server = { name: nameOf(url), url: url.href, headers: parseHeaders(headers) };
  return {
    kind: 'own',
    about:
      `This page connects directly to ${url.host}. Available faults: ` +
      "the network, and the session, by ending it behind the client's back.",
    servers: withBrief([server]),
    controlUrl: undefined,
  };
}

/**
 * The CORS headers that the server must send for this page. Most servers lack the last line.
 * @param {string} [origin]
 */
export function corsNeeded(origin = location.origin) {
  return [
    `Access-Control-Allow-Origin: ${origin}`,
    'Access-Control-Allow-Methods: GET, POST, DELETE, OPTIONS',
    'Access-Control-Allow-Headers: Content-Type, Accept, Authorization, Mcp-Session-Id, MCP-Protocol-Version, Last-Event-ID',
    'Access-Control-Expose-Headers: Mcp-Session-Id, WWW-Authenticate, Retry-After',
  ].join('\n');
}

const thisMachine = /^(localhost|127(\.\d+){3})$/;

/**
 * The page's policy, and browsers in a page over HTTPS, refuse plain HTTP to other machines: an attempt only takes its time.
 * @param {URL} url
 */
function checkReachable({ protocol, hostname, host }) {
  if (protocol === 'https:' || (protocol === 'http:' && thisMachine.test(hostname))) return;
  throw new Error(
    `A page cannot connect to ${protocol}//${host}: use https://, or a server on this machine (http://127.0.0.1 or http://localhost).`,
  );
}

/** @param {URL} url */
function nameOf(url) {
  return url.hostname.replace(/[^a-z0-9]+/gi, '-').slice(0, 24) || 'server';
}

/** @param {string} text @returns {Record<string, string>} */
function parseHeaders(text) {
  return Object.fromEntries(
    text
      .split('\n')
      .filter((line) => line.trim())
      .map((line) => {
        const colon = line.indexOf(':');
        if (colon < 1) throw new Error(`“${line.trim().slice(0, 20)}” is not a header: write Name: value.`);
        return [line.slice(0, colon).trim(), line.slice(colon + 1).trim()];
      }),
  );
}
