// How the gateway proves itself at authorization servers: by keys of its users (DPoP), and by its own secret or private key.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, test } from 'node:test';
import { exportJWK, exportPKCS8, generateKeyPair } from 'jose';
import { startModernServer } from '../js/servers/modern-server.mjs';
import { clients, textOf } from './clients.mjs';
import { askAgain, Browser, failureOf, opening, startWorld, users } from './oauth-world.mjs';
import { runOnStorage } from './storage.mjs';

const connect = clients['the official client v1'];
const open = async (t, options) => {
  const world = await startWorld(options);
  t.after(() => world.stop());
  return world;
};
const needsToken = ({ method } = {}) => method === 'tools/call';

describe('DPoP', () => {
  for (const nonce of [undefined, 'a-nonce-of-the-server'])
    test(`${nonce ? 'with a nonce' : 'without a nonce'}: each request has its proof; the key outlives a restart and a refresh`, async (t) => {
      const world = await open(t, { as: { dpop: true }, auth: { dpop: true }, server: { needsToken, nonce } });
      const links = [];
      const client = await connect(world.url, opening(users.ada, links));
      for (const turn of ['1', '2']) assert.equal(textOf(await client.call('echo', { text: turn })), turn);
      await world.stack.restartGateway();
      assert.equal(textOf(await client.call('echo', { text: '3' })), '3');
      world.as.expireAll();
      assert.equal(textOf(await client.call('echo', { text: '4' })), '4');
      assert.equal(links.length, 1);
      assert.equal(world.as.count('token', 'refresh_token'), 1);
      await client.end();
    });

  test('2026-07-28: each request has its proof, with the nonce of the server', async (t) => {
    const inner = await startModernServer({ legacy: 'reject' });
    const world = await open(t, {
      inner,
      as: { dpop: true },
      auth: { dpop: true },
      server: { needsToken, nonce: 'n-1' },
    });
    const { link } = await askAgain(world);
    assert.equal((await new Browser().logIn(link, users.ada)).status, 200);
    for (const nonce of ['n-1', 'n-2', 'n-2']) {
      world.server.rules.nonce = nonce;
      const { text } = await askAgain(world);
      assert.match(text, /"content"/, text);
    }
    world.as.expireAll();
    assert.match((await askAgain(world)).text, /"content"/);
    assert.equal(world.as.count('authorize'), 1);
  });

  test('the key is not readable in the storage, and each user has one of their own', async (t) => {
    const world = await open(t, { as: { dpop: true }, auth: { dpop: true }, server: { needsToken } });
    for (const [user, token] of Object.entries(users)) {
      world.as.logInAs(user);
      const client = await connect(world.url, opening(token, []));
      await client.call('echo', { text: 'x' });
      await client.end();
    }
    const proofs = world.as.log
      .filter(({ path }) => path === '/token')
      .map(({ headers }) => headers.dpop.split('.')[0]);
    const points = proofs.map((head) => JSON.parse(Buffer.from(head, 'base64url')).jwk.x);
    assert.equal(new Set(points).size, 2);
    const name = createHash('sha256')
      .update(JSON.stringify(['bearer:ada', 'notes']))
      .digest('hex');
    let rows;
    await world.stack.restartGateway(undefined, async () => {
      const about = { binding: 'CREDENTIALS', name };
      [rows] = await runOnStorage(world.stack.state, about, [['SELECT * FROM record']]);
    });
    assert.ok(rows.length > 1);
    for (const secret of ['"d":', '"crv"', ...points]) assert.ok(!JSON.stringify(rows).includes(secret), secret);
  });

  test('an authorization server without it gives plain tokens', async (t) => {
    const world = await open(t, { auth: { dpop: true }, server: { needsToken } });
    const client = await connect(world.url, opening(users.ada, []));
    assert.equal(textOf(await client.call('echo', { text: 'x' })), 'x');
    await client.end();
  });
});

describe('the gateway’s own access', () => {
  const grant = 'client_credentials';
  const secret = { clientSecret: '$' + '{NOTES_SECRET}' };
  const vars = { NOTES_SECRET: 'the-secret-of-the-client' };

  test('by a secret: no user logs in, and expired tokens are replaced', async (t) => {
    const world = await open(t, { auth: { grant, clientId: 'gateway', ...secret, scope: 'notes' }, vars });
    world.as.add({ client_id: 'gateway', client_secret: vars.NOTES_SECRET });
    for (const token of Object.values(users)) {
      const client = await connect(world.url, { token });
      assert.equal(textOf(await client.call('echo', { text: 'x' })), 'x');
      world.as.expireAll();
      assert.equal(textOf(await client.call('echo', { text: 'y' })), 'y');
      await client.end();
    }
    assert.deepEqual([world.as.count('authorize'), world.as.count('register')], [0, 0]);
    assert.ok(world.as.log.every(({ params }) => params.scope === undefined || params.scope === 'notes'));
  });

  test('by a secret, for a gateway that is open to all', async (t) => {
    const world = await open(t, { auth: { grant, clientId: 'gateway', ...secret }, vars: { ...vars, AUTH: 'none' } });
    world.as.add({ client_id: 'gateway', client_secret: vars.NOTES_SECRET });
    const client = await connect(world.url);
    assert.equal(textOf(await client.call('echo', { text: 'x' })), 'x');
    await client.end();
  });

  for (const [name, alg] of [
    ['ES256', 'ES256'],
    ['RS256', 'RS256'],
  ])
    test(`by a private key with ${name}, also of tokens that are bound to a key`, async (t) => {
      const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true });
      const auth = {
        grant,
        clientId: 'gateway',
        privateKey: '$' + '{NOTES_KEY}',
        algorithm: alg,
        keyId: 'k-1',
        dpop: true,
      };
      const pem = await exportPKCS8(privateKey);
      const world = await open(t, { as: { dpop: true }, auth, vars: { NOTES_KEY: pem } });
      const jwk = { ...(await exportJWK(publicKey)), alg, kid: 'k-1' };
      world.as.add({ client_id: 'gateway', token_endpoint_auth_method: 'private_key_jwt', jwk });
      const client = await connect(world.url);
      assert.equal(textOf(await client.call('echo', { text: 'x' })), 'x');
      await client.end();
      assert.ok(!world.stack.lines.join('\n').includes(pem.split('\n')[1]));
    });

  test('that is refused is an error with the words of the authorization server, and no user is asked to log in', async (t) => {
    const world = await open(t, { auth: { grant, clientId: 'gateway', ...secret }, vars });
    world.as.add({ client_id: 'gateway', client_secret: 'another' });
    const error = await failureOf(connect(world.url));
    assert.match(error.message, /invalid_client/);
    assert.ok(!error.message.includes('/oauth/start/') && !error.message.includes(vars.NOTES_SECRET));
  });
});

test('users log in at a client that proves itself by a private key, and a sign-out revokes with it', async (t) => {
  const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true });
  const world = await open(t, {
    auth: { clientId: 'by-hand', privateKey: '$' + '{NOTES_KEY}' },
    vars: { NOTES_KEY: await exportPKCS8(privateKey) },
    server: { needsToken },
  });
  world.as.add({
    client_id: 'by-hand',
    token_endpoint_auth_method: 'private_key_jwt',
    jwk: { ...(await exportJWK(publicKey)), alg: 'ES256' },
    redirect_uris: [`${world.origin}/oauth/callback/notes`],
  });
  const links = [];
  const client = await connect(world.url, opening(users.ada, links));
  assert.equal(textOf(await client.call('echo', { text: 'x' })), 'x');
  world.as.expireAll();
  assert.equal(textOf(await client.call('echo', { text: 'y' })), 'y');
  assert.equal(links.length, 1);
  const headers = { Authorization: `Bearer ${users.ada}` };
  assert.equal((await fetch(`${world.origin}/oauth/login/notes`, { method: 'DELETE', headers })).status, 204);
  const revocations = world.as.log.filter(({ path }) => path === '/revoke');
  assert.ok(revocations.length > 0 && revocations.every(({ params }) => params.client_assertion));
  await client.end();
});
