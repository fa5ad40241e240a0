// The way of requests of 2026-07-28 to their server. They have no session, so each of them goes to an address that works.
// @ts-check

import { log } from '../log.js';
import { fetchWithin } from '../redirects.js';
import { choicesOf, isForCanary } from './choice.js';
import { isOfProxy } from './evidence.js';

/** @import { IncomingRequest } from '../incoming-request.js' */
/** @import { Address, Identity } from '../types.js' */

/** @typedef {{ send: (init: RequestInit) => Promise<Response>, isCanary: boolean, urls: string[] }} ModernRoute */

// Sent again at once, to another address: they change nothing.
const READS =
  /^(server\/discover|(tools|prompts|resources|resources\/templates)\/list|resources\/read|prompts\/get|completion\/complete)$/;

/**
 * The way of the requests that one of a client leads to.
 * @param {IncomingRequest} incoming
 * @param {Identity} identity
 * @param {string} url of the server
 * @returns {ModernRoute}
 */
export function modernRoute({ settings, route: { subject: server }, head }, { index: user }, url) {
  const topology = settings.topology.get(server);
  if (!topology || (topology.addresses.length === 1 && !topology.canary))
    return { send: (init) => fetchWithin(url, init), isCanary: false, urls: [url] };
  const { gateway, health } = settings;
  const isCanary = isForCanary(topology, user, head);
  const choices = choicesOf(topology, user, isCanary);

  /** @type {(address: Address, init: RequestInit) => Promise<{ response?: Response, error?: unknown }>} */
  const attempt = async (address, init) => {
    try {
      const response = await fetchWithin(address.url, init);
      if (!isOfProxy(gateway, response)) {
        health.worked(user, address);
        return { response };
      }
      health.failed(user, address);
      return { response, error: new Error(`HTTP status ${response.status}`) };
    } catch (error) {
      if (!init.signal?.aborted) health.failed(user, address); // otherwise the client has gone
      return { error };
    }
  };

  const send = async (/** @type {RequestInit} */ init) => {
    const left = [...choices];
    for (;;) {
      const address = health.best(user, left);
      left.splice(left.indexOf(address), 1);
      const { response, error } = await attempt(address, init);
      const isRepeated = error && left.length > 0 && !init.signal?.aborted && READS.test(methodOf(init));
      if (response && !isRepeated) return response;
      if (!isRepeated) throw error;
      log('info', 'addressSkipped', { server, host: new URL(address.url).host });
      await response?.body?.cancel();
    }
  };
  return { send, isCanary, urls: choices.map((address) => address.url) };
}

/** What URLs may have that errors must not show: @param {string[]} urls */
export function secretsIn(urls) {
  return urls.flatMap((url) => {
    const { searchParams, username, password } = new URL(url);
    return [...searchParams.values(), username, password];
  });
}

// 2026-07-28 basic/transports: the header names the method of the body.
/** @param {RequestInit} init */
function methodOf({ headers }) {
  return (headers instanceof Headers && headers.get('mcp-method')) || '';
}
