// Cookies for hosts without a cookie store (Node, Deno, Bun, Workers): load balancers set them to find the replica of a session.

import { CookieJar } from 'tough-cookie';

const USER = 'mcp-tether-user';
const MAX_JARS = 10_000;

export function withCookies(server) {
  const jars = new Map();
  const send = server.fetch ?? ((url, init) => fetch(url, init));
  return {
    ...server,
    // Filled in per user, and removed again below.
    headers: { ...server.headers, [USER]: '{{USER_ID}}' },
    async fetch(url, { headers: { [USER]: user, ...headers }, ...init }) {
      // Requests without the header belong to no user.
      if (user === undefined) return send(url, { ...init, headers });
      const jar = jarOf(jars, user);
      const cookies = await jar.getCookieString(String(url));
      const own = Object.keys(headers).find((name) => name.toLowerCase() === 'cookie');
      if (cookies) headers[own ?? 'Cookie'] = own ? `${headers[own]}; ${cookies}` : cookies;
      const response = await send(url, { ...init, headers });
      for (const cookie of response.headers.getSetCookie?.() ?? [])
        await jar.setCookie(cookie, String(url), { ignoreError: true });
      return response;
    },
  };
}

// The least recently used jar is dropped first.
function jarOf(jars, user) {
  const jar = jars.get(user) ?? new CookieJar();
  jars.delete(user);
  jars.set(user, jar);
  if (jars.size > MAX_JARS) jars.delete(jars.keys().next().value);
  return jar;
}
