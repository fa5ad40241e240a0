// Where the server may be instead: at another path of the origin, or at the other loopback address of this machine.
// @ts-check

import { request } from './messages.js';
import { json } from './wire.js';

/** @import { Answer } from './types.js' */
/** @import { Wire } from './wire.js' */

const usual = ['/mcp', '/mcp/', '/api/mcp', '/gradio_api/mcp/', '/sse', '/'];

/**
 * Whether an answer says that there is no MCP endpoint at this path.
 * @param {Answer} answer
 */
export function isElsewhere({ status = 0, media, message }) {
  return !message && (status === 404 || status === 405 || status === 410 || (status === 200 && media === 'page'));
}

/**
 * The URL of a path at which something answers as an MCP endpoint does. The requests carry no credentials.
 * @param {Wire} wire
 */
export async function findPath(wire) {
  const { origin, pathname, href } = new URL(wire.url);
  const below = `${pathname.replace(/\/$/, '')}/mcp`;
  const places = [...new Set([below, ...usual])].map((path) => origin + path).filter((url) => url !== href);
  const found = await Promise.all(places.map((url) => answers(wire, url)));
  return places[found.indexOf(true)];
}

/** @param {Wire} wire @param {string} url */
async function answers(wire, url) {
  // Not for the CORS step: its answers are those of the configured URL.
  const how = { url, origin: null };
  if (url.endsWith('/sse')) {
    const { status, media } = await wire.send('GET', { accept: 'text/event-stream' }, { ...how, reads: false });
    return status === 200 && media === 'stream';
  }
  const { status, message } = await wire.send('POST', json, { ...how, body: JSON.stringify(request('ping')) });
  return message !== undefined || status === 401;
}

/**
 * The origin with another loopback address, if a server listens there: many listen at one of the two, and `localhost` may mean the other.
 * @param {Wire} wire
 */
export async function findLoopback(wire) {
  const url = new URL(wire.url);
  if (!/^(localhost|127\.0\.0\.1|\[::1\])$/.test(url.hostname)) return undefined;
  for (const hostname of ['127.0.0.1', '[::1]']) {
    url.hostname = hostname;
    if (url.href === wire.url) continue;
    const { failure } = await wire.send('HEAD', {}, { url: url.href, origin: null });
    if (!failure) return url.origin;
  }
  return undefined;
}
