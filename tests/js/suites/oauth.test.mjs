// mcp-tether/oauth with a manager, against a real MCP server behind OAuth: the results of calls, and the number of logins.
import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { browser, entry, packageUrl, startWorld } from '../helpers/oauth/world.mjs';

const { McpManager } = await import(packageUrl('node.js'));

let world;
let managers = [];
afterEach(async () => {
  await Promise.all(managers.map((manager) => manager.close()));
  managers = [];
  await world?.close();
});

/** A world with a manager whose user is logged in by `options`. */
async function open(rules, options = {}, server = {}) {
  world = await startWorld(rules);
  const lines = [];
  const config = { url: world.server.url, protocolVersion: 'legacy', sessionConfig: { retryDelay: 20 }, ...server };
  const manager = new McpManager(
    { mcpServers: { notes: config } },
    { env: {}, debug: true, log: (_level, line) => lines.push(line) },
  );
  managers.push(manager);
  const events = [];
  for (const type of ['authorizationNeeded', 'authorized', 'authorizationFailed', 'sessionTerminated'])
    manager.events.addEventListener(type, ({ detail }) => events.push({ type, ...detail }));
  const auth = world.provider(options);
  return { ...world, manager, auth, events, lines, connect: () => manager.connect('ada', 'notes', { auth }) };
}

const echo = { name: 'echo', arguments: { text: 'hello' } };
const textOf = ({ content }) => content[0].text;

test('a login on the way to the first call, and none for the next ones', async () => {
  const { connect, logins, events, as } = await open({});
  const session = await connect();
  const calls = await Promise.all(Array.from({ length: 10 }, () => session.callTool(echo)));
  assert.ok(calls.every((result) => textOf(result) === 'hello'));
  assert.deepEqual([logins.length, as.count('token')], [1, 1]);
  assert.deepEqual(
    events.map(({ type }) => type),
    ['authorizationNeeded', 'authorized'],
  );
});

test('expired under ten calls: one refresh, the same session', async () => {
  const { connect, as, logins, server } = await open({});
  const session = await connect();
  const { sessionId } = session;
  for (let times = 1; times <= 4; times += 1) {
    as.expireAll();
    const results = await Promise.all(Array.from({ length: 10 }, () => session.callTool(echo)));
    assert.ok(results.every((result) => textOf(result) === 'hello'));
    assert.equal(as.count('token', 'refresh_token'), times);
  }
  assert.deepEqual([logins.length, session.sessionId, server.counts.initialize], [1, sessionId, 1]);
});

test('revoked under ten calls, again and again: one login each', async () => {
  const { connect, as, logins, server } = await open({});
  const session = await connect();
  for (let times = 2; times <= 5; times += 1) {
    as.revokeAll();
    await Promise.all(Array.from({ length: 10 }, () => session.callTool(echo)));
    assert.equal(logins.length, times);
  }
  assert.equal(server.counts.initialize, 1);
});

test('a server that refuses calls alone: the login is in the call, which runs once', async () => {
  const { connect, logins, server } = await open({
    server: { needsToken: (message) => message?.method === 'tools/call' },
  });
  const session = await connect();
  await session.listTools();
  assert.equal(logins.length, 0);
  assert.equal(textOf(await session.callTool(echo)), 'hello');
  assert.deepEqual([logins.length, server.counts.calls.echo], [1, 1]);
});

test('a login that takes longer than the timeout of the call', async () => {
  const slow = async (url, about) => {
    await wait(1_200);
    return browser()(url, about);
  };
  const { connect, as } = await open({}, { authorize: slow });
  const session = await connect();
  as.revokeAll();
  assert.equal(textOf(await session.callTool(echo, { timeout: 600 })), 'hello');
});

test('denied: the cause says so, the next call asks again, and the session is the same', async () => {
  let denies = true;
  const { connect, as, logins, events, server } = await open({});
  const session = await connect();
  as.rules.authorize = ({ redirect_uri, state }) =>
    denies
      ? {
          status: 302,
          headers: {
            Location: `${redirect_uri}?${new URLSearchParams({ error: 'access_denied', error_description: 'not today', state, iss: as.issuer })}`,
          },
        }
      : undefined;
  as.revokeAll();
  const error = await session.callTool(echo).catch((thrown) => thrown);
  assert.deepEqual([error.code, error.status, error.cause.code], ['unauthorized', 401, 'access_denied']);
  assert.match(error.cause.message, /not today/);
  denies = false;
  assert.equal(textOf(await session.callTool(echo)), 'hello');
  assert.deepEqual([logins.length, server.counts.initialize, session.state], [3, 1, 'ready']);
  assert.deepEqual(
    events.map(({ type }) => type),
    [
      'authorizationNeeded',
      'authorized',
      'authorizationNeeded',
      'authorizationFailed',
      'authorizationNeeded',
      'authorized',
    ],
  );
});

test('denied in the handshake: the cause says so, and the next connect asks again', async () => {
  const { connect, as, logins } = await open({});
  as.rules.authorize = ({ redirect_uri, state }) => ({
    status: 302,
    headers: { Location: `${redirect_uri}?${new URLSearchParams({ error: 'access_denied', state, iss: as.issuer })}` },
  });
  await assert.rejects(connect(), ({ code, cause }) => code === 'unauthorized' && cause.code === 'access_denied');
  as.rules.authorize = () => undefined;
  assert.equal(textOf(await (await connect()).callTool(echo)), 'hello');
  assert.equal(logins.length, 2);
});

test('the authorization server is away: the call fails, the tokens stay, the next call works', async () => {
  const { connect, as, logins } = await open({});
  const session = await connect();
  as.expireAll();
  as.rules.token = () => ({ status: 503 });
  await assert.rejects(session.callTool(echo), ({ code, cause }) => code === 'unauthorized' && cause.isTransient);
  as.rules.token = () => undefined;
  assert.equal(textOf(await session.callTool(echo)), 'hello');
  assert.equal(logins.length, 1);
});

test('a scope that one call needs: one consent, and 403 for any other reason is none', async () => {
  const { connect, server, logins } = await open({ server: { challengedScope: 'read' } });
  const session = await connect();
  server.rules.scope = (message) => (message?.method === 'tools/call' ? 'write' : undefined);
  assert.equal(textOf(await session.callTool(echo)), 'hello');
  assert.equal(textOf(await session.callTool(echo)), 'hello');
  assert.deepEqual(
    logins.map((url) => new URL(url).searchParams.get('scope')),
    ['read', 'read write'],
  );
  server.rules.needsToken = () => true;
  server.rules.accepts = () => false;
  server.rules.status = 403;
  server.rules.challenge = () => 'Bearer error="access_denied"';
  await assert.rejects(session.callTool(echo), { code: 'forbidden' });
  assert.equal(logins.length, 2);
});

test('a scope that no login brings: three logins at most, and the cause names it', async () => {
  const { connect, server, as, logins } = await open({ server: { challengedScope: 'read' } });
  const session = await connect();
  as.rules.tokens = (tokens) => ({ ...tokens, scope: 'read' });
  server.rules.scope = () => undefined;
  server.rules.accepts = () => false;
  server.rules.status = 403;
  server.rules.challenge = () => 'Bearer error="insufficient_scope", scope="moon"';
  const errors = [];
  for (let times = 0; times < 8; times += 1) {
    errors.push(await session.callTool(echo).catch((error) => error));
    // Past the time that the provider is left alone.
    await wait(60);
  }
  assert.ok(errors.every(({ code }) => code === 'forbidden'));
  assert.match(errors.find(({ cause }) => cause)?.cause.message, /moon/);
  assert.ok(logins.length <= 3, `${logins.length} logins`);
});

const jwt = (claims) => `e30.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.x`;

test('a new token that is refused: one login for all who connect, and the cause says why', async () => {
  const { connect, logins } = await open({
    as: { tokens: ({ access_token: jti }) => ({ access_token: jwt({ aud: 'api://default', jti }) }) },
    server: { challenge: (usual) => `${usual}, error_description="The audience is invalid"`, accepts: () => false },
  });
  const errors = [];
  for (let times = 0; times < 3; times += 1) errors.push(await connect().catch((error) => error));
  assert.ok(errors.every(({ code, status }) => code === 'unauthorized' && status === 401));
  assert.match(errors[0].evidence, /The audience is invalid/);
  assert.match(
    errors.at(-1).cause.message,
    /\/mcp refuses new tokens of http:\S+ \{"aud":"api:\/\/default"\}: The audience is invalid$/,
  );
  assert.equal(errors.at(-1).cause.code, 'invalid_token');
  assert.equal(logins.length, 1);
  assert.ok(errors.every((error) => !`${error.message}${error.evidence}${error.cause?.message}`.includes('e30.')));
});

test('the same for calls, one after the other', async () => {
  const { connect, server, logins } = await open({
    as: { tokens: ({ refresh_token, ...tokens }) => tokens },
  });
  const session = await connect();
  server.rules.accepts = () => false;
  for (let times = 0; times < 4; times += 1) await assert.rejects(session.callTool(echo), { code: 'unauthorized' });
  assert.equal(logins.length, 2, 'one more than for the connection');
});

test('a page that is left for the login is left once if the token is refused', async () => {
  const left = [];
  let back;
  const authorize = Object.assign(
    (url) => {
      left.push(url);
      return left.length === 1 ? new Promise(() => {}) : Promise.reject(new Error('left again'));
    },
    {
      save: (_key, pending) => {
        back = { pending };
      },
      take: () => {
        const { callback, pending } = back ?? {};
        if (!callback) return undefined;
        back = undefined;
        return { callback, pending };
      },
    },
  );
  const { connect, manager, provider } = await open(
    { as: { tokens: ({ refresh_token, ...tokens }) => tokens }, server: { accepts: () => false } },
    { authorize },
  );
  connect().catch(() => {});
  const until = Date.now() + 60_000;
  while (left.length === 0 && Date.now() < until) await wait(5);
  back.callback = await browser()(left[0], { signal: new AbortController().signal });
  await manager.close();

  const next = new McpManager({ mcpServers: { notes: { url: world.server.url } } }, { env: {}, log() {} });
  managers.push(next);
  const auth = provider({ authorize });
  for (let times = 0; times < 2; times += 1)
    await assert.rejects(next.connect('ada', 'notes', { auth }), { code: 'unauthorized' });
  assert.equal(left.length, 1);
});

test('who has signed out logs in again at once', async () => {
  const { connect, auth, manager, logins } = await open({});
  for (let times = 1; times <= 3; times += 1) {
    assert.equal(textOf(await (await connect()).callTool(echo)), 'hello');
    assert.equal(logins.length, times);
    await manager.terminate('ada', 'notes');
    await auth.signOut('ada', 'notes');
  }
});

test('403 and 400 with invalid_token are refusals of the token', async () => {
  for (const status of [400, 403]) {
    const { connect, as, logins } = await open({ server: { status } });
    const session = await connect();
    as.expireAll();
    assert.equal(textOf(await session.callTool(echo)), 'hello');
    assert.deepEqual([as.count('token', 'refresh_token'), logins.length], [1, 1]);
    await world.close();
  }
});

test('a server that says 500 to an expired token never sees one', async () => {
  const { connect, as, server } = await open({ as: { lifetime: 12 }, server: { status: 500 } });
  const session = await connect();
  const until = Date.now() + 60_000;
  while (as.count('token', 'refresh_token') === 0 && Date.now() < until) await wait(50);
  assert.equal(as.count('token', 'refresh_token'), 1, 'refreshed between calls');
  assert.equal(textOf(await session.callTool(echo)), 'hello');
  assert.ok(server.refusals.every(({ status }) => status === 401));
});

test('another user logs in: the session is ended with the token of the one before; the same user keeps it', async () => {
  let subject = 'ada';
  const { connect, as, server, events } = await open({
    as: { tokens: (tokens) => ({ ...tokens, id_token: jwt({ sub: subject }) }) },
  });
  const session = await connect();
  as.revokeAll();
  assert.equal(textOf(await session.callTool(echo)), 'hello');
  as.revokeAll();
  subject = 'eve';
  await assert.rejects(session.callTool(echo), { code: 'closed' });
  assert.equal(session.state, 'terminated');
  assert.ok(events.some(({ type }) => type === 'sessionTerminated'));
  const next = await connect();
  assert.equal(textOf(await next.callTool(echo)), 'hello');
  assert.equal(server.counts.initialize, 2);
});

test('the fetch of the manager is used for everything', async () => {
  world = await startWorld();
  const asked = [];
  const manager = new McpManager(
    { mcpServers: { notes: { url: world.server.url, protocolVersion: 'legacy' } } },
    {
      env: {},
      log() {},
      fetch: (url, init) => {
        asked.push(new URL(url).pathname);
        return fetch(url, init);
      },
    },
  );
  managers.push(manager);
  const session = await manager.connect('ada', 'notes', { auth: world.provider() });
  await session.callTool(echo);
  for (const path of [
    '/.well-known/oauth-protected-resource/mcp',
    '/.well-known/oauth-authorization-server',
    '/register',
    '/token',
  ])
    assert.ok(asked.includes(path), path);
});

test('no token, code or secret is in a log line, an event or an error', async () => {
  const { connect, as, lines, events } = await open({
    as: { registration: { token_endpoint_auth_method: 'client_secret_post' } },
  });
  const session = await connect();
  as.expireAll();
  await session.callTool(echo);
  as.revokeAll();
  as.rules.authorize = () => ({ status: 400, body: 'no' });
  const error = await session.callTool(echo).catch((thrown) => thrown);
  const seen = JSON.stringify([lines, events, error.message, error.cause.message, error.evidence]);
  assert.ok(!/at-[0-9a-f]|rt-[0-9a-f]|code-[0-9a-f]|secret:/.test(seen), seen);
});

test('a program with a client secret', async () => {
  const { manager, as } = await open({});
  const auth = entry.clientCredentials({ clientId: 'bot', clientSecret: 'x' });
  const session = await manager.connect('bot', 'notes', { auth });
  assert.equal(textOf(await session.callTool(echo)), 'hello');
  assert.equal(as.count('token', 'client_credentials'), 1);
});
