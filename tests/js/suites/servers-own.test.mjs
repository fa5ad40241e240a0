// What a server has of its own: `fetch`, `auth`, `credentials`, cookies; and what becomes of what a `fetch` throws.
import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import { applyMiddlewares, createMiddleware, UnauthorizedError, withOAuth } from '@modelcontextprotocol/client';
import { withCookies } from '../../../pkg/cookies.js';
import { McpManager } from '../../../pkg/node.js';
import { openPage } from '../helpers/browsers/chromium.mjs';
import { startScriptedServer } from '../servers/scripted-server.mjs';
import { listen } from '../servers/shared/listen.mjs';
import { sendJson } from '../servers/shared/messages.mjs';

describe('a server’s own', () => {
  let server;
  let requests;
  let hook;
  const managers = [];

  function make(servers, options) {
    const mcpServers = {};
    for (const [name, own] of Object.entries(servers))
      mcpServers[name] = { url: server.url, protocolVersion: 'legacy', ...own };
    const lines = [];
    const manager = new McpManager({ mcpServers }, { log: (_level, line) => lines.push(line), ...options });
    managers.push(manager);
    return Object.assign(manager, { lines });
  }

  before(async () => {
    server = await startScriptedServer((exchange) => {
      requests.push({ method: exchange.message?.method ?? exchange.request.method, headers: exchange.request.headers });
      return hook(exchange);
    });
  });
  beforeEach(() => {
    requests = [];
    hook = () => false;
  });
  after(async () => {
    await Promise.all(managers.map((manager) => manager.close()));
    await server.close();
  });

  test('`fetch` is used for this server alone, and for all that is sent to it', async () => {
    const used = { own: 0, others: 0 };
    const counting = (name) => (url, init) => {
      used[name]++;
      return fetch(url, init);
    };
    const manager = make({ 'with ü': { fetch: counting('own') }, other: {} }, { fetch: counting('others') });
    const session = await manager.connect('ada', 'with ü');
    await session.listTools();
    const own = { ...used };
    await (await manager.connect('ada', 'other')).listTools();
    await manager.idle();

    assert.equal(own.others, 0);
    assert.ok(own.own >= 3, 'initialize, initialized, the list');
    assert.equal(used.own, own.own);
    assert.ok(used.others >= 3);
    assert.deepEqual(
      manager.lines,
      [...manager.lines].filter((line) => !/unknown/i.test(line)),
      'no key is unknown',
    );
    for (const { headers } of requests)
      assert.deepEqual(
        Object.keys(headers).filter((name) => name.startsWith('mcp-tether')),
        [],
      );
  });

  test('cookies of a balancer are kept with the headers of node-fetch, too', async () => {
    hook = ({ message, response }) => {
      if (message?.method === 'initialize') response.setHeader('Set-Cookie', 'replica=r1; Path=/');
      return false;
    };
    const own = async (url, init) => {
      const { status, headers, body } = await fetch(url, init);
      const raw = () => ({ 'set-cookie': headers.getSetCookie() });
      return { status, headers: { get: (name) => headers.get(name), raw }, body };
    };
    const manager = make({ a: withCookies({ url: server.url, protocolVersion: 'legacy', fetch: own }) });
    const session = await manager.connect('ada', 'a');
    requests = [];
    await session.listTools();
    assert.equal(requests.at(-1).headers.cookie, 'replica=r1');
  });

  test('`credentials` are in what `fetch` gets', async () => {
    const seen = [];
    const options = {
      fetch: (url, init) => {
        seen.push(init.credentials);
        return fetch(url, init);
      },
    };
    const manager = make({ s: { credentials: 'include' }, plain: {} }, options);
    await (await manager.connect('ada', 's')).ping();
    assert.ok(seen.length >= 2 && seen.every((credentials) => credentials === 'include'), `${seen}`);
    seen.length = 0;
    await (await manager.connect('ada', 'plain')).ping();
    assert.ok(seen.every((credentials) => credentials === undefined));
  });

  test('`auth` is asked where `connect` is given none', async () => {
    const auth = (token) => ({ token: async ({ userId }) => `${token}-${userId}` });
    const manager = make({ s: { auth: auth('server') } });
    await (await manager.connect('ada', 's')).ping();
    await (await manager.connect('bob', 's', { auth: auth('user') })).ping();
    const sent = new Set(requests.map(({ headers }) => headers.authorization));
    assert.deepEqual([...sent], ['Bearer server-ada', 'Bearer user-bob']);
  });

  test('a `fetch` that is no function is a config_error', () => {
    assert.throws(() => make({ s: { fetch: 'fast' } }), {
      code: 'config_error',
      message: 'mcpServers.s.fetch: must be a function',
    });
    assert.throws(() => new McpManager({ mcpServers: { s: null } }), { code: 'config_error' });
    assert.throws(() => new McpManager({ mcpServers: 'none' }), { code: 'config_error' });
  });

  test('the diagnosis uses it', async () => {
    let used = 0;
    const own = (url, init) => {
      used++;
      return fetch(url, init);
    };
    const manager = make({ s: { fetch: own } });
    const { steps } = await manager.diagnose('s', 'ada');
    assert.ok(used > 3);
    assert.ok(steps.find(({ name }) => name === 'initialize').ok);
    for (const { headers } of requests) assert.ok(!('mcp-tether-server' in headers));
  });

  for (const where of ['server', 'manager'])
    test(`what the ${where}’s fetch throws is the cause at once`, async () => {
      let calls = 0;
      const reason = new RangeError('no budget is left');
      const thrower = () => {
        calls++;
        throw reason;
      };
      const manager = where === 'server' ? make({ s: { fetch: thrower } }) : make({ s: {} }, { fetch: thrower });
      await assert.rejects(manager.connect('ada', 's'), (error) => error.cause === reason);
      assert.equal(calls, 1);
    });

  test('a failure of the network is tried again', async () => {
    let calls = 0;
    const flaky = (url, init) => {
      calls++;
      if (calls === 1)
        throw new TypeError('fetch failed', { cause: Object.assign(new Error(), { code: 'ECONNRESET' }) });
      return fetch(url, init);
    };
    const manager = make({ s: { fetch: flaky, sessionConfig: { retryDelay: 1 } } });
    assert.equal((await manager.connect('ada', 's')).state, 'ready');
  });

  test('the official OAuth middleware sends the user to log in once', async () => {
    const authorization = await startAuthorizationServer();
    hook = ({ request, response }) => {
      if (request.headers.authorization === 'Bearer good') return false;
      const metadata = `resource_metadata="${authorization.origin}/.well-known/oauth-protected-resource"`;
      response.writeHead(401, { 'WWW-Authenticate': `Bearer ${metadata}` }).end();
      return true;
    };
    authorization.resource = server.url;
    const provider = oauthProvider();
    const seen = [];
    const noting = createMiddleware(async (next, input, init) => {
      seen.push(String(input));
      return next(input, init);
    });
    const manager = make({ s: { fetch: applyMiddlewares(withOAuth(provider, server.url), noting)(fetch) } });

    await assert.rejects(manager.connect('ada', 's'), (error) => error.cause instanceof UnauthorizedError);
    assert.equal(provider.redirects, 1);

    provider.token = 'good'; // the user has come back
    const session = await manager.connect('ada', 's');
    assert.equal((await session.listTools()).tools.length, 2);
    assert.equal(provider.redirects, 1);
    assert.ok(seen.length > 1, 'the other middleware saw the requests');
    await authorization.close();
  });

  test('`credentials: include` sends a page’s cookies to another origin, and the default does not', async () => {
    hook = ({ request, response, message }) => {
      response.setHeader('Access-Control-Allow-Origin', request.headers.origin ?? '*');
      response.setHeader('Access-Control-Allow-Credentials', 'true');
      if (message?.method === 'initialize') response.setHeader('Set-Cookie', 'replica=r1; Path=/');
      return false;
    };
    const { page, close } = await openPage();
    const cookiesWith = async (own) => {
      requests = [];
      await page.evaluate(
        async ([url, settings]) => {
          const { default: init, McpManager } = await import('/pkg/browser.js');
          await init();
          const manager = new McpManager({ mcpServers: { s: { url, protocolVersion: 'legacy', ...settings } } });
          await (await manager.connect('ada', 's')).listTools();
          await manager.close();
        },
        [server.url, own],
      );
      return requests.filter(({ method }) => method === 'tools/list').map(({ headers }) => headers.cookie);
    };
    try {
      assert.deepEqual(await cookiesWith({ credentials: 'include' }), ['replica=r1']);
      assert.deepEqual(await cookiesWith({}), [undefined]);
    } finally {
      await close();
    }
  });

  test('cookies of a balancer go back to it, each user’s own', async () => {
    let replicas = 0;
    hook = ({ request, response, message }) => {
      if (message?.method === 'initialize') {
        replicas++;
        response.setHeader('Set-Cookie', [`replica=r${replicas}; Path=/; HttpOnly`, 'theme=dark; Path=/elsewhere']);
      } else if (request.headers.cookie === undefined) {
        sendJson(response, 404, {});
        return true;
      }
      return false;
    };
    const config = { url: server.url, protocolVersion: 'legacy' };
    const manager = make({ a: withCookies(config), b: withCookies({ ...config, headers: { Cookie: 'mine=1' } }) });
    const ada = await manager.connect('ada', 'a');
    const bob = await manager.connect('bob', 'a');
    const other = await manager.connect('ada', 'b');
    requests = [];
    for (const session of [ada, bob, other, ada]) assert.equal((await session.listTools()).tools.length, 2);
    const sent = requests.filter(({ method }) => method === 'tools/list').map(({ headers }) => headers.cookie);
    assert.deepEqual(sent, ['replica=r1', 'replica=r2', 'mine=1; replica=r3', 'replica=r1']);
    assert.deepEqual(
      [ada, bob, other].map(({ generation }) => generation),
      [1, 1, 1],
    );
    // No header can carry these names.
    const names = ['zoë', 'Łukasz', '日本', 'a\nb'];
    for (const [index, name] of names.entries()) {
      await (await manager.connect(name, 'a')).listTools();
      assert.equal(requests.at(-1).headers.cookie, `replica=r${4 + index}`);
    }
    for (const { headers } of requests)
      assert.deepEqual(
        Object.keys(headers).filter((name) => name.startsWith('mcp-tether')),
        [],
      );
  });
});

/** What OAuth discovery asks for. */
async function startAuthorizationServer() {
  const here = await listen((request, response) => {
    const { origin } = here;
    const answers = {
      '/.well-known/oauth-protected-resource': { resource: own.resource, authorization_servers: [origin] },
      '/.well-known/oauth-authorization-server': {
        issuer: origin,
        authorization_endpoint: `${origin}/authorize`,
        token_endpoint: `${origin}/token`,
        response_types_supported: ['code'],
        code_challenge_methods_supported: ['S256'],
      },
    };
    const answer = answers[request.url];
    sendJson(response, answer ? 200 : 404, answer ?? {});
  });
  const own = { origin: here.origin, close: here.close, resource: undefined };
  return own;
}

function oauthProvider() {
  return {
    redirects: 0,
    token: undefined,
    redirectUrl: 'http://127.0.0.1/callback',
    clientMetadata: { redirect_uris: ['http://127.0.0.1/callback'] },
    clientInformation: () => ({ client_id: 'app' }),
    tokens() {
      return this.token && { access_token: this.token, token_type: 'Bearer' };
    },
    saveTokens() {},
    redirectToAuthorization() {
      this.redirects++;
    },
    saveCodeVerifier() {},
    codeVerifier: () => 'verifier',
  };
}
