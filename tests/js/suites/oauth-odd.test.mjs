// Authorization servers that deviate in ways no document names: each login works, or says what is wrong.
import assert from 'node:assert/strict';
import { afterEach, describe, test } from 'node:test';
import { redirectUri, startWorld } from '../helpers/oauth/world.mjs';
import { failure } from '../servers/authorization-server.mjs';

let world;
afterEach(() => world?.close());

/** Logs in, calls, and calls again after the access token has expired: one login, unless the grant has no refresh token. */
async function lives(rules, options, { logins = 1 } = {}) {
  world = await startWorld(rules);
  const user = world.client(options);
  assert.equal(await user.connect(), 200);
  assert.equal(await user.call(), 200);
  world.as.expireAll();
  assert.equal(await user.call(), 200);
  assert.equal(world.logins.length, logins);
  return user;
}

/** The login fails with these words; nothing is left that keeps the next one from working. */
async function fails(rules, words, corrected = {}) {
  world = await startWorld(rules);
  const user = world.client();
  await assert.rejects(user.connect(), words);
  Object.assign(world.as.rules, corrected);
  assert.equal(await user.connect(), 200);
}

const jwt = (claims) => `${btoa('{"alg":"none"}')}.${btoa(JSON.stringify(claims))}.x`;
const inSeconds = (seconds) => Math.floor(Date.now() / 1000) + seconds;
const typed = (type, body) => ({ headers: { 'Content-Type': type }, body });
/** Fails the first `times` requests as a broken network does: the connection ends. */
const brokenOnce = (isMeant) => {
  let left = 1;
  return async (input, init) => {
    if (left > 0 && isMeant(new URL(String(input)).pathname, init)) {
      left -= 1;
      throw new TypeError('fetch failed');
    }
    return fetch(input, init);
  };
};

describe('documents and answers', () => {
  const types = [
    'text/plain',
    'application/json; charset=UTF-8',
    'application/octet-stream',
    'text/html; charset=iso-8859-1',
  ];
  for (const type of types)
    test(`metadata, registration and tokens as ${type}`, () =>
      lives(
        {
          as: {
            metadata: (document) => typed(type, JSON.stringify(document)),
            register: ({ redirect_uris }) => {
              world.as.add({ client_id: 'a', redirect_uris, token_endpoint_auth_method: 'none' });
              return { status: 201, ...typed(type, '{"client_id":"a"}') };
            },
          },
          server: {
            metadata: (path, document) => (path.endsWith('/mcp') ? typed(type, JSON.stringify(document)) : undefined),
          },
        },
        {},
      ));
  test('JSON behind a byte order mark and spaces', () =>
    lives({ as: { metadata: (document) => ({ body: `\ufeff\n ${JSON.stringify(document)}\n` }) } }));
  test('an error with umlauts in Latin-1: the code reaches the user', () =>
    fails(
      {
        as: {
          token: () => ({
            status: 400,
            headers: { 'Content-Type': 'application/json; charset=iso-8859-1' },
            body: Buffer.from('{"error":"invalid_grant","error_description":"Ung\xfcltig"}', 'latin1').toString(
              'latin1',
            ),
          }),
        },
      },
      /invalid_grant: Ung/,
      { token: () => undefined },
    ));
  test('an error description that is an object, one that is long, and one with control characters', async () => {
    for (const words of [{ why: 'because' }, 'x'.repeat(100_000), 'a\u0000\u001b[31mb']) {
      world = await startWorld({ as: { token: () => failure(400, 'invalid_grant', words) } });
      await assert.rejects(world.client().connect(), (error) => {
        assert.ok(error.message.length < 600 && !error.message.includes('\u001b'), error.message);
        return error.code === 'invalid_grant';
      });
      await world.close();
    }
    world = undefined;
  });
  test('an empty 200 and JSON that is no object at the token endpoint', async () => {
    for (const body of ['', '[]'])
      for (const status of [200, 204]) {
        world = await startWorld({
          as: {
            token: () => ({
              status,
              headers: { 'Content-Type': 'application/json' },
              body: status === 204 ? undefined : body,
            }),
          },
        });
        await assert.rejects(world.client().connect(), /token endpoint/);
        await world.close();
      }
    world = undefined;
  });
});

describe('tokens', () => {
  for (const [name, tokens] of Object.entries({
    'a token_type in capitals': (answer) => ({ ...answer, token_type: 'BEARER' }),
    'an empty token_type': (answer) => ({ ...answer, token_type: '' }),
    'a token_type that is null': (answer) => ({ ...answer, token_type: null }),
    'a lifetime with a fraction': (answer) => ({ ...answer, expires_in: 3599.9 }),
    'a negative lifetime': (answer) => ({ ...answer, expires_in: -1 }),
    'a huge lifetime': (answer) => ({ ...answer, expires_in: 1e300 }),
    'a lifetime in words': (answer) => ({ ...answer, expires_in: 'one hour' }),
    'scopes as a list': (answer) => ({ ...answer, scope: ['read', 'write'] }),
    'scopes with commas': (answer) => ({ ...answer, scope: 'read,write' }),
    'an empty scope': (answer) => ({ ...answer, scope: '' }),
    'a scope that is null': (answer) => ({ ...answer, scope: null }),
    'an empty id_token': (answer) => ({ ...answer, id_token: '' }),
    'spaces and a line end around the token': (answer) => ({ ...answer, access_token: ` ${answer.access_token}\r\n` }),
  }))
    test(name, () => lives({ as: { tokens } }));

  test('a refresh that answers without a refresh token, or with an empty one, keeps the old one', async () => {
    for (const empty of [undefined, '', null]) {
      const tokens = (answer, { grant_type }) =>
        grant_type === 'refresh_token' ? { ...answer, refresh_token: empty } : answer;
      const user = await lives({ as: { rotation: false, tokens } });
      world.as.expireAll();
      assert.equal(await user.call(), 200);
      assert.equal(world.logins.length, 1);
      await world.close();
    }
    world = undefined;
  });
  test('no refresh token at all: one more login', () => lives({ as: { refreshTokens: false } }, {}, { logins: 2 }));

  test('8 KB of token pass', async () => {
    world = await startWorld({
      as: { tokens: (answer) => ({ ...answer, access_token: `${answer.access_token}.${'x'.repeat(8_192)}` }) },
      server: {},
    });
    const { introspect } = world.as;
    world.as.introspect = introspect;
    const provider = world.provider();
    const about = { userId: 'ada', serverName: 'notes', url: world.server.url, signal: new AbortController().signal };
    const { token } = await provider.token({ ...about, status: 401 });
    assert.ok(token.length > 8_192);
    assert.equal((await provider.token(about)).token, token);
  });

  test('a JWT that ends before its expires_in is replaced before its end, and one of a skewed clock is no reason', async () => {
    for (const [exp, isFresh] of [
      [inSeconds(30), false],
      [inSeconds(-7_200), true],
      [inSeconds(7_200), true],
    ]) {
      let number = 0;
      world = await startWorld({
        as: {
          tokens: (answer) => {
            number += 1;
            return { ...answer, access_token: jwt({ exp, number, sub: 'ada' }) };
          },
        },
      });
      const provider = world.provider();
      const about = { userId: 'ada', serverName: 'notes', url: world.server.url, signal: new AbortController().signal };
      const { token, expiresAt } = await provider.token({ ...about, status: 401 });
      const left = expiresAt - Date.now();
      assert.ok(isFresh ? left > 3_000_000 : left < 31_000, `${left} ms`);
      assert.ok(token);
      await world.close();
    }
    world = undefined;
  });
});

describe('registration', () => {
  const registering = (more) => ({
    as: {
      register: ({ redirect_uris }) => {
        const answer = { client_id: 'a', client_secret: 's', client_id_issued_at: 1, redirect_uris, ...more };
        world.as.add({
          ...answer,
          client_id: String(answer.client_id),
          token_endpoint_auth_method: 'client_secret_basic',
        });
        return { status: 201, body: answer };
      },
    },
  });
  for (const [name, more] of Object.entries({
    'an answer without client_id_issued_at': { client_id_issued_at: undefined },
    'a secret that never expires': { client_secret_expires_at: 0 },
    'the same as text': { client_secret_expires_at: '0' },
    'a secret whose expiry is null': { client_secret_expires_at: null },
    'an expiry in milliseconds': { client_secret_expires_at: Date.now() + 86_400_000 },
    'a client_id that is a number': { client_id: 4711 },
    'a method that needs a key that was not given': { token_endpoint_auth_method: 'private_key_jwt' },
    'a method that no document names': { token_endpoint_auth_method: 'client_secret_jwt' },
    'a method in capitals': { token_endpoint_auth_method: 'CLIENT_SECRET_BASIC' },
    'other redirect URIs beside ours': { redirect_uris: [redirectUri, 'https://app.example/x'] },
    'a client name that we did not choose': { client_name: 'Other', grant_types: ['implicit'] },
  }))
    test(name, () => lives(registering(more)));
  test('status 200 in place of 201', () =>
    lives({
      as: {
        register: ({ redirect_uris }) => {
          world.as.add({ client_id: 'a', redirect_uris, token_endpoint_auth_method: 'none' });
          return { status: 200, body: { client_id: 'a' } };
        },
      },
    }));
  test('an error with status 201, and a client_id that is empty', async () => {
    for (const body of [{ error: 'invalid_client_metadata' }, { client_id: '' }, { client_id: null }]) {
      world = await startWorld({ as: { register: () => ({ status: 201, body }) } });
      await assert.rejects(world.client().connect(), { code: 'registration_refused' });
      assert.equal(world.logins.length, 0);
      await world.close();
    }
    world = undefined;
  });
});

describe('challenges', () => {
  const place = '/hidden/resource.json';
  const at = () => `${world.server.origin}${place}`;
  for (const [name, challenge] of Object.entries({
    'a path in place of a URL': () => `Bearer resource_metadata="${place}"`,
    'several challenges in one header, ours in the middle': () =>
      `Basic realm="a, b", Bearer error="x", resource_metadata="${at()}", Digest realm="c", nonce="d"`,
    'quotes and commas in a parameter before it': () =>
      `Bearer realm="say \\"hi\\", Basic x", resource_metadata="${at()}"`,
    'no quotes': () => `Bearer resource_metadata=${at()}`,
    'a parameter in capitals, spaces around the sign': () => `BEARER  RESOURCE_METADATA = "${at()}"`,
    'a comma after the scheme': () => `Bearer, resource_metadata="${at()}"`,
    'the same scheme twice': () => `Bearer realm="x", Bearer resource_metadata="${at()}"`,
    'a broken hint before a good one': () => `Bearer resource_metadata="not a url", resource_metadata="${at()}"`,
  }))
    test(name, () => lives({ server: { place, challenge } }));
  test('two WWW-Authenticate headers', () =>
    lives({ server: { place, challenge: () => ['Negotiate', `Bearer resource_metadata="${at()}"`] } }));
  test('a hint in single quotes, and one without its end: the well-known places', async () => {
    for (const hint of [() => `Bearer resource_metadata='${at()}'`, () => `Bearer resource_metadata="${at()}`]) {
      await lives({ server: { challenge: hint } });
      await world.close();
    }
    world = undefined;
  });
  test('a 401 with HTML in it', () => lives({ server: { challenge: () => 'Bearer realm="<b>x</b>"' } }));
  test('an expired token that is refused with 400 or 403 and invalid_token', async () => {
    for (const status of [400, 403]) {
      world = await startWorld({ server: { status } });
      const provider = world.provider();
      const about = { userId: 'ada', serverName: 'notes', url: world.server.url, signal: new AbortController().signal };
      const { token } = await provider.token({ ...about, status: 401 });
      const next = await provider.token({ ...about, status, challenge: 'Bearer error="invalid_token"' });
      assert.notEqual(next.token, token);
      assert.equal(world.logins.length, 1);
      await world.close();
    }
    world = undefined;
  });
});

describe('metadata', () => {
  test('a resource with capitals in its host, and with its default port', () => {
    const upper = (url) => url.replace('http://127.0.0.1', 'HTTP://127.0.0.1');
    return lives(
      {
        as: { resource: false },
        server: {
          audience: undefined,
          metadata: (path, document) =>
            path.endsWith('/mcp') ? { body: { ...document, resource: upper(document.resource) } } : undefined,
          accepts: () => true,
        },
      },
      { resource: null },
    );
  });
  test('an issuer of capitals is another one: refused before anything is registered', async () => {
    world = await startWorld({
      server: {
        metadata: (path, document) =>
          path.endsWith('/mcp')
            ? { body: { ...document, authorization_servers: [world.as.issuer.replace('http', 'HTTP')] } }
            : undefined,
      },
    });
    await assert.rejects(world.client().connect(), { code: 'issuer_mismatch' });
    assert.equal(world.as.count('register'), 0);
  });
  test('lists that are texts', () =>
    lives({
      as: {
        document: {
          code_challenge_methods_supported: 'S256',
          token_endpoint_auth_methods_supported: 'none',
          scopes_supported: 'read',
          grant_types_supported: 'authorization_code',
        },
      },
      server: { document: { scopes_supported: 'read' } },
    }));
  test('an authorization endpoint with a query of its own', () =>
    lives({
      as: {
        metadata: (document) => ({
          body: { ...document, authorization_endpoint: `${document.authorization_endpoint}?tenant=a%26b&prompt=login` },
        }),
      },
    }));
  test('endpoints that are null are absent', () =>
    lives({
      as: {
        document: {
          revocation_endpoint: null,
          device_authorization_endpoint: null,
          pushed_authorization_request_endpoint: null,
        },
      },
    }));
  test('metadata that redirects to http elsewhere, or in a circle', async () => {
    for (const [location, code] of [
      ['http://elsewhere.example/x', /another origin/],
      ['?', /there is none|cannot be read/],
    ]) {
      world = await startWorld({ as: { metadata: () => ({ status: 302, headers: { Location: location } }) } });
      await assert.rejects(world.client().connect(), code);
      assert.equal(world.as.count('register'), 0);
      await world.close();
    }
    world = undefined;
  });
});

describe('callbacks', () => {
  const back = (params, more) => {
    const url = new URL(params.redirect_uri);
    for (const [name, value] of Object.entries({ state: params.state, ...more })) url.searchParams.set(name, value);
    return { status: 302, headers: { Location: url.href } };
  };
  test('a code with every character that has a meaning in URLs', async () => {
    const code = '4/0A+b c%2F&d=e#f"g;ü€';
    let sent;
    world = await startWorld({
      as: {
        authorize: (params) => back(params, { code, iss: world.as.issuer }),
        token: ({ code: given }) => {
          sent = given;
          return { body: { access_token: 'x', token_type: 'Bearer' } };
        },
      },
      server: { needsToken: () => true },
    });
    const about = {
      userId: 'ada',
      serverName: 'notes',
      url: world.server.url,
      status: 401,
      signal: new AbortController().signal,
    };
    assert.equal((await world.provider().token(about)).token, 'x');
    assert.equal(sent, code);
  });
  test('an issuer although none was announced: the right one is fine, another one is refused', async () => {
    await lives({ as: { iss: false, authorize: () => undefined } });
    await world.close();
    world = await startWorld({
      as: { iss: false, authorize: (params) => back(params, { code: 'x', iss: 'https://evil.example' }) },
    });
    await assert.rejects(world.client().connect(), { code: 'issuer_mismatch' });
    assert.equal(world.as.count('token'), 0);
  });
  test('an error and a code at once: the error', async () => {
    world = await startWorld({
      as: { authorize: (params) => back(params, { code: 'x', error: 'access_denied', iss: world.as.issuer }) },
    });
    await assert.rejects(world.client().connect(), { code: 'access_denied' });
    assert.equal(world.as.count('token'), 0);
  });
  test('parameters of its own beside ours', () => lives({ as: { authorize: () => undefined, iss: true } }));
});

describe('a fault at one step', () => {
  for (const [name, isMeant] of Object.entries({
    'the code is redeemed': (path) => path === '/token',
  }))
    test(`the network fails once when ${name}: the login goes on`, () => lives({}, { fetch: brokenOnce(isMeant) }));
  for (const [name, answer] of Object.entries({
    '503 with Retry-After': { status: 503, headers: { 'Retry-After': '1' } },
    '429 with Retry-After': { status: 429, headers: { 'Retry-After': '1' }, body: { error: 'slow_down' } },
    'HTML of a proxy': { status: 502, body: '<h1>Bad gateway' },
    'a temporary error': failure(400, 'temporarily_unavailable'),
  }))
    test(`the token endpoint answers ${name} once when the code is redeemed: the login goes on`, async () => {
      let left = 1;
      await lives({
        as: {
          token: () => {
            left -= 1;
            return left === 0 ? answer : undefined;
          },
        },
      });
    });
  for (const [name, isMeant] of Object.entries({
    'the resource’s metadata are read': (path) => path.includes('oauth-protected-resource'),
    'the server’s metadata are read': (path) => path.includes('oauth-authorization-server'),
    'the client is registered': (path) => path === '/register',
  }))
    test(`the network fails once when ${name}: the next call logs in`, async () => {
      world = await startWorld({});
      const user = world.client({ fetch: brokenOnce(isMeant) });
      await user.connect().catch(() => {});
      assert.equal(await user.connect(), 200);
      assert.equal(world.logins.length, 1);
    });
  test('the network fails once at a refresh: no login', async () => {
    world = await startWorld({});
    let isOut = false;
    const user = world.client({
      fetch: (input, init) => {
        if (!isOut || !String(input).endsWith('/token')) return fetch(input, init);
        isOut = false;
        throw new TypeError('fetch failed');
      },
    });
    await user.connect();
    world.as.expireAll();
    isOut = true;
    await assert.rejects(user.call());
    assert.equal(await user.call(), 200);
    assert.equal(world.logins.length, 1);
  });
});
