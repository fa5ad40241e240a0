// An authorization server, a protected MCP server, and a user who logs in by following redirects.
import { pathToFileURL } from 'node:url';
import { startProtectedServer } from '../../servers/authorization/protected-server.mjs';
import { startAuthorizationServer } from '../../servers/authorization-server.mjs';
import { client } from './client.mjs';

const packageEntry = process.env.MCP_TETHER_PACKAGE
  ? pathToFileURL(process.env.MCP_TETHER_PACKAGE)
  : new URL('../../../../pkg/node.js', import.meta.url);
export const packageUrl = (name) => new URL(name, packageEntry);
export const entry = await import(packageUrl('oauth.js'));

export const redirectUri = 'http://127.0.0.1:9/callback';

/** A user who says yes: goes where the server sends the browser, up to the callback. */
export function browser(log = []) {
  return async (url, { signal }) => {
    log.push(String(url));
    const response = await fetch(url, { redirect: 'manual', signal });
    const location = response.headers.get('location');
    // A page that says what is wrong: the user closes it, and nothing comes back.
    if (location === null) throw new Error(`the login page says ${response.status}: ${await response.text()}`);
    return location;
  };
}

/**
 * @param {object} [rules]
 * @param {object} [rules.as] of the authorization server
 * @param {object} [rules.server] of the protected server
 */
export async function startWorld({ as = {}, server = {} } = {}) {
  const authority = await startAuthorizationServer(as);
  const guarded = await startProtectedServer(authority, server);
  const logins = [];
  const closers = [guarded.close, authority.close];
  return {
    as: authority,
    server: guarded,
    /** The URLs that the user was sent to. */
    logins,
    closers,
    provider: (options = {}) =>
      entry.oauth({ redirectUri, authorize: browser(logins), ...memory(options), ...options }),
    client: (options = {}, about) =>
      client(guarded, entry.oauth({ redirectUri, authorize: browser(logins), ...memory(options), ...options }), about),
    clientOf: (provider, about) => client(guarded, provider, about),
    close: async () => {
      for (const close of closers) await close();
    },
  };
}

const memory = ({ storage }) => ({ storage: storage ?? entry.memoryStorage() });
