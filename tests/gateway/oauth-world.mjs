// The gateway before an MCP server behind OAuth, and users who log in with a browser.
import assert from 'node:assert/strict';
import { startProtectedServer } from '../js/servers/authorization/protected-server.mjs';
import { startAuthorizationServer } from '../js/servers/authorization-server.mjs';
import { findFreePort } from '../js/servers/shared/listen.mjs';
import { initializeParams, sender } from './http.mjs';
import { startStack } from './stack.mjs';

export const tokenKeys = ['first', 'second'].map((name) => Buffer.alloc(32, name).toString('base64'));

/**
 * @param {object} [options]
 * @param {object} [options.as] rules of the authorization server
 * @param {object} [options.server] rules of the MCP server
 * @param {{ url: string, counts?: any, close?: () => Promise<unknown> }} [options.inner] behind the MCP server's gate
 * @param {object} [options.auth] of the server in the gateway's configuration
 * @param {string} [options.query] of the MCP server's URL in the configuration
 * @param {object} [options.servers] further servers
 * @param {object} [options.vars] variables of the gateway
 * @param {string} [options.folder] of another build of the gateway
 */
export async function startWorld({
  as = {},
  server = {},
  inner,
  query = '',
  auth = {},
  servers = {},
  vars = {},
  folder,
} = {}) {
  const authority = await startAuthorizationServer(as);
  const guarded = await startProtectedServer(authority, { ...server, inner });
  const port = await findFreePort();
  const origin = `http://127.0.0.1:${port}`;
  const close = async () => {
    await guarded.close();
    await inner?.close?.();
    await authority.close();
  };
  const stack = await startStack({
    server: false,
    port,
    folder,
    servers: {
      notes: { url: guarded.url + query, sessionConfig: { retryDelay: 100 }, auth: { type: 'oauth', ...auth } },
      ...servers,
    },
    vars: { PUBLIC_ORIGIN: origin, TOKEN_KEYS: tokenKeys[0], ...vars },
  }).catch(async (error) => {
    await close(); // the process of the test would not end
    throw error;
  });
  return {
    as: authority,
    server: guarded,
    stack,
    origin,
    url: `${origin}/notes/mcp`,
    async stop() {
      await stack.stop();
      await close();
    },
  };
}

/** A browser of its own cookies, which follows no redirect by itself. */
export class Browser {
  #cookies = new Map();

  async request(url, { method = 'GET', form, headers = {} } = {}) {
    const { origin } = new URL(url);
    const cookie = [...this.#cookies].map((pair) => pair.join('=')).join('; ');
    const response = await fetch(url, {
      method,
      redirect: 'manual',
      headers: { ...(cookie && { cookie }), ...(method === 'POST' && { origin }), ...headers },
      body: form && new URLSearchParams(form),
    });
    for (const line of response.headers.getSetCookie()) {
      const [name, value] = line.split(';')[0].split(/=(.*)/s);
      if (value) this.#cookies.set(name, value);
      else this.#cookies.delete(name);
    }
    return {
      status: response.status,
      location: response.headers.get('location'),
      headers: response.headers,
      text: await response.text(),
    };
  }

  /** Opens a login link and proves to be its user: to the authorization server, where it would go. */
  async start(link, token) {
    await this.request(link);
    return this.request(link, { method: 'POST', form: token ? { token } : {} });
  }

  /** The whole login; the last page. */
  async logIn(link, token) {
    const started = await this.start(link, token);
    if (started.status !== 303) return started;
    const granted = await this.request(started.location);
    return this.request(granted.location);
  }
}

/** The login link in an error or in its text. */
export const linkIn = (text) => /https?:[^\s"]+\/oauth\/start\/[\w.-]+/.exec(text)?.[0];

/** The response to `initialize`: with a login link, or with what is wrong. */
export async function ask(world, { token = 'token-of-ada', server = 'notes' } = {}) {
  const { send, rpc } = sender(`${world.origin}/${server}/mcp`, token);
  return read(await send('POST', { body: rpc('initialize', initializeParams) }));
}

/** The same for a call of a client of 2026-07-28 that opens links: it gets one at once also while a login is under way. */
export async function askAgain(world, { token = 'token-of-ada', server = 'notes' } = {}) {
  const version = '2026-07-28';
  const _meta = {
    'io.modelcontextprotocol/protocolVersion': version,
    'io.modelcontextprotocol/clientCapabilities': { elicitation: { url: {} } },
  };
  const { send, rpc } = sender(`${world.origin}/${server}/mcp`, token);
  const headers = { 'MCP-Protocol-Version': version, 'Mcp-Method': 'tools/call', 'Mcp-Name': 'echo' };
  return read(
    await send('POST', { headers, body: rpc('tools/call', { name: 'echo', arguments: { text: 'x' }, _meta }) }),
  );
}

async function read(response) {
  const text = await response.text();
  return { status: response.status, text, link: linkIn(text) };
}

export const users = { ada: 'token-of-ada', bob: 'token-of-bob' };
export const failureOf = (promise) =>
  promise.then(
    () => assert.fail('it did not fail'),
    (error) => error,
  );
/** Options of a client whose user opens each link once, whichever client shows it. */
export const opening = (token, links) => ({
  token,
  elicitation: { form: {}, url: {} },
  async elicit({ params }) {
    const isOpen = links.some(({ url }) => url === params.url);
    links.push(params);
    if (isOpen) return { action: 'accept' };
    const page = await new Browser().logIn(params.url, token);
    assert.equal(page.status, 200, page.text);
    return { action: 'accept' };
  },
});
