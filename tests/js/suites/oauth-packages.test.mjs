// What the servers of packages do that no document asks for: the Python SDK (and FastMCP), oidc-provider, better-auth. Each test has the essential bytes.
import assert from 'node:assert/strict';
import { afterEach, describe, test } from 'node:test';
import { redirectUri, startWorld } from '../helpers/oauth/world.mjs';
import { failure } from '../servers/authorization-server.mjs';

let world;
afterEach(() => world?.close());

/** Logs in and calls, also after the access token has expired: one login. */
async function works(rules, options) {
  world = await startWorld(rules);
  const user = world.client(options);
  assert.equal(await user.connect(), 200);
  world.as.expireAll();
  assert.equal(await user.call(), 200);
  assert.equal(world.logins.length, 1);
  return user;
}

const registered = () => world.as.log.filter(({ path }) => path === '/register').map(({ body }) => body);
const secrets = { token_endpoint_auth_methods_supported: ['client_secret_post', 'client_secret_basic'] };

/** The id and the secret of a Basic header, as a server reads them that decodes what is form-encoded (RFC 6749 §2.3.1). */
const decoded = ({ headers }) =>
  Buffer.from(headers.authorization?.slice(6) ?? '', 'base64')
    .toString()
    .split(':')
    .map((part) => decodeURIComponent(part.replaceAll('+', ' ')));

describe('the client of a secret', () => {
  test('the Python SDK looks the client up by client_id, which it wants beside Basic, too', () =>
    works({
      as: {
        document: { token_endpoint_auth_methods_supported: ['client_secret_basic'] },
        registration: { client_secret: '593565aba6e3d7f6f91b' },
        token: ({ client_id }) => (client_id ? undefined : failure(401, 'invalid_client', 'Missing client_id')),
      },
    }));

  test('@cloudflare/workers-oauth-provider refuses a client_id beside Basic', () =>
    works({
      as: {
        document: { token_endpoint_auth_methods_supported: ['client_secret_basic'] },
        token: ({ client_id }, { headers }) =>
          client_id && headers.authorization
            ? failure(400, 'invalid_request', 'Client must not use multiple authentication methods')
            : undefined,
      },
    }));

  test('the revocation of the Python SDK reads the secret in the body alone: so a client registers with that method', async () => {
    await works({ as: { document: secrets } });
    assert.deepEqual(
      registered().map((body) => body.token_endpoint_auth_method),
      ['client_secret_post'],
    );
    const provider = world.provider();
    await provider.signIn('ada', 'notes', { url: world.server.url });
    await provider.signOut('ada', 'notes');
    const revoked = world.as.log.filter(({ path }) => path === '/revoke');
    assert.equal(revoked.length, 2);
    for (const { params } of revoked) assert.ok(params.client_secret);
  });

  for (const [name, method, refuse] of [
    ['plain Basic', 'client_secret_basic', undefined],
    ['the secret in the body', 'client_secret_post', undefined],
    ['form-encoded Basic, as oidc-provider: not properly encoded', 'decoded', failure(400, 'invalid_request')],
    ['form-encoded Basic, as others: not the secret', 'decoded', failure(401, 'invalid_client')],
  ])
    test(`a secret with special characters where the server takes only ${name}`, async () => {
      const client = { client_id: 'an app', client_secret: 'a+b%c:d/e=f&g ~!' };
      const isProved = (seen) => {
        const [id, secret] = decoded(seen);
        return id === client.client_id && secret === client.client_secret;
      };
      const options = { clientId: client.client_id, clientSecret: client.client_secret };
      const token = (_, seen) => {
        try {
          return isProved(seen) ? undefined : refuse;
        } catch {
          return refuse;
        }
      };
      world = await startWorld({ as: { ...(refuse && { token }) } });
      const known = { ...client, redirect_uris: [redirectUri], token_endpoint_auth_method: refuse ? 'none' : method };
      world.as.add(known);
      const user = world.client(options);
      assert.equal(await user.connect(), 200);
      world.as.expireAll();
      assert.equal(await user.call(), 200);
      assert.equal(world.logins.length, 1);
      // The refresh proves it as the code was redeemed, at once.
      assert.equal(world.as.count('token', 'refresh_token'), 1);
    });
});

describe('registrations', () => {
  test('a client of just now that is refused is not registered again, and the user is asked once', async () => {
    world = await startWorld({ as: { token: () => failure(401, 'invalid_client', 'Missing client_id') } });
    await assert.rejects(world.client().connect(), { code: 'invalid_client' });
    assert.deepEqual([world.as.count('register'), world.logins.length], [1, 1]);
  });

  test('the Python SDK calls a client that it has forgotten `unauthorized_client`: one login', async () => {
    const user = await works({});
    world.as.clients.clear();
    world.as.revokeAll();
    world.as.rules.token = () => (world.as.clients.size === 0 ? failure(401, 'unauthorized_client') : undefined);
    assert.equal(await user.call(), 200);
    assert.deepEqual([world.as.count('register'), world.logins.length], [2, 2]);
  });

  test('better-auth and FastMCP for TypeScript refuse the grant of a forgotten client before the client: after two lost logins there is another', async () => {
    const user = await works({});
    world.as.clients.clear();
    world.as.revokeAll();
    world.as.rules.token = ({ grant_type }) =>
      grant_type === 'refresh_token' ? failure(400, 'invalid_grant', 'session not found') : undefined;
    for (let login = 0; login < 2; login += 1) await assert.rejects(user.call(), /the login page says 400/);
    assert.equal(await user.call(), 200);
    assert.deepEqual([world.as.count('register'), world.logins.length], [2, 4]);
  });

  test('logins that never come back cost one more registration, and no third', async () => {
    world = await startWorld({ as: { authorize: () => ({ status: 500, body: 'down' }) } });
    const user = world.client();
    for (let login = 0; login < 8; login += 1) await assert.rejects(user.connect(), /the login page says 500/);
    assert.equal(world.as.count('register'), 2);
    world.as.rules.authorize = () => undefined;
    assert.equal(await user.connect(), 200);
    assert.equal(world.as.count('register'), 2);
  });

  test('a client metadata document stays after such logins: there may be no registration', async () => {
    const document = {
      client_id_metadata_document_supported: true,
      registration_endpoint: undefined,
    };
    world = await startWorld({ as: { document, authorize: () => ({ status: 500, body: 'down' }) } });
    const user = world.client({ clientMetadataUrl: 'https://app.example/client.json' });
    for (let login = 0; login < 4; login += 1) await assert.rejects(user.connect(), /the login page says 500/);
    world.as.rules.authorize = () => undefined;
    assert.equal(await user.connect(), 200);
  });

  test('a scope that is refused costs a second login at most, and no second registration', async () => {
    world = await startWorld({
      as: {
        document: { scopes_supported: ['read', 'offline_access'] },
        authorize: ({ redirect_uri, state }) => ({
          status: 302,
          headers: {
            Location: `${redirect_uri}?${new URLSearchParams({ error: 'invalid_scope', state, iss: world.as.issuer })}`,
          },
        }),
      },
      server: { challengedScope: 'admin' },
    });
    await assert.rejects(world.client().connect(), { code: 'invalid_scope' });
    assert.deepEqual([world.as.count('register'), world.logins.length], [1, 2]);
  });
});

test('FastMCP below a path without its well-known routes: the error names the place that the challenge names, and nothing is guessed', async () => {
  const place = '/.well-known/oauth-protected-resource/mcp';
  world = await startWorld({
    as: { places: [] },
    server: {
      place: 'nowhere',
      challenge: () => `Bearer resource_metadata="${world.server.origin}${place}"`,
    },
  });
  await assert.rejects(world.client().connect(), ({ code, message, url }) => {
    assert.equal(code, 'no_metadata');
    assert.ok(
      message.startsWith(`protected resource metadata: there is none at ${world.server.origin}${place}, `),
      message,
    );
    return url === `${world.server.origin}${place}`;
  });
  assert.equal(world.as.count('register'), 0);
});
