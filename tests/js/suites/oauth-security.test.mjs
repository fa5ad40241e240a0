// Attacks on logins: each is refused, and nothing secret gets out.
import assert from 'node:assert/strict';
import { readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, test } from 'node:test';
import { browser, entry, packageUrl, redirectUri, startWorld } from '../helpers/oauth/world.mjs';
import { failure, startAuthorizationServer } from '../servers/authorization-server.mjs';

let world;
afterEach(() => world?.close());

const open = async (rules) => {
  world = await startWorld(rules);
  return world;
};

/** A user whose callback is tampered with on the way. */
const tampered = (change) => async (url, about) => {
  const callback = new URL(await browser()(url, about));
  return change(callback, url) ?? callback.href;
};
const set = (name, value) => (callback) => {
  callback.searchParams.set(name, value);
};

describe('callbacks', () => {
  const attacks = {
    'another state': [set('state', 'x'), 'state_mismatch'],
    'no state': [(callback) => callback.searchParams.delete('state'), 'state_mismatch'],
    'two states': [(callback) => callback.searchParams.append('state', 'x'), 'invalid_callback'],
    'two codes': [(callback) => callback.searchParams.append('code', 'x'), 'invalid_callback'],
    'another issuer (mix-up)': [set('iss', 'https://evil.example'), 'issuer_mismatch'],
    'the issuer with a slash': [
      (callback) => set('iss', `${callback.searchParams.get('iss')}/`)(callback),
      'issuer_mismatch',
    ],
    'no issuer though it is announced': [(callback) => callback.searchParams.delete('iss'), 'issuer_mismatch'],
    'no code': [(callback) => callback.searchParams.delete('code'), 'invalid_callback'],
    'another path': [(callback) => callback.href.replace('/callback', '/other'), 'invalid_callback'],
    'another origin': [(callback) => callback.href.replace('127.0.0.1:9', 'evil.example'), 'invalid_callback'],
  };
  for (const [name, [change, code]] of Object.entries(attacks)) {
    test(`${name}: refused, and the code is not redeemed`, async () => {
      const { as, client } = await open({});
      const apply = (callback) => {
        const result = change(callback);
        return typeof result === 'string' ? result : undefined;
      };
      await assert.rejects(client({ authorize: tampered(apply) }).connect(), { code });
      assert.equal(as.count('token'), 0);
    });
  }
  test('the error of a foreign issuer is not shown', async () => {
    const { client } = await open({});
    const authorize = tampered((callback) => {
      callback.searchParams.delete('code');
      set('error', 'call_this_number')(callback);
      set('iss', 'https://evil.example')(callback);
    });
    await assert.rejects(client({ authorize }).connect(), (error) => !error.message.includes('call_this_number'));
  });
  test('a replayed callback of the login before is refused', async () => {
    const { as, client } = await open({});
    let first;
    const authorize = tampered((callback) => {
      first ??= callback.href;
      return first;
    });
    const user = client({ authorize });
    await user.connect();
    as.revokeAll();
    await assert.rejects(user.call(), { code: 'state_mismatch' });
  });
  test('a stolen code is worth nothing with the verifier of another login', async () => {
    const { as, client } = await open({});
    const user = client();
    let stolen;
    const victim = client({
      authorize: tampered((callback) => {
        stolen = callback.searchParams.get('code');
        return 'http://127.0.0.1:9/callback?state=lost';
      }),
    });
    await assert.rejects(victim.connect());
    const thief = client({ authorize: tampered(set('code', stolen)) });
    await assert.rejects(thief.connect(), { code: 'invalid_grant' });
    assert.ok(user && as.count('token') === 1);
  });
});

describe('servers', () => {
  test('the authorization server moves to a foreign one: nothing of the old goes there', async () => {
    const { as, server, client } = await open({});
    const user = client();
    await user.connect();
    const evil = await startAuthorizationServer({ authorize: () => ({ status: 400, body: 'evil' }) });
    world.closers.push(evil.close);
    server.rules.document = { authorization_servers: [evil.issuer] };
    as.revokeAll();
    await assert.rejects(user.call());
    const text = JSON.stringify(evil.log);
    for (const id of as.clients.keys()) assert.ok(!text.includes(id));
    assert.ok(!/rt-|at-/.test(text));
  });
  test('allowIssuer is asked before, with both', async () => {
    const { as, server, client, logins } = await open({});
    const asked = [];
    const user = client({ allowIssuer: (change) => asked.push(change) > 1 });
    await user.connect();
    const other = await startAuthorizationServer();
    world.closers.push(other.close);
    server.rules.document = { authorization_servers: [other.issuer] };
    as.revokeAll();
    await assert.rejects(user.call(), { code: 'issuer_changed' });
    assert.deepEqual([asked[0].issuer, asked[0].previous, logins.length], [other.issuer, as.issuer, 1]);
    assert.equal(other.count('register'), 0);
  });
  for (const place of ['metadata', 'token', 'register']) {
    test(`an endless body: ${place}`, async () => {
      const { client, logins } = await open({ as: { [place]: () => ({ endless: true }) } });
      await assert.rejects(client().connect(), { code: 'too_large' });
      assert.equal(logins.length, place === 'token' ? 1 : 0);
    });
  }
  test('an aborted login ends what is under way', async () => {
    const { as, server, provider } = await open({});
    let opened;
    const started = new Promise((resolve) => (opened = resolve));
    const auth = provider({
      authorize: (_url, { signal }) => {
        opened();
        return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
      },
    });
    const aborter = new AbortController();
    const asking = auth.token({
      userId: 'ada',
      serverName: 'notes',
      url: server.url,
      status: 401,
      signal: aborter.signal,
    });
    await started;
    aborter.abort(new Error('enough'));
    await assert.rejects(asking, /enough/);
    assert.equal(as.count('token'), 0);
  });
  test('one caller that gives up does not end the login of another', async () => {
    const { server, provider, logins } = await open({});
    let release;
    const held = new Promise((resolve) => (release = resolve));
    const auth = provider({ authorize: (url, about) => held.then(() => browser(logins)(url, about)) });
    const [first, second] = [new AbortController(), new AbortController()];
    const ask = ({ signal }) =>
      auth.token({ userId: 'ada', serverName: 'notes', url: server.url, status: 401, signal });
    const [one, two] = [ask(first), ask(second)];
    await new Promise((resolve) => setImmediate(resolve));
    first.abort(new Error('enough'));
    await assert.rejects(one, /enough/);
    release();
    assert.ok(await two);
    assert.equal(logins.length, 1);
  });
});

describe('secrets', () => {
  test('what the server quotes of them is not in errors', async () => {
    const echo = (params) => failure(400, 'invalid_request', Object.values(params).join(' '));
    const { as, client } = await open({ as: { token: echo } });
    const check = (error) => {
      const text = `${error.message} ${error.stack} ${JSON.stringify(error)}`;
      for (const { path, params } of as.log) {
        if (path !== '/token') continue;
        for (const name of ['code', 'code_verifier', 'refresh_token', 'client_secret'])
          assert.ok(!params[name] || !text.includes(params[name]), name);
      }
      return as.count('token') > 0;
    };
    await assert.rejects(client().connect(), check);
  });
  test('errors have no control characters, and an end', async () => {
    const words = `\u001b[31m${'x'.repeat(5_000)}\n`;
    const { client } = await open({ as: { token: () => failure(400, 'invalid_request', words) } });
    await assert.rejects(
      client().connect(),
      ({ message }) => message.length < 800 && [...message].every((letter) => letter >= ' '),
    );
  });
  test('no token is in a URL', async () => {
    const { as, client, logins } = await open({});
    const user = client();
    await user.connect();
    as.expireAll();
    await user.call();
    const urls = JSON.stringify([logins, as.log.map(({ path, query }) => [path, query])]);
    assert.ok(!/at-|rt-|secret/.test(urls));
  });
  test('the code has no way out but the token endpoint', async () => {
    const { as, server, client } = await open({});
    await client().connect();
    assert.ok(!JSON.stringify(server.refusals).includes('code-'));
    assert.deepEqual(
      as.log.filter(({ params }) => params.code).map(({ path }) => path),
      ['/token'],
    );
  });
});

describe('options', () => {
  for (const [name, options] of Object.entries({
    'no authorize': { redirectUri, authorize: undefined },
    'no redirectUri': { redirectUri: undefined },
    'an insecure redirectUri': { redirectUri: 'http://app.example/callback' },
    'a client metadata URL without https': { clientMetadataUrl: 'http://app.example/client.json' },
    'a client metadata URL without a path': { clientMetadataUrl: 'https://app.example' },
  })) {
    test(`${name} is refused at once`, () => {
      assert.throws(() => entry.oauth({ redirectUri, authorize: browser(), ...options }), { name: 'OAuthError' });
    });
  }
  test('an insecure server is refused', async () => {
    const { provider } = await open({});
    await assert.rejects(
      provider().token({ userId: 'ada', serverName: 'notes', url: 'http://notes.example/mcp', status: 401 }),
      { code: 'insecure_url' },
    );
  });
});

describe('a file', () => {
  const path = join(tmpdir(), `oauth-${process.pid}.json`);
  afterEach(() => rm(path, { force: true }));

  test("is its owner's alone, and what it holds is gone on with", async () => {
    const { client, logins } = await open({});
    await client({ storage: entry.fileStorage(path) }).connect();
    assert.equal((await stat(path)).mode & 0o777, 0o600);
    assert.equal(await client({ storage: entry.fileStorage(path) }).connect(), 200);
    assert.equal(logins.length, 1);
    assert.match(await readFile(path, 'utf8'), /at-/);
  });
  test('two processes use a refresh token once', async () => {
    const { as, server, client, logins } = await open({});
    await client({ storage: entry.fileStorage(path) }).connect();
    as.expireAll();
    const { execFile } = await import('node:child_process');
    const { promisify } = await import('node:util');
    const script = `
      const { oauth, fileStorage } = await import(${JSON.stringify(packageUrl('oauth.js').href)});
      const { client } = await import(${JSON.stringify(new URL('../helpers/oauth/client.mjs', import.meta.url).href)});
      const auth = oauth({ redirectUri: ${JSON.stringify(redirectUri)}, authorize: () => { throw new Error('a login'); }, storage: fileStorage(${JSON.stringify(path)}) });
      const user = client({ url: ${JSON.stringify(server.url)} }, auth);
      console.log(await user.connect(), await user.call());`;
    const run = () => promisify(execFile)(process.execPath, ['--input-type=module', '--eval', script]);
    const [one, two] = await Promise.all([run(), run()]);
    assert.deepEqual([one.stdout, two.stdout], ['200 200\n', '200 200\n']);
    assert.deepEqual([as.count('token', 'refresh_token'), logins.length], [1, 1]);
  });
});

describe('programs', () => {
  test('the loopback flow: prints the URL, hears the callback, ignores other callers', async () => {
    const printed = [];
    const { as, client } = await open({});
    const opened = async (url) => {
      const callback = await browser()(url, {});
      const port = new URL(callback).origin;
      assert.equal((await fetch(`${port}/callback?code=x&state=y`)).status, 200);
      assert.equal((await fetch(`${port}/else`)).status, 404);
      fetch(callback).catch(() => {});
    };
    const authorize = entry.loopback({ open: opened, print: (text) => printed.push(text), headless: false });
    const user = client({ redirectUri: undefined, authorize });
    assert.equal(await user.connect(), 200);
    assert.match(printed[0], /^To log in, open http/);
    as.revokeAll();
    assert.equal(await user.call(), 200);
    assert.equal(as.count('register'), 1, 'the port of the registration is used again');
  });
  test('a device code where there is no browser', async () => {
    const printed = [];
    const { as, client } = await open({});
    const authorize = entry.loopback({
      headless: true,
      print: (text) => {
        printed.push(text);
        fetch(/http\S+/.exec(text)[0]);
      },
    });
    assert.equal(await client({ redirectUri: undefined, authorize }).connect(), 200);
    assert.match(printed[0], /enter the code ABCD-EFGH/);
    assert.equal(as.count('authorize'), 0);
  });
  test('client credentials: one token for all calls, another when it is refused', async () => {
    const { as, server, clientOf } = await open({});
    const auth = entry.clientCredentials({ clientId: 'bot', clientSecret: 'x' });
    const bot = clientOf(auth);
    assert.deepEqual([await bot.connect(), await bot.call(), as.count('token')], [200, 200, 1]);
    as.expireAll();
    assert.deepEqual([await bot.call(), as.count('token')], [200, 2]);
    assert.equal(as.log.at(-1).params.resource, server.url);
  });
  test('an assertion of a workload is asked for each time', async () => {
    const { as, clientOf } = await open({});
    let count = 0;
    const assertion = ({ audience }) => {
      count += 1;
      return `${audience}#${count}`;
    };
    const bot = clientOf(entry.jwtBearer({ clientId: 'bot', assertion }));
    await bot.connect();
    as.expireAll();
    await bot.call();
    assert.deepEqual(
      as.log.filter(({ path }) => path === '/token').map(({ params }) => params.assertion),
      [`${as.issuer}#1`, `${as.issuer}#2`],
    );
  });
});
