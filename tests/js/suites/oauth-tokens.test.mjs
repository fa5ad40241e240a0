// Registration, token answers, refresh and refusals of authorization servers as they are.
import assert from 'node:assert/strict';
import { afterEach, describe, test } from 'node:test';
import { browser, entry, redirectUri, startWorld } from '../helpers/oauth/world.mjs';
import { failure } from '../servers/authorization-server.mjs';

let world;
afterEach(() => world?.close());

const open = async (rules) => {
  world = await startWorld(rules);
  return world;
};

async function works(rules, options) {
  const { as, logins, client } = await open(rules);
  const user = client(options);
  assert.equal(await user.connect(), 200);
  assert.equal(await user.call(), 200);
  return { as, logins, user };
}

const query = (url) => Object.fromEntries(new URL(url).searchParams);
/** Sends the browser back with an error. */
const back = ({ redirect_uri, state }, error, iss) => ({
  status: 302,
  headers: { Location: `${redirect_uri}?${new URLSearchParams({ error, state, ...(iss && { iss }) })}` },
});
const registered = (as) => as.log.filter(({ path }) => path === '/register').map(({ body }) => body);

describe('registration', () => {
  test('there is none: nothing is posted, and the error says what to do', async () => {
    const { as, client, logins } = await open({ as: { document: { registration_endpoint: undefined } } });
    await assert.rejects(client().connect(), /registers no clients: register a client there and give its `clientId`/);
    assert.deepEqual([as.count('register'), logins.length], [0, 0]);
  });
  for (const status of [401, 403]) {
    test(`it is closed with ${status}: the server's words and the same advice`, async () => {
      const { client, logins } = await open({
        as: { register: () => failure(status, 'access_denied', 'ask the admins') },
      });
      await assert.rejects(client().connect(), (error) => {
        assert.match(error.message, new RegExp(`registration endpoint at .*${status}.*ask the admins.*clientId`));
        return error.status === status;
      });
      assert.equal(logins.length, 0);
    });
  }
  test('grants beyond grant_types_supported are not asked for', async () => {
    const { as } = await works({
      as: {
        document: { grant_types_supported: ['authorization_code'] },
        register: ({ grant_types }) => (grant_types.length > 1 ? failure(400, 'invalid_client_metadata') : undefined),
      },
    });
    assert.deepEqual(registered(as)[0].grant_types, ['authorization_code']);
  });
  test('a registration that needs scopes gets them', () =>
    works({
      as: { register: ({ scope }) => (scope === 'read' ? undefined : failure(400, 'invalid_client_metadata')) },
      server: { challengedScope: 'read' },
    }));
  for (const status of [400, 403]) {
    test(`a registration that refuses scopes with ${status} is asked once more without`, async () => {
      const { as } = await works({
        as: { register: ({ scope }) => (scope ? failure(status, 'insufficient_scope') : undefined) },
        server: { challengedScope: 'read' },
      });
      assert.equal(as.count('register'), 2);
    });
  }
  test('application_type and the method are told', async () => {
    const { as } = await works({});
    const [{ application_type, token_endpoint_auth_method, redirect_uris }] = registered(as);
    assert.deepEqual([application_type, token_endpoint_auth_method, redirect_uris], ['native', 'none', [redirectUri]]);
  });
  for (const method of ['client_secret_post', 'client_secret_basic']) {
    test(`a secret though none was asked for: the answer's ${method}`, async () => {
      const { as } = await works({ as: { registration: { token_endpoint_auth_method: method } } });
      assert.equal(as.count('token'), 1);
    });
    test(`a secret and no method, where only ${method} works: the code is not used up`, async () => {
      const { as } = await works({
        as: {
          register: ({ redirect_uris }) => {
            const client = { client_id: 'a', client_secret: 's:%41', redirect_uris };
            world.as.add(client);
            return { status: 201, body: client };
          },
          clientAuthentication: method,
        },
      });
      assert.equal(as.count('token'), method === 'client_secret_basic' ? 1 : 2);
    });
  }
  test('null members of the answer are absent', () =>
    works({ as: { registration: { client_secret: null, client_secret_expires_at: null, scope: null } } }));
  test('a method without a secret is none', () =>
    works({
      as: {
        register: ({ redirect_uris }) => {
          world.as.add({ client_id: 'a', redirect_uris, token_endpoint_auth_method: 'none' });
          return { status: 201, body: { client_id: 'a', token_endpoint_auth_method: 'client_secret_basic' } };
        },
      },
    }));
  test('a secret that has expired is registered again', async () => {
    const { as, client } = await open({
      as: { registration: { token_endpoint_auth_method: 'client_secret_post', client_secret_expires_at: 1 } },
    });
    const user = client();
    await user.connect();
    as.revokeAll();
    assert.equal(await user.call(), 200);
    assert.equal(as.count('register'), 2);
  });
  for (const status of [400, 401]) {
    test(`the client is forgotten, and the refresh says so with ${status}: register, one login`, async () => {
      const { as, user, logins } = await works({
        as: {
          token: ({ grant_type }) =>
            grant_type === 'refresh_token' && world.as.clients.size === 0
              ? failure(status, 'invalid_client')
              : undefined,
        },
      });
      as.clients.clear();
      as.revokeAll();
      assert.equal(await user.call(), 200);
      assert.deepEqual([as.count('register'), logins.length], [2, 2]);
    });
  }
  test('the client is forgotten, and only the login page says so: probed before the next login', async () => {
    const { as, user, logins } = await works({});
    as.clients.clear();
    as.revokeAll();
    as.rules.token = ({ grant_type }) => (grant_type === 'refresh_token' ? failure(400, 'invalid_grant') : undefined);
    await assert.rejects(user.call(), /the login page says 400/);
    as.rules.token = () => undefined;
    assert.equal(await user.call(), 200);
    assert.deepEqual([as.count('register'), logins.length], [2, 3]);
  });
  test('a login that did not come back for another reason keeps its registration', async () => {
    const { as, user, logins } = await works({});
    as.revokeAll();
    as.rules.authorize = () => ({ status: 500, body: 'down' });
    await assert.rejects(user.call());
    as.rules.authorize = () => undefined;
    assert.equal(await user.call(), 200);
    assert.deepEqual([as.count('register'), logins.length], [1, 3]);
  });
  test('another redirect URI is another registration', async () => {
    const storage = entry.memoryStorage();
    const { as } = await works({}, { storage });
    as.revokeAll();
    assert.equal(await world.client({ storage, redirectUri: 'http://127.0.0.1:10/callback' }).connect(), 200);
    assert.deepEqual(
      registered(as).map(({ redirect_uris }) => redirect_uris[0]),
      [redirectUri, 'http://127.0.0.1:10/callback'],
    );
  });
  const clientMetadataUrl = 'https://app.example/client.json';
  test('a client metadata document where it is taken', async () => {
    const { as, logins } = await works(
      { as: { document: { client_id_metadata_document_supported: true } } },
      { clientMetadataUrl },
    );
    assert.equal(query(logins[0]).client_id, clientMetadataUrl);
    assert.equal(as.count('register'), 0);
  });
  test('a server that takes documents and no public clients: registered', async () => {
    const { as } = await works(
      {
        as: {
          document: {
            client_id_metadata_document_supported: true,
            token_endpoint_auth_methods_supported: ['client_secret_post'],
          },
        },
      },
      { clientMetadataUrl },
    );
    assert.equal(as.count('register'), 1);
  });
  test('a login with a document that fails with invalid_client: registered, and that is remembered', async () => {
    const { as, user, logins } = await works(
      {
        as: {
          document: { client_id_metadata_document_supported: true },
          authorize: (params) =>
            params.client_id === clientMetadataUrl ? back(params, 'invalid_client', world.as.issuer) : undefined,
        },
      },
      { clientMetadataUrl },
    );
    as.revokeAll();
    assert.equal(await user.call(), 200);
    assert.deepEqual([as.count('register'), logins.length], [1, 3]);
  });
  test('a login page that knows no documents, and says so to the user alone: registered the next time', async () => {
    const { as, client } = await open({ as: { document: { client_id_metadata_document_supported: true } } });
    as.rules.authorize = ({ client_id }) =>
      client_id === clientMetadataUrl ? { status: 400, body: 'unknown client' } : undefined;
    as.rules.token = ({ client_id }) => (client_id === clientMetadataUrl ? failure(401, 'invalid_client') : undefined);
    const user = client({ clientMetadataUrl });
    await assert.rejects(user.connect(), /the login page says 400/);
    assert.equal(await user.connect(), 200);
    assert.equal(as.count('register'), 1);
  });
  test('a client known in advance is used, and only at its issuer', async () => {
    const { as, server, client } = await open({});
    as.add({ client_id: 'known', client_secret: 'x', redirect_uris: [redirectUri] });
    const user = client({ clientId: 'known', clientSecret: 'x' });
    assert.equal(await user.connect(), 200);
    assert.equal(as.count('register'), 0);
    as.revokeAll();
    const { startAuthorizationServer } = await import('../servers/authorization-server.mjs');
    const other = await startAuthorizationServer();
    world.closers.push(other.close);
    server.rules.document = { authorization_servers: [other.issuer] };
    await assert.rejects(user.call(), { code: 'issuer_changed' });
    assert.equal(other.count('token') + other.count('authorize'), 0);
  });
});

describe('resource, audience and parameters', () => {
  test('a refused resource is never left out silently: the error names the option', async () => {
    const { client, logins } = await open({ as: { token: () => failure(400, 'invalid_target', 'AADSTS9010010') } });
    await assert.rejects(client().connect(), /invalid_target: AADSTS9010010.*`resource: null`/);
    assert.equal(logins.length, 1);
  });
  test('the same in the callback', async () => {
    const { client } = await open({ as: { authorize: (params) => back(params, 'invalid_target', world.as.issuer) } });
    await assert.rejects(client().connect(), /`resource: null`/);
  });
  test('`resource: null` leaves it out of all three requests', async () => {
    const { as, user, logins } = await works({ as: { resource: false } }, { resource: null });
    as.expireAll();
    assert.equal(await user.call(), 200);
    const tokens = as.log.filter(({ path }) => path === '/token');
    assert.equal(tokens.length, 2);
    assert.ok([query(logins[0]), ...tokens.map(({ params }) => params)].every((params) => !('resource' in params)));
  });
  test('`resource: null` does not loosen the check of the resource', async () => {
    const { client, logins } = await open({ server: { document: { resource: 'https://evil.example/mcp' } } });
    await assert.rejects(client({ resource: null }).connect(), { code: 'resource_mismatch' });
    assert.equal(logins.length, 0);
  });
  test('another resource is sent as it is given', async () => {
    const { logins } = await works({ server: { audience: 'api://notes' } }, { resource: 'api://notes' });
    assert.equal(query(logins[0]).resource, 'api://notes');
  });
  test('parameters go into the authorization request, and do not replace ours', async () => {
    const { logins } = await works(
      {},
      { parameters: { audience: 'x', state: 'mine', redirect_uri: 'https://evil.example' } },
    );
    const { audience, state, redirect_uri } = query(logins[0]);
    assert.deepEqual([audience, redirect_uri], ['x', redirectUri]);
    assert.notEqual(state, 'mine');
  });
  test('options for one server alone', async () => {
    const { logins } = await works(
      {},
      { servers: { notes: { parameters: { audience: 'x' } }, other: { scope: 'y' } } },
    );
    assert.deepEqual([query(logins[0]).audience, query(logins[0]).scope], ['x', undefined]);
  });
  test('a server that refuses the token of a wrong audience: two logins, and one error', async () => {
    const { client, logins } = await open({ server: { accepts: () => false } });
    const user = client();
    await assert.rejects(user.connect(), /refuses new tokens/);
    await assert.rejects(user.connect(), /refuses new tokens/);
    assert.equal(logins.length, 2);
  });
});

describe('the token answer', () => {
  const answers = {
    'null members': (tokens) => ({ ...tokens, scope: null, id_token: null, expires_in: null }),
    'an id_token that cannot be validated': (tokens) => ({ ...tokens, id_token: 'e30.e30.x' }),
    'no token_type': ({ token_type, ...tokens }) => tokens,
    'a token_type in lower case': (tokens) => ({ ...tokens, token_type: 'bearer' }),
    'no expires_in': ({ expires_in, ...tokens }) => tokens,
    'expires_in as text': (tokens) => ({ ...tokens, expires_in: '3600' }),
    'expires_in of 0': (tokens) => ({ ...tokens, expires_in: 0 }),
    'members of its own': (tokens) => ({ ...tokens, ok: true, team: { id: 1 } }),
  };
  for (const [name, tokens] of Object.entries(answers)) {
    test(name, async () => {
      const { logins, user } = await works({ as: { tokens } });
      await user.renew();
      assert.equal(logins.length, 1);
    });
  }
  test('`refresh_token: null` at a refresh keeps the old one', async () => {
    const { as, user, logins } = await works({
      as: {
        rotation: false,
        tokens: (tokens, { grant_type }) =>
          grant_type === 'refresh_token' ? { ...tokens, refresh_token: null } : tokens,
      },
    });
    for (let times = 0; times < 2; times += 1) {
      as.expireAll();
      assert.equal(await user.call(), 200);
    }
    assert.equal(logins.length, 1);
  });
  for (const [name, body, words] of [
    [
      'GitHub',
      { error: 'bad_verification_code', error_description: 'The code passed is incorrect' },
      /bad_verification_code: The code passed/,
    ],
    ['Slack', { ok: false, error: 'invalid_code' }, /invalid_code/],
    ['an error object', { error: { code: 'no_plan', message: 'Upgrade first' } }, /no_plan: Upgrade first/],
  ]) {
    test(`an error with status 200: ${name}`, async () => {
      const { client } = await open({ as: { token: () => ({ body }) } });
      await assert.rejects(client().connect(), words);
    });
  }
  for (const [name, answer] of Object.entries({
    'no access_token': { body: { token_type: 'Bearer' } },
    'an access_token that is no text': { body: { access_token: 1 } },
    'another token_type': { body: { access_token: 'x', token_type: 'mac' } },
    HTML: { body: '<!doctype html>' },
    'a redirect': { status: 302, headers: { Location: '/elsewhere' } },
  })) {
    test(`${name} is an error that names the endpoint`, async () => {
      const { client } = await open({ as: { token: () => answer } });
      await assert.rejects(client().connect(), /token endpoint/);
    });
  }
});

describe('refresh', () => {
  test('before the token expires, with the granted scope', async () => {
    const { as, user } = await works({ as: { lifetime: 100 }, server: { challengedScope: 'read' } });
    const before = user.token;
    assert.equal(await user.renew(), before, 'half of its life is left');
    as.rules.lifetime = 1000;
    const { Date: real } = globalThis;
    globalThis.Date = class extends real {
      static now = () => real.now() + 60_000;
    };
    try {
      assert.notEqual(await user.renew(), before);
    } finally {
      globalThis.Date = real;
    }
    const refresh = as.log.find(({ params }) => params.grant_type === 'refresh_token');
    assert.equal(refresh.params.scope, 'read');
  });
  for (const [name, answer] of Object.entries({
    invalid_grant: failure(400, 'invalid_grant'),
    'invalid_grant with 401 (FastMCP)': failure(401, 'invalid_grant'),
    'invalid_request (Metabase)': failure(400, 'invalid_request'),
    'invalid_target (Breeze)': failure(400, 'invalid_target'),
    'a word of its own': failure(400, 'bad_refresh_token'),
    'an error with 200': failure(200, 'bad_refresh_token'),
  })) {
    test(`${name}: the grant is gone, one login`, async () => {
      const { as, user, logins } = await works({
        as: { token: ({ grant_type }) => (grant_type === 'refresh_token' ? answer : undefined) },
      });
      as.expireAll();
      assert.equal(await user.call(), 200);
      assert.deepEqual([as.count('token', 'refresh_token'), logins.length, as.count('register')], [1, 2, 1]);
    });
  }
  for (const [name, answer] of Object.entries({
    503: { status: 503 },
    '500 with an OAuth error': failure(500, 'invalid_grant'),
    429: { status: 429 },
    temporarily_unavailable: failure(400, 'temporarily_unavailable'),
    slow_down: failure(400, 'slow_down'),
    'HTML with 403 of a proxy': { status: 403, body: '<p>blocked' },
  })) {
    test(`${name}: the tokens stay, the call fails, the next one tries again`, async () => {
      const { as, user, logins } = await works({});
      as.rules.token = () => answer;
      as.expireAll();
      await assert.rejects(user.call(), /token endpoint at/);
      as.rules.token = () => undefined;
      assert.equal(await user.call(), 200);
      assert.equal(logins.length, 1);
    });
  }
  test('ten calls at once refresh once', async () => {
    const { as, user, logins } = await works({});
    as.expireAll();
    assert.deepEqual(await Promise.all(Array.from({ length: 10 }, () => user.call())), new Array(10).fill(200));
    assert.deepEqual([as.count('token', 'refresh_token'), logins.length], [1, 1]);
  });
  test('two providers over one storage use each refresh token once', async () => {
    const storage = entry.memoryStorage();
    const { as, user, logins } = await works({}, { storage });
    const other = world.client({ storage });
    await other.connect();
    for (let times = 1; times <= 3; times += 1) {
      as.expireAll();
      assert.deepEqual(await Promise.all([user.call(), other.call()]), [200, 200]);
      assert.equal(as.count('token', 'refresh_token'), times);
    }
    assert.equal(logins.length, 1);
  });
  test('without a lock the loser takes what the winner has stored, and deletes nothing', async () => {
    const storage = { ...entry.memoryStorage(), lock: (_name, act) => act() };
    const { as, user, logins } = await works({}, { storage });
    let release;
    let waiting = 0;
    as.expireAll();
    // The winner's answer is stored; the loser's request is of before, and is refused.
    as.rules.token = async ({ grant_type }) => {
      if (grant_type !== 'refresh_token' || waiting > 0) return undefined;
      waiting += 1;
      await new Promise((resolve) => {
        release = resolve;
      });
      return failure(400, 'invalid_grant');
    };
    const losing = user.call();
    while (!release) await new Promise((resolve) => setImmediate(resolve));
    const stored = JSON.parse(await storage.get(JSON.stringify(['oauth', 'ada', world.server.url])));
    // Another tab, with a queue of its own.
    const body = new URLSearchParams({
      grant_type: 'refresh_token',
      refresh_token: stored.tokens.refresh,
      client_id: stored.client.client_id,
      resource: stored.sent,
    });
    const fresh = await (await fetch(`${as.issuer}/token`, { method: 'POST', body })).json();
    stored.tokens = { ...stored.tokens, token: fresh.access_token, refresh: fresh.refresh_token };
    await storage.set(JSON.stringify(['oauth', 'ada', world.server.url]), JSON.stringify(stored));
    release();
    assert.equal(await losing, 200);
    assert.equal(logins.length, 1);
    assert.equal(
      JSON.parse(await storage.get(JSON.stringify(['oauth', 'ada', world.server.url]))).tokens.token,
      fresh.access_token,
    );
  });
  test('a token that another tab has got is used without asking', async () => {
    const storage = entry.memoryStorage();
    const { as, user } = await works({}, { storage });
    const other = world.client({ storage });
    await other.connect();
    as.expireAll();
    await other.call();
    assert.equal(await user.call(), 200);
    assert.equal(as.count('token', 'refresh_token'), 1);
  });
  test('a new page goes on with what is stored', async () => {
    const storage = entry.memoryStorage();
    const { logins } = await works({}, { storage });
    const next = world.client({ storage });
    assert.deepEqual([await next.connect(), await next.call(), logins.length], [200, 200, 1]);
    const ben = world.client({ storage }, { userId: 'ben' });
    assert.deepEqual([await ben.connect(), logins.length], [200, 2], 'another user logs in');
  });
  test('what is stored and cannot be read is nothing', async () => {
    const storage = { ...entry.memoryStorage(), get: async () => '{' };
    const { client, logins } = await open({});
    assert.deepEqual([await client({ storage }).connect(), logins.length], [200, 1]);
  });
});

describe('how a server says no', () => {
  test('403 invalid_token is a 401 (Envoy)', async () => {
    const { as, user, logins } = await works({ server: { status: 403 } });
    as.expireAll();
    assert.equal(await user.call(), 200);
    assert.deepEqual([as.count('token', 'refresh_token'), logins.length], [1, 1]);
  });
  test('revoked: one login', async () => {
    const { as, user, logins } = await works({});
    as.revokeAll();
    assert.equal(await user.call(), 200);
    assert.equal(logins.length, 2);
  });
  test('insufficient_scope for every token: three logins, and the error says which scope', async () => {
    const { user, logins } = await works({});
    world.server.rules.scope = () => 'moon';
    world.as.rules.tokens = (tokens) => ({ ...tokens, scope: 'earth' });
    world.server.rules.accepts = () => true;
    world.server.rules.challenge = () => 'Bearer error="insufficient_scope", scope="moon"';
    world.server.rules.needsToken = () => true;
    world.as.introspect = () => ({ resource: world.server.url, scope: 'earth' });
    await assert.rejects(user.call(), /moon/);
    await assert.rejects(user.call(), /moon/);
    assert.ok(logins.length <= 3, `${logins.length} logins`);
  });
  test('a manager that says that a token worked in between may log in again', async () => {
    const { provider, server, logins } = await open({});
    const auth = provider();
    const ask = (attempt) =>
      auth.token({
        userId: 'ada',
        serverName: 'notes',
        url: server.url,
        status: 401,
        attempt,
        signal: new AbortController().signal,
      });
    for (let times = 1; times <= 4; times += 1) {
      world.as.revokeAll();
      await ask(1);
      assert.equal(logins.length, times);
    }
  });
  test('denied: the words of the server, and no second login by itself', async () => {
    const { client, logins } = await open({
      as: { authorize: (params) => back(params, 'access_denied', world.as.issuer) },
    });
    await assert.rejects(client().connect(), { code: 'access_denied' });
    assert.equal(logins.length, 1);
  });
});

describe('signOut', () => {
  test('revokes both tokens, keeps the registration, and the next call logs in', async () => {
    const { as, server, provider, clientOf, logins } = await open({});
    const auth = provider();
    const user = clientOf(auth);
    await user.connect();
    const { token } = user;
    await auth.signOut('ada', 'notes');
    assert.equal(as.introspect(token), undefined);
    assert.equal(as.count('revoke'), 2);
    assert.equal(await user.call(), 200);
    assert.deepEqual([logins.length, as.count('register')], [2, 1]);
    assert.ok(server.url);
  });
  /** A promise with what settles it. */
  function deferred() {
    let settle;
    const promise = new Promise((resolve) => {
      settle = resolve;
    });
    return { promise, settle };
  }
  for (const where of ['at the login page', 'at a page that obeys no signal', 'redeeming its code'])
    test(`ends a login that is ${where}: no token is stored afterwards`, async () => {
      const { as, logins, provider, clientOf } = await open({});
      const [reached, opened, over] = [deferred(), deferred(), deferred()];
      const wait = async () => {
        reached.settle();
        await opened.promise;
      };
      if (where === 'redeeming its code') as.rules.hold = wait;
      const authorize = async (url, about) => {
        if (where !== 'redeeming its code') await wait();
        const isDeaf = where === 'at a page that obeys no signal';
        return browser(logins)(url, isDeaf ? {} : about).finally(over.settle);
      };
      const auth = provider({ authorize });
      const user = clientOf(auth);
      const connecting = user.connect().catch((error) => error);
      await reached.promise;
      await auth.signOut('ada', 'notes');
      assert.equal((await connecting).code, 'cancelled');
      opened.settle();
      await over.promise;
      assert.equal(await user.renew(), undefined);
      assert.equal(as.count('token'), where === 'redeeming its code' ? 1 : 0);
      as.rules.hold = () => undefined;
      assert.equal(await user.connect(), 200, 'the next login is one of its own');
      assert.equal(as.count('revoke'), 0);
    });
  test('works without an endpoint, and for who never logged in', async () => {
    const { server, as, provider, clientOf } = await open({ as: { document: { revocation_endpoint: undefined } } });
    const auth = provider();
    await auth.signOut('ada', 'notes', { url: server.url });
    const user = clientOf(auth);
    await user.connect();
    await auth.signOut('ada', 'notes');
    assert.equal(await user.renew(), undefined);
    assert.equal(as.count('revoke'), 0);
  });
});
