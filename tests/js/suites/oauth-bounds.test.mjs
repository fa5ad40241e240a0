// Authorization servers that are busy, name too much, answer in another format or lose an answer; odd hosts; a logout in the middle.
import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { afterEach, describe, test } from 'node:test';
import { browser, redirectUri, startWorld } from '../helpers/oauth/world.mjs';

let world;
afterEach(() => world?.close());

const json = (body, more = {}) => ({ headers: { 'Content-Type': 'application/json', ...more }, body });
/** Counts what is sent to other origins than the server's. */
const counting = (seen) => (input, init) => {
  seen.push(String(input));
  return fetch(input, init);
};

describe('what the server names is asked in bounds', () => {
  const dead = Array.from({ length: 500 }, (_, index) => `http://127.0.0.1:1/${index}`);
  test('500 authorization servers that are out of reach', async () => {
    world = await startWorld({ server: { document: { authorization_servers: dead } } });
    const seen = [];
    await assert.rejects(world.client({ fetch: counting(seen) }).connect(), { code: 'unreachable' });
    assert.ok(seen.length < 20, `${seen.length} requests`);
  });
  test('a good one among the first is found, also if it is not the first', async () => {
    world = await startWorld();
    world.server.rules.document = { authorization_servers: [...dead.slice(0, 2), world.as.issuer, ...dead] };
    assert.equal(await world.client().connect(), 200);
  });
  test('200 places of the metadata in one challenge: the well-known ones are asked, too', async () => {
    const hints = dead
      .slice(0, 200)
      .map((place) => `resource_metadata="${place}"`)
      .join(', ');
    world = await startWorld({ server: { challenge: () => `Bearer ${hints}` } });
    const seen = [];
    assert.equal(await world.client({ fetch: counting(seen) }).connect(), 200);
    assert.ok(seen.length < 20, `${seen.length} requests`);
  });
});

test('a `fetch` whose responses have streams of Node, as of node-fetch', async () => {
  world = await startWorld();
  const own = async (input, init) => {
    const response = await fetch(input, init);
    const { status, headers, type, url } = response;
    return { status, headers, type, url, body: Readable.from([]), text: () => response.text() };
  };
  assert.equal(await world.client({ fetch: own }).connect(), 200);
});

describe('busy for a moment', () => {
  for (const wait of ['1', '99999999999', 'Wed, 21 Oct 2015 07:28:00 GMT', '-5']) {
    const busy = { status: 429, headers: { 'Retry-After': wait }, body: 'slow down' };
    test(`429 with Retry-After ${wait} for the resource's metadata: nothing is registered elsewhere`, async () => {
      world = await startWorld({ server: { metadata: () => busy } });
      const user = world.client();
      await assert.rejects(user.connect(), { code: 'unreachable', message: /status 429/ });
      assert.deepEqual([world.as.log.length, world.logins.length], [0, 0]);
      world.server.rules.metadata = () => undefined;
      assert.equal(await user.connect(), 200);
    });
    test(`the same for the server's metadata: not said to be missing`, async () => {
      world = await startWorld({ as: { metadata: () => busy } });
      const user = world.client();
      await assert.rejects(user.connect(), { code: 'unreachable', message: /status 429/ });
      world.as.rules.metadata = () => undefined;
      assert.equal(await user.connect(), 200);
    });
  }
});

describe('a token endpoint that answers no JSON', () => {
  for (const [name, answer] of Object.entries({
    'a form': {
      headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
      body: 'access_token=s3cret-token&token_type=bearer&expires_in=3600',
    },
    'a page of the application': { headers: { 'Content-Type': 'text/html' }, body: '<!doctype html><div id="app">' },
    'a redirect': { status: 307, headers: { Location: '/login' }, body: '' },
  })) {
    test(`${name}: the error says so without its text, and the next login works`, async () => {
      world = await startWorld({ as: { token: () => answer } });
      const user = world.client();
      await assert.rejects(user.connect(), (error) => {
        assert.match(error.message, /^token endpoint at http:.+: no JSON \(status \d+\)$/);
        assert.doesNotMatch(error.message, /s3cret/);
        return error.code === 'server_error';
      });
      world.as.rules.token = () => undefined;
      assert.equal(await user.connect(), 200);
    });
    test(`${name} at a refresh: the tokens stay`, async () => {
      world = await startWorld();
      const user = world.client();
      await user.connect();
      world.as.expireAll();
      world.as.rules.token = () => answer;
      await assert.rejects(user.call());
      world.as.rules.token = () => undefined;
      assert.equal(await user.call(), 200);
      assert.equal(world.logins.length, 1);
    });
  }
});

test('a callback without a state, as by form_post or in the fragment, is not said to be of another login', async () => {
  for (const back of [
    async () => redirectUri,
    async (url, about) => (await browser()(url, about)).replace('?', '#'),
    async () => `${redirectUri}?error=server_error`,
  ]) {
    world = await startWorld();
    await assert.rejects(world.client({ authorize: back }).connect(), {
      code: 'state_mismatch',
      message: 'the callback has no state',
    });
    await world.close();
  }
  world = undefined;
});

test('the answer to a refresh is lost after the server has used the token up: one login, and no loop', async () => {
  let loses = false;
  world = await startWorld();
  const user = world.client({
    fetch: async (input, init) => {
      const response = await fetch(input, init);
      if (!loses || !String(input).endsWith('/token')) return response;
      loses = false;
      await response.text();
      throw new TypeError('fetch failed');
    },
  });
  await user.connect();
  world.as.expireAll();
  loses = true;
  await assert.rejects(user.call(), { code: 'unreachable' });
  for (let call = 0; call < 3; call += 1) assert.equal(await user.call(), 200);
  assert.equal(world.logins.length, 2);
});

test('a secret at the end of what is quoted is not cut in two', async () => {
  world = await startWorld({
    as: {
      token: ({ code }) => ({
        status: 400,
        ...json({ error: 'invalid_grant', error_description: `${'x'.repeat(280)}${code}` }),
      }),
    },
  });
  await assert.rejects(world.client().connect(), (error) => {
    assert.doesNotMatch(error.message, /code-/);
    return error.code === 'invalid_grant';
  });
});

test('a logout during a refresh waits for it, and revokes what it brought', async () => {
  world = await startWorld();
  const provider = world.provider();
  const user = world.clientOf(provider);
  await user.connect();
  world.as.expireAll();
  const held = Promise.withResolvers?.() ?? {};
  const release = new Promise((resolve) => {
    held.resolve = resolve;
  });
  const isHeld = new Promise((resolve) => {
    world.as.rules.hold = () => {
      resolve();
      return release;
    };
  });
  const call = user.call();
  await isHeld;
  const out = provider.signOut('ada', 'notes');
  world.as.rules.hold = () => undefined;
  held.resolve();
  await Promise.all([call, out]);
  const revoked = world.as.log.filter(({ path }) => path === '/revoke').map(({ params }) => params.token);
  assert.ok(revoked.includes(user.token), 'the token of the refresh');
  assert.equal(await provider.token({ userId: 'ada', serverName: 'notes', url: world.server.url }), undefined);
});

describe('hosts', () => {
  /** A login at other names of the servers: `rename` makes them, `resolve` is what a resolver does. */
  async function logsIn(rename, resolve) {
    world = await startWorld({ as: { iss: false }, server: { challenge: () => undefined } });
    const { as, server } = world;
    const renamed = (document) =>
      Object.fromEntries(
        Object.entries(document).map(([name, value]) => [name, typeof value === 'string' ? rename(value) : value]),
      );
    as.rules.metadata = (document) => ({ body: renamed(document) });
    const resource = rename(server.url);
    server.rules.metadata = (path) =>
      path.endsWith('/mcp') ? { body: { resource, authorization_servers: [rename(as.issuer)] } } : undefined;
    server.rules.audience = resource;
    const through = (input, init) => fetch(resolve(String(input)), init);
    const authorize = (url, about) => browser(world.logins)(resolve(String(url)), about);
    const user = world.clientOf(world.provider({ fetch: through, authorize }), { url: resource, fetch: through });
    assert.equal(await user.connect(), 200);
    as.expireAll();
    assert.equal(await user.call(), 200);
    assert.equal(world.logins.length, 1);
  }

  test('an address of IPv6', () =>
    logsIn(
      (url) => url.replace('127.0.0.1', '[::1]'),
      (url) => url.replace('[::1]', '127.0.0.1'),
    ));
  test('a name with umlauts, which URLs carry in Punycode', () =>
    logsIn(
      (url) => url.replace(/^http:\/\/127\.0\.0\.1:(\d+)/, 'https://bücher.example:$1'),
      (url) => url.replace(/^https:\/\/(xn--bcher-kva|bücher)\.example/, 'http://127.0.0.1'),
    ));
  test('a name below localhost', () =>
    logsIn(
      (url) => url.replace('127.0.0.1', 'notes.localhost'),
      (url) => url.replace('notes.localhost', '127.0.0.1'),
    ));
});
