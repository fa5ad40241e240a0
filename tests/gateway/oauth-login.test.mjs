// Logins that the gateway asks for: when, how they end, and what the client learns.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { clients, textOf } from './clients.mjs';
import { eventsOf, initializeParams, messageOf, sender } from './http.mjs';
import { ask, Browser, failureOf, linkIn, opening, startWorld, users } from './oauth-world.mjs';
import { until } from './stack.mjs';

describe('a login', () => {
  const connect = clients['the official client v1'];
  const needsToken = ({ method } = {}) => method === 'tools/call';
  const open = async (t, options) => {
    const world = await startWorld({ ...options, server: { needsToken, ...options?.server } });
    t.after(() => world.stop());
    return world;
  };

  test('for more scopes is asked for once, and the call goes on', async (t) => {
    const scope = ({ params } = {}) => (params?.name === 'echo' ? 'notes:write' : undefined);
    const world = await open(t, { server: { scope, challengedScope: 'notes:read' } });
    const links = [];
    const client = await connect(world.url, opening(users.ada, links));
    await client.call('slow', { ms: 1 });
    assert.equal(textOf(await client.call('echo', { text: 'written' })), 'written');
    assert.equal(textOf(await client.call('echo', { text: 'again' })), 'again');
    const scopes = world.as.log.filter(({ path }) => path === '/authorize').map(({ query }) => query.scope);
    assert.deepEqual(scopes, ['notes:read', 'notes:read notes:write']);
    assert.equal(links.length, 2);
    await client.end();
  });

  test('that the user declines fails the call with its link, and the next call asks again', async (t) => {
    const world = await open(t);
    let asked = 0;
    const elicit = () => {
      asked += 1;
      return { action: 'decline' };
    };
    const client = await connect(world.url, { elicitation: { url: {} }, elicit });
    for (const turn of [1, 2]) {
      const error = await failureOf(client.call('echo', { text: 'x' }));
      assert.equal(error.code, -32042);
      assert.match(error.message, /the client answered: decline/);
      assert.equal(error.data.elicitations[0].url, linkIn(error.message));
      assert.equal(asked, turn);
    }
    await client.end();
  });

  test('that the authorization server refuses fails the call, with its words', async (t) => {
    const world = await open(t);
    const elicit = async ({ params }) => {
      const browser = new Browser();
      const { location } = await browser.start(params.url, users.ada);
      const { redirect_uri, state } = Object.fromEntries(new URL(location).searchParams);
      const answer = { state, iss: world.as.issuer, error: 'access_denied', error_description: 'Not today' };
      const page = await browser.request(`${redirect_uri}?${new URLSearchParams(answer)}`);
      assert.match(page.text, /access_denied: Not today/);
      return { action: 'accept' };
    };
    const client = await connect(world.url, { elicitation: { url: {} }, elicit });
    const error = await failureOf(client.call('echo', { text: 'x' }));
    assert.match(error.message, /access_denied: Not today/);
    assert.equal(error.data.code, 'unauthorized');
    await client.end();
  });

  test('of a client that cannot open links is in the error, and the next call works', async (t) => {
    const world = await open(t);
    const client = await connect(world.url);
    const error = await failureOf(client.call('echo', { text: 'x' }));
    assert.notEqual(error.code, -32042);
    assert.equal(error.data.url, linkIn(error.message));
    assert.equal((await new Browser().logIn(error.data.url, users.ada)).status, 200);
    assert.equal(textOf(await client.call('echo', { text: 'x' })), 'x');
    await client.end();
  });

  test('that its user has begun is waited for by clients that cannot open links, also in initialize', async (t) => {
    const world = await open(t, { server: { needsToken: () => true } });
    const { link } = await ask(world);
    const browser = new Browser();
    const { location } = await browser.start(link, users.ada);
    const refusals = world.server.refusals.length;
    const connecting = connect(world.url);
    await until(() => world.server.refusals.length > refusals, 'the gateway asks the server');
    const granted = await browser.request(location);
    assert.equal((await browser.request(granted.location)).status, 200);
    const client = await connecting;
    assert.equal(textOf(await client.call('echo', { text: 'x' })), 'x');
    assert.equal(world.as.count('authorize'), 1);
    await client.end();
  });

  test('is asked for again when the grant is revoked', async (t) => {
    const world = await open(t);
    const links = [];
    const client = await connect(world.url, opening(users.ada, links));
    await client.call('echo', { text: 'x' });
    world.as.revokeAll();
    assert.equal(textOf(await client.call('echo', { text: 'y' })), 'y');
    assert.equal(links.length, 2);
    await client.end();
  });

  test('is over when the user signs out: the tokens are revoked', async (t) => {
    const world = await open(t);
    const links = [];
    const client = await connect(world.url, opening(users.ada, links));
    await client.call('echo', { text: 'x' });
    const signOut = (token, server = 'notes') =>
      fetch(`${world.origin}/oauth/login/${server}`, {
        method: 'DELETE',
        headers: { Authorization: `Bearer ${token}` },
      });
    assert.deepEqual([(await signOut('wrong')).status, (await signOut(users.ada, 'other')).status], [401, 404]);
    assert.equal((await signOut(users.bob)).status, 204, 'of a user who never logged in');
    assert.equal(textOf(await client.call('echo', { text: 'y' })), 'y');
    assert.equal(links.length, 1);
    await world.stack.restartGateway();
    assert.equal((await signOut(users.ada)).status, 204);
    assert.ok(world.as.count('revoke') > 0);
    assert.equal(textOf(await client.call('echo', { text: 'z' })), 'z');
    assert.equal(links.length, 2);
    await client.end();
  });

  test('that never helps is not asked for again and again', async (t) => {
    const world = await open(t);
    world.server.rules.accepts = () => false;
    const links = [];
    const client = await connect(world.url, opening(users.ada, links));
    for (let turn = 0; turn < 6; turn += 1) await failureOf(client.call('echo', { text: 'x' }));
    assert.ok(links.length > 0 && links.length <= 3, `${links.length} logins`);
    await client.end();
  });

  test('uses a client that was registered by hand', async (t) => {
    const world = await open(t, {
      auth: { clientId: 'by-hand', clientSecret: '$' + '{NOTES_SECRET}', scope: 'notes' },
      vars: { NOTES_SECRET: 'the-secret-of-the-client' },
    });
    world.as.add({
      client_id: 'by-hand',
      client_secret: 'the-secret-of-the-client',
      redirect_uris: [`${world.origin}/oauth/callback/notes`],
    });
    const client = await connect(world.url, opening(users.ada, []));
    assert.equal(textOf(await client.call('echo', { text: 'x' })), 'x');
    assert.equal(world.as.count('register'), 0);
    await client.end();
  });

  test('tells the client when it is over', async (t) => {
    const world = await open(t);
    const { rpc, send, open: openSession } = sender(world.url, users.ada);
    const capabilities = { elicitation: { url: {} } };
    const session = await openSession({ ...initializeParams, capabilities });
    const headers = { 'Mcp-Session-Id': session };
    const stream = await send('GET', { headers });
    const answer = send('POST', { headers, body: rpc('tools/call', { name: 'echo', arguments: { text: 'x' } }) });
    const seen = [];
    for await (const { data } of eventsOf(stream)) {
      if (!data) continue;
      seen.push(data);
      if (data.method !== 'elicitation/create') break;
      const body = { jsonrpc: '2.0', id: data.id, result: { action: 'accept' } };
      assert.equal((await send('POST', { headers, body })).status, 202);
      await new Browser().logIn(data.params.url, users.ada);
    }
    assert.deepEqual(
      seen.map(({ method }) => method),
      ['elicitation/create', 'notifications/elicitation/complete'],
    );
    assert.equal(seen[1].params.elicitationId, seen[0].params.elicitationId);
    assert.equal(textOf((await messageOf(await answer)).result), 'x');
  });
});
