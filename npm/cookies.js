// Cookies for hosts without a cookie store (Node, Deno, Bun, Workers): load balancers set them to find the replica of a session.
// @ts-check

import { CookieJar } from 'tough-cookie';

/** @import { ServerConfig } from './index.js' */
/** @typedef {RequestInit & { headers: Record<string, string> }} Init the options that the module passes to `fetch` */

const USER = 'mcp-tether-user';
const MAX_JARS = 10_000;

/** @param {ServerConfig} server @returns {ServerConfig} */
export function withCookies(server) {
  if (Object(server) !== server) throw new TypeError('withCookies() needs a server, such as { url }');
  /** @type {Map<string, CookieJar>} */
  const jars = new Map();
  /** @type {(url: string | URL, init?: RequestInit) => Promise<Response>} */
  const send = server.fetch ?? ((url, init) => fetch(url, init));
  return {
    ...server,
    // Filled in per user, and removed again below.
    headers: { ...server.headers, [USER]: '{{mcp-tether-user}}' },
    async fetch(url, options) {
      const { headers: all, ...init } = /** @type {Init} */ (options);
      const { [USER]: user, ...headers } = all;
      // Requests without the header belong to no user.
      if (user === undefined) return send(url, { ...init, headers });
      const jar = jarOf(jars, user);
      const cookies = await jar.getCookieString(String(url));
      const own = Object.keys(headers).find((name) => name.toLowerCase() === 'cookie');
      if (cookies) headers[own ?? 'Cookie'] = own ? `${headers[own]}; ${cookies}` : cookies;
      const response = await send(url, { ...init, headers });
      /** @type {any} */
      const received = response.headers;
      // node-fetch has raw() instead.
      for (const cookie of received.getSetCookie?.() ?? received.raw?.()['set-cookie'] ?? [])
        await jar.setCookie(cookie, String(url), { ignoreError: true });
      return response;
    },
  };
}

// The least recently used jar is dropped first.
/** @param {Map<string, CookieJar>} jars @param {string} user */
function jarOf(jars, user) {
  const jar = jars.get(user) ?? new CookieJar();
  jars.delete(user);
  jars.set(user, jar);
  const [oldest] = jars.keys();
  if (jars.size > MAX_JARS && oldest !== undefined) jars.delete(oldest);
  return jar;
}
