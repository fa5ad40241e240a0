// How the provider finds its authorization server at servers as they are: challenges, protected resource metadata, authorization server metadata.
import assert from 'node:assert/strict';
import { afterEach, describe, test } from 'node:test';
import { startWorld } from '../helpers/oauth/world.mjs';
import { startAuthorizationServer } from '../servers/authorization-server.mjs';

let world;
afterEach(() => world?.close());

const open = async (rules) => {
  world = await startWorld(rules);
  return world;
};

/** Logs in and calls: 200, with one login. */
async function works(rules, options) {
  const { as, logins, client } = await open(rules);
  const user = client(options);
  assert.equal(await user.connect(), 200);
  assert.equal(await user.call(), 200);
  assert.equal(logins.length, 1);
  return { as, logins };
}

/** Fails before anything is registered or opened. */
async function refuses(rules, expected, options) {
  const { as, logins, client } = await open(rules);
  await assert.rejects(client(options).connect(), expected);
  assert.deepEqual([as.count('register'), as.count('token'), logins.length], [0, 0, 0]);
}

const scopes = (scope) => ({ document: { scopes_supported: [scope] } });
const prm = '/.well-known/oauth-protected-resource';

describe('the challenge', () => {
  test('none at all', () => works({ server: { challenge: () => undefined } }));
  test('is not the first one, and its scheme is in another case', async () => {
    const challenge = (usual) =>
      `Basic realm="a, Bearer resource_metadata=\\"x\\"", Negotiate abc==, ${usual.replace('Bearer', 'bEARER')}`;
    const { as } = await works({ server: { challenge, place: '/elsewhere' } });
    assert.equal(as.count('register'), 1);
  });
  test('names its metadata twice, first a place without any', () =>
    works({
      server: {
        place: '/elsewhere',
        challenge: (usual) =>
          usual.replace('resource_metadata=', 'resource_metadata="http://127.0.0.1:1/nothing", resource_metadata='),
      },
    }));
  test('names a place that is gone: the well-known places are tried', () =>
    works({ server: { challenge: (usual) => usual.replace('/.well-known', '/gone') } }));
  test('has a value without quotes', () =>
    works({ server: { place: '/elsewhere', challenge: (usual) => usual.replaceAll('"', '') } }));
  test('two Bearer challenges: the scope of either counts', async () => {
    const { logins } = await works({
      server: { challenge: (usual) => `Bearer error="invalid_token", ${usual}, Bearer scope="read write"` },
    });
    assert.equal(new URL(logins[0]).searchParams.get('scope'), 'read write');
  });
  test('is junk', () => works({ server: { challenge: () => '=,,"Bearer' } }));
  test('comes on calls only', async () => {
    const { logins, client } = await open({ server: { needsToken: (message) => message?.method === 'tools/call' } });
    const user = client();
    assert.equal(await user.connect(), 200);
    assert.equal(logins.length, 0);
    assert.equal(await user.call(), 200);
    assert.equal(logins.length, 1);
  });
  test('signIn logs in before there is one', async () => {
    const { server, logins, provider, clientOf } = await open({
      server: { needsToken: (message) => message?.method === 'tools/call' },
    });
    const auth = provider();
    await auth.signIn('ada', 'notes', { url: server.url });
    const user = clientOf(auth);
    await user.connect();
    assert.equal(await user.call(), 200);
    await auth.signIn('ada', 'notes');
    assert.deepEqual([logins.length, server.refusals.length], [1, 0]);
  });
});

describe('protected resource metadata', () => {
  for (const status of [401, 403, 404, 500]) {
    test(`the path answers ${status}, the root has it`, () =>
      works({
        server: {
          place: 'root',
          challenge: () => undefined,
          metadata: (path) => (path === `${prm}/mcp` ? { status } : undefined),
        },
      }));
  }
  for (const [name, answer] of Object.entries({
    HTML: { body: '<!doctype html>', headers: { 'Content-Type': 'text/html' } },
    'an array': { body: '[{"resource":"x"}]' },
    null: { body: 'null' },
    'an object without `resource`': { body: { authorization_servers: ['https://evil.example'] } },
    'no body': { body: '' },
  })) {
    test(`${name} is a miss`, () =>
      works({
        server: {
          place: 'root',
          challenge: () => undefined,
          metadata: (path) => (path === `${prm}/mcp` ? answer : undefined),
        },
      }));
  }
  test('a single-page application at every place: 2025-03-26', async () => {
    const page = { body: '<!doctype html>', headers: { 'Content-Type': 'text/html' } };
    const { as, server, client } = await open({});
    server.rules.metadata = (path) =>
      path === '/.well-known/oauth-authorization-server' ? { body: as.metadata() } : page;
    assert.equal(await client().connect(), 200);
  });
  test('the resource is the origin, and is sent as it stands', async () => {
    const { as, server, client, logins } = await open({});
    server.rules.document = { resource: server.origin };
    assert.equal(await client().connect(), 200);
    assert.equal(new URL(logins[0]).searchParams.get('resource'), server.origin);
    assert.equal(as.log.find(({ path }) => path === '/token').params.resource, server.origin);
  });
  test('a final slash of the resource does not count', async () => {
    const { server, client } = await open({});
    server.rules.document = { resource: `${server.url}/` };
    assert.equal(await client().connect(), 200);
  });
  for (const [name, resource] of Object.entries({
    'a sibling path': (origin) => `${origin}/other`,
    'a longer name': (origin) => `${origin}/m`,
    'another host': () => 'https://evil.example/mcp',
    'another scheme': (origin) => `${origin.replace('http:', 'https:')}/mcp`,
    'another port': () => 'http://127.0.0.1:1/mcp',
    'a fragment': (origin) => `${origin}/mcp#x`,
    'the host as user name': (origin) => `${origin}@evil.example/mcp`,
    'no URL': () => 'notes',
  })) {
    test(`a resource with ${name} is refused, and both are named`, async () => {
      const { as, server, client, logins } = await open({});
      const claimed = resource(server.origin);
      server.rules.document = { resource: claimed };
      await assert.rejects(client().connect(), (error) => {
        assert.equal(error.code, 'resource_mismatch');
        assert.ok(error.message.includes(claimed) && error.message.includes(server.url), error.message);
        return true;
      });
      assert.deepEqual([as.log.length, logins.length], [0, 0]);
    });
  }
  test('none, and the server is its own authorization server', async () => {
    const { as, server, client } = await open({ server: { challenge: () => undefined, place: '/nowhere' } });
    server.rules.metadata = (path) =>
      path === '/.well-known/oauth-authorization-server' ? { body: as.metadata() } : undefined;
    assert.equal(await client().connect(), 200, 'and the document is of another issuer (Slack)');
  });
  test('none, and the authorization server metadata is below the path only', async () => {
    const { as, server, client } = await open({ server: { challenge: () => undefined, place: '/nowhere' } });
    server.rules.metadata = (path) =>
      path === '/mcp/.well-known/oauth-authorization-server' ? { body: as.metadata() } : undefined;
    assert.equal(await client().connect(), 200);
  });
  test('none, and no metadata: the default endpoints of 2025-03-26', async () => {
    const { as, server, client } = await open({ server: { challenge: () => undefined, place: '/nowhere' } });
    server.rules.metadata = (path) => (path === '/register' ? { status: 418, body: { error: 'seen' } } : undefined);
    await assert.rejects(client().connect(), { code: 'registration_refused', status: 418 });
    assert.equal(as.log.length, 0);
  });
  test('a metadata document that fails for a moment is no reason to fall back', async () => {
    const { as, logins, client } = await open({
      server: { challenge: () => undefined, metadata: (path) => (path.startsWith(prm) ? { status: 503 } : undefined) },
    });
    await assert.rejects(client().connect(), /protected resource metadata at .*503/);
    assert.deepEqual([as.log.length, logins.length], [0, 0]);
  });
  for (const dead of ['https://127.0.0.1:1', 'http://insecure.example', 'nonsense']) {
    test(`several servers, the first one ${dead}`, async () => {
      const { as, server, client } = await open({});
      server.rules.document = { authorization_servers: [dead, as.issuer] };
      assert.equal(await client().connect(), 200);
    });
  }
  test('several servers: the one that is used stays', async () => {
    const { as, server, client, logins } = await open({});
    const other = await startAuthorizationServer();
    world.closers.push(other.close);
    const user = client();
    await user.connect();
    server.rules.document = { authorization_servers: [other.issuer, as.issuer] };
    as.revokeAll();
    assert.equal(await user.call(), 200);
    assert.deepEqual([other.log.length, as.count('register'), logins.length], [0, 1, 2]);
  });
  test('the list is a string', async () => {
    const { as, server, client } = await open({});
    server.rules.document = { authorization_servers: as.issuer };
    assert.equal(await client().connect(), 200);
  });
  test('a redirect within the origin is followed', () =>
    works({
      server: {
        place: '/moved',
        challenge: () => undefined,
        metadata: (path) => (path === `${prm}/mcp` ? { status: 301, headers: { Location: '/moved' } } : undefined),
      },
    }));
  test('a redirect to another origin is not', async () => {
    const { as, server, client, logins } = await open({ server: { challenge: () => undefined } });
    server.rules.metadata = (path) =>
      path.startsWith(prm) ? { status: 302, headers: { Location: `${as.origin}/stolen` } } : undefined;
    await assert.rejects(client().connect(), { code: 'redirected' });
    assert.deepEqual([as.log.length, logins.length], [0, 0]);
  });
  test('redirects in a circle end', async () => {
    let asked = 0;
    const circle = (path) => {
      if (!path.startsWith(prm)) return undefined;
      asked += 1;
      return { status: 302, headers: { Location: path } };
    };
    const { client } = await open({ server: { challenge: () => undefined, metadata: circle } });
    await assert.rejects(client().connect());
    assert.ok(asked <= 12, `${asked} requests`);
  });
});

describe('authorization server metadata', () => {
  const openid = '/.well-known/openid-configuration';
  for (const [name, body] of Object.entries({
    '{}': {},
    HTML: '<!doctype html>',
    'an issuer alone': { issuer: 'x' },
  })) {
    test(`${name} first, the document at the second place`, () =>
      works({
        as: {
          places: ['openid-configuration'],
          metadata: (_document, { path }) => (path.includes('oauth-authorization-server') ? { body } : undefined),
        },
      }));
  }
  test('an OAuth document without members of OpenID Connect in its place', () =>
    works({ as: { places: ['openid-configuration'] } }));
  test('an issuer with a path, in each of the three places', async () => {
    for (const place of ['oauth-authorization-server', 'openid-configuration', 'below']) {
      await works({ as: { issuerPath: '/tenant1', places: [place] } });
      await world.close();
    }
  });
  test('the slash of an issuer without a path does not count, both ways', async () => {
    for (const [listed, stated] of [
      ['/', ''],
      ['', '/'],
    ]) {
      const { as, server, client } = await open({ as: { iss: false } });
      server.rules.document = { authorization_servers: [as.origin + listed] };
      as.rules.document = { issuer: as.origin + stated };
      assert.equal(await client().connect(), 200);
      await world.close();
    }
  });
  test('the final slash of a listed issuer with a path does not count', async () => {
    const { as, server, client } = await open({ as: { issuerPath: '/tenant1' } });
    server.rules.document = { authorization_servers: [`${as.issuer}/`] };
    assert.equal(await client().connect(), 200);
  });
  for (const [name, stated, path] of [
    ['a slash that the list does not have, after a path', (origin) => `${origin}/tenant1/`, '/tenant1'],
    ['another host', () => 'https://evil.example', ''],
    ['a prefix', (origin) => `${origin}/tenant`, '/tenant1'],
    ['a template of the host', () => 'http://{tenantid}', ''],
    ['a template of two segments', (origin) => `${origin}/{tenantid}/v2.0`, '/a/b/v2.0'],
    ['another template', (origin) => `${origin}/{tenant}/v2.0`, '/common/v2.0'],
    ['two templates', (origin) => `${origin}/{tenantid}/{tenantid}`, '/common/v2.0'],
    ['upper case', (origin) => origin.replace('http', 'HTTP'), ''],
  ]) {
    test(`a document of another issuer is refused: ${name}`, async () => {
      const { as, client, logins } = await open({ as: { issuerPath: path } });
      as.rules.document = { issuer: stated(as.origin) };
      await assert.rejects(client().connect(), { code: 'issuer_mismatch' });
      assert.deepEqual([as.count('register'), logins.length], [0, 0]);
    });
  }
  test('an issuer template of Entra stands for one segment', async () => {
    const { as, client } = await open({ as: { issuerPath: '/common/v2.0', iss: false } });
    as.rules.document = { issuer: `${as.origin}/{tenantid}/v2.0` };
    assert.equal(await client().connect(), 200);
  });
  test('PKCE that is not declared is refused, and the error names the option', () =>
    refuses({ as: { document: { code_challenge_methods_supported: undefined } } }, /assumePkce/));
  test('assumePkce goes on with S256', async () => {
    const { logins } = await works(
      { as: { document: { code_challenge_methods_supported: undefined } } },
      { assumePkce: true },
    );
    assert.equal(new URL(logins[0]).searchParams.get('code_challenge_method'), 'S256');
  });
  for (const list of [['plain'], []]) {
    test(`PKCE with ${JSON.stringify(list)} is refused whatever the option`, () =>
      refuses(
        { as: { document: { code_challenge_methods_supported: list } } },
        { code: 'pkce_unsupported' },
        { assumePkce: true },
      ));
  }
  test('pushed authorization requests, where they are required', async () => {
    const { as, logins } = await works({ as: { document: { require_pushed_authorization_requests: true } } });
    assert.equal(as.count('par'), 1);
    assert.deepEqual([...new URL(logins[0]).searchParams.keys()].sort(), ['client_id', 'request_uri']);
  });
  test('pushed requests are required and there is no endpoint', () =>
    refuses(
      {
        as: {
          document: { require_pushed_authorization_requests: true, pushed_authorization_request_endpoint: undefined },
        },
      },
      { code: 'no_endpoint' },
    ));
  for (const name of ['authorization_endpoint', 'token_endpoint']) {
    test(`an insecure ${name} is refused`, () =>
      refuses({ as: { document: { [name]: 'http://login.example/x' } } }, { code: 'insecure_url' }));
  }
  test(`javascript: as authorization endpoint is refused`, () =>
    refuses({ as: { document: { authorization_endpoint: 'javascript:alert(1)' } } }, { code: 'insecure_url' }));
  test('a redirect of the metadata to another origin is refused', () =>
    refuses(
      { as: { metadata: () => ({ status: 302, headers: { Location: `http://127.0.0.1:1${openid}` } }) } },
      { code: 'redirected' },
    ));
});

describe('scopes', () => {
  const scopeOf = (url) => new URL(url).searchParams.get('scope');
  test('the challenge before the metadata, the metadata before the option', async () => {
    for (const [challengedScope, supported, option, expected] of [
      ['a', 'b', 'c', 'a'],
      [undefined, 'b', 'c', 'b'],
      [undefined, undefined, 'c', 'c'],
      [undefined, undefined, undefined, null],
    ]) {
      const { logins } = await works(
        { server: { challengedScope, ...(supported && scopes(supported)) } },
        { scope: option },
      );
      assert.equal(scopeOf(logins[0]), expected);
      await world.close();
    }
  });
  test('offline_access where it is listed, and without it where it is refused', async () => {
    const { as, logins, client } = await open({
      server: scopes('read'),
      as: { document: { scopes_supported: ['read', 'offline_access'] } },
    });
    as.rules.authorize = ({ scope, redirect_uri, state }) =>
      scope?.includes('offline_access')
        ? {
            status: 302,
            headers: {
              Location: `${redirect_uri}?${new URLSearchParams({ error: 'invalid_scope', state, iss: as.issuer })}`,
            },
          }
        : undefined;
    const user = client();
    assert.equal(await user.connect(), 200);
    assert.deepEqual(logins.map(scopeOf), ['read offline_access', 'read']);
    as.revokeAll();
    assert.equal(await user.call(), 200);
    assert.equal(scopeOf(logins[2]), 'read', 'it is remembered');
  });
  test('a step-up adds up', async () => {
    const { logins, client } = await open({ server: { challengedScope: 'read' } });
    const user = client();
    await user.connect();
    for (const scope of ['write', 'delete']) {
      world.server.rules.scope = () => scope;
      assert.equal(await user.call(), 200);
    }
    assert.deepEqual(logins.map(scopeOf), ['read', 'read write', 'read write delete']);
  });
});
