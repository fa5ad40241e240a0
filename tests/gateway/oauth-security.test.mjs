// Attacks on the gateway's logins: by servers, by authorization servers, by other users, by other sites, by who reads its disk.
import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { generateKeyPair, SignJWT } from 'jose';
import { startProtectedServer } from '../js/servers/authorization/protected-server.mjs';
import { startAuthorizationServer } from '../js/servers/authorization-server.mjs';
import { findFreePort } from '../js/servers/shared/listen.mjs';
import { initializeParams, sender } from './http.mjs';
import { ask, askAgain, Browser, startWorld, tokenKeys } from './oauth-world.mjs';
import { runOnStorage } from './storage.mjs';

const ada = 'token-of-ada';
const bob = 'token-of-bob';

/** Logs in, and returns what was seen on the way. */
async function logIn(world, { token = ada, browser = new Browser(), server } = {}) {
  const { link } = await ask(world, { token, server });
  const page = await browser.logIn(link, token);
  assert.equal(page.status, 200, page.text);
  return { link, page };
}

describe('who may complete a login', () => {
  let world;
  before(async () => (world = await startWorld()));
  after(() => world.stop());

  test('another user cannot, and the link stays for its owner', async () => {
    const { link } = await ask(world);
    const page = await new Browser().start(link, bob);
    assert.equal(page.status, 403);
    assert.equal(page.location, null);
    const wrong = await new Browser().start(link, 'a-guess');
    assert.equal(wrong.status, 403);
    assert.equal(wrong.text, page.text, 'a guess looks like the token of another user');
    assert.equal(world.as.count('authorize'), 0);
    assert.equal((await new Browser().logIn(link, ada)).status, 200);
  });

  test('a browser that shows an identity has to show the right one', async () => {
    const { link } = await ask(world, { token: bob });
    const as = (token) => ({ headers: { authorization: `Bearer ${token}` } });
    const browser = new Browser();
    assert.equal((await browser.request(link, as(ada))).status, 403);
    assert.equal((await browser.request(link, { method: 'POST', form: { token: bob }, ...as(ada) })).status, 403);
    const page = await browser.request(link, as(bob));
    assert.equal(page.status, 200);
    assert.ok(!page.text.includes('type="password"'));
    const started = await browser.request(link, { method: 'POST', ...as(bob) });
    assert.equal(started.status, 303);
    const { location } = await browser.request(started.location);
    assert.equal((await browser.request(location, as(ada))).status, 403);
    assert.equal((await browser.request(location, as(bob))).status, 200);
  });

  test('a few wrong tokens end a link; opening it does not', async () => {
    world.as.revokeAll();
    const { link } = await ask(world);
    for (let turn = 0; turn < 10; turn += 1) assert.equal((await new Browser().request(link)).status, 200);
    for (let turn = 0; turn < 5; turn += 1)
      assert.equal((await new Browser().start(link, `guess-${turn}`)).status, 403);
    assert.equal((await new Browser().start(link, ada)).status, 410);
    const next = await ask(world);
    assert.notEqual(next.link, link);
    assert.equal((await new Browser().logIn(next.link, ada)).status, 200);
  });

  test('a form of another site does nothing', async () => {
    world.as.revokeAll();
    const { link } = await ask(world);
    for (const origin of ['https://evil.example', 'null', undefined]) {
      const headers = origin ? { origin } : { origin: '' };
      const page = await new Browser().request(link, { method: 'POST', form: { token: ada }, headers });
      assert.equal(page.status, 403, origin);
      assert.equal(page.headers.getSetCookie().length, 0);
    }
    assert.equal((await new Browser().logIn(link, ada)).status, 200);
  });

  test('a link works once', async () => {
    world.as.revokeAll();
    const { link } = await ask(world);
    const browsers = [1, 2, 3, 4].map(() => new Browser());
    const pages = await Promise.all(browsers.map((browser) => browser.start(link, ada)));
    assert.deepEqual(pages.map(({ status }) => status).sort(), [303, 410, 410, 410]);
    assert.equal((await new Browser().start(link, ada)).status, 410);
    assert.equal((await new Browser().start(`${link}x`, ada)).status, 410);
    const first = pages.findIndex(({ status }) => status === 303);
    const granted = await browsers[first].request(pages[first].location);
    assert.equal((await browsers[first].request(granted.location)).status, 200);
  });

  test('the browser that began is the one that ends it', async () => {
    world.as.revokeAll();
    const { link } = await ask(world);
    const browser = new Browser();
    const { location } = await browser.start(link, ada);
    const granted = await browser.request(location);
    const before = world.as.count('token', 'authorization_code');
    assert.equal((await new Browser().request(granted.location)).status, 400, 'no cookie');
    const other = new Browser();
    const foreign = await other.start((await ask(world, { token: bob })).link, bob);
    assert.equal((await other.request(granted.location)).status, 400, 'the cookie of another login');
    // Its user begins once more, with a new link: the browser that began last counts.
    const later = new Browser();
    await later.start((await askAgain(world)).link, ada);
    assert.equal((await browser.request(granted.location)).status, 400, 'the cookie of an earlier start');
    assert.equal(world.as.count('token', 'authorization_code'), before);
    assert.equal((await later.request(granted.location)).status, 200);
    const own = await other.request(foreign.location);
    assert.equal((await other.request(own.location)).status, 200);
  });

  test('a callback works once', async () => {
    world.as.revokeAll();
    const { link } = await ask(world);
    const browser = new Browser();
    const started = await browser.start(link, ada);
    const cookie = started.headers.getSetCookie()[0].split(';')[0];
    const { location } = await browser.request(started.location);
    const replay = () => new Browser().request(location, { headers: { cookie } });
    const before = world.as.count('token', 'authorization_code');
    const pages = await Promise.all([replay(), replay(), replay()]);
    assert.deepEqual(pages.map(({ status }) => status).sort(), [200, 400, 400]);
    assert.equal((await replay()).status, 400);
    assert.equal(world.as.count('token', 'authorization_code') - before, 1);
  });

  test('the cookie is for this host alone and not for scripts; pages are not framed and run none', async () => {
    world.as.revokeAll();
    const { link } = await ask(world);
    const page = await new Browser().request(link);
    assert.match(page.headers.get('content-security-policy'), /default-src 'none'.*frame-ancestors 'none'/);
    assert.equal(page.headers.get('cache-control'), 'no-store');
    const browser = new Browser();
    const started = await browser.start(link, ada);
    assert.match(started.headers.getSetCookie()[0], /; Path=\/; HttpOnly; SameSite=Lax; Max-Age=600$/);
    const { location } = await browser.request(started.location);
    assert.equal((await browser.request(location)).status, 200);
    world.as.revokeAll();
  });

  test('a callback redirects nowhere, and says what is in it as text', async () => {
    const evil = 'https://evil.example/';
    for (const query of [
      `?redirect_uri=${evil}`,
      `?state=x&next=${evil}&return_to=${evil}`,
      `?error=<script>&state=${evil}`,
    ]) {
      const page = await new Browser().request(`${world.origin}/oauth/callback/notes${query}`);
      assert.deepEqual([page.status, page.location], [400, null]);
      assert.ok(!page.text.includes('evil') && !page.text.includes('<script>'));
    }
    const { link } = await ask(world);
    const browser = new Browser();
    const { location } = await browser.start(link, ada);
    const state = new URL(location).searchParams.get('state');
    const parameters = {
      state,
      iss: world.as.issuer,
      error: 'x',
      error_description: '<script>alert(1)</script>',
      next: evil,
    };
    const page = await browser.request(`${world.origin}/oauth/callback/notes?${new URLSearchParams(parameters)}`);
    assert.deepEqual([page.status, page.location], [400, null]);
    assert.ok(page.text.includes('&lt;script&gt;') && !page.text.includes('<script>'));
    for (const path of ['/oauth/callback//evil.example', '/oauth/start/', '/oauth/callback/notes/x', '/oauth'])
      assert.equal((await new Browser().request(world.origin + path)).status, 404, path);
  });

  test('tokens, codes and secrets are in no log line, no response, and in no URL', async () => {
    const { link, page } = await logIn(world, { token: bob });
    const session = sender(world.url, bob);
    const id = await session.open();
    const answer = await (await session.call(id, 'echo', { text: 'x' })).text();
    world.as.revokeAll();
    const refused = await ask(world, { token: bob });
    const seen = [link, page.text, answer, refused.text, ...world.stack.lines].join('\n');
    assert.ok(!/\b(?:at|rt|code)-[0-9a-f]{8}-/.test(seen), seen);
    for (const secret of [ada, bob, ...tokenKeys]) assert.ok(!seen.includes(secret));
    assert.ok(
      world.server.refusals.some(({ error }) => error === undefined),
      'the first request has no token',
    );
    const foreign = world.as.log.filter(({ headers }) =>
      [ada, bob].some((token) => JSON.stringify(headers).includes(token)),
    );
    assert.deepEqual(foreign, []);
  });
});

describe('what is on the disk', () => {
  let world;
  before(
    async () =>
      (world = await startWorld({ as: { registration: { token_endpoint_auth_method: 'client_secret_basic' } } })),
  );
  after(() => world.stop());

  const works = async () => {
    const { send, rpc } = sender(world.url, ada);
    const response = await send('POST', { body: rpc('initialize', initializeParams) });
    return (await response.text()).includes('"result"');
  };
  const digest = async (text) => Buffer.from(await crypto.subtle.digest('SHA-256', Buffer.from(text))).toString('hex');
  const records = async () => {
    const name = await digest(JSON.stringify(['bearer:ada', 'notes']));
    const [rows] = await runOnStorage(world.stack.state, { binding: 'CREDENTIALS', name }, [['SELECT * FROM record']]);
    return rows;
  };

  test('is ciphertext, and a new key replaces the old one without a login', async () => {
    await logIn(world);
    assert.ok(await works());
    let rows;
    await world.stack.restartGateway({ vars: { TOKEN_KEYS: `${tokenKeys[1]} ${tokenKeys[0]}` } }, async () => {
      rows = await records();
      const files = (await readdir(world.stack.state, { recursive: true, withFileTypes: true })).filter((file) =>
        file.isFile(),
      );
      const texts = await Promise.all(files.map(({ parentPath, name }) => readFile(join(parentPath, name), 'latin1')));
      const disk = texts.join('\n');
      assert.ok(disk.includes(rows[0].sealed.slice(0, 40)), 'the search finds what is there');
      assert.ok(!/\b(?:at|rt|code)-[0-9a-f]{8}-|secret:[0-9a-f]{8}-|client-[0-9a-f]{8}-/.test(disk));
    });
    assert.ok(rows.length >= 2);
    const [oldKey] = rows[0].sealed.split('.');
    assert.ok(await works());
    assert.equal(world.as.count('authorize'), 1);
    await world.stack.restartGateway({ vars: { TOKEN_KEYS: tokenKeys[1] } }, async () => {
      for (const { sealed } of await records()) assert.notEqual(sealed.split('.')[0], oldKey);
    });
    assert.ok(await works());
    assert.equal(world.as.count('authorize'), 1);
  });

  test('is worth nothing without the key: then there is another login', async () => {
    const lost = Buffer.alloc(32, 'lost').toString('base64');
    await world.stack.restartGateway({ vars: { TOKEN_KEYS: lost } });
    const { link } = await ask(world);
    assert.equal((await new Browser().logIn(link, ada)).status, 200);
    assert.ok(await works());
  });
});

describe('authorization servers', () => {
  let world;
  let evil;
  let trick;
  before(async () => {
    evil = await startAuthorizationServer();
    trick = await startProtectedServer(evil);
    world = await startWorld({ servers: { trick: { url: trick.url, auth: { type: 'oauth' } } } });
  });
  after(async () => {
    await world.stop();
    await trick.close();
    await evil.close();
  });

  test('that never stop talking are cut off, at each step', async () => {
    const endless = () => ({ endless: true });
    for (const rule of ['metadata', 'register']) {
      world.as.rules[rule] = endless;
      const { link, text } = await ask(world);
      assert.equal(link, undefined);
      assert.match(text, /larger than 262144 bytes/);
      world.as.rules[rule] = () => undefined;
    }
    const { link } = await ask(world);
    world.as.rules.token = endless;
    const page = await new Browser().logIn(link, ada);
    world.as.rules.token = () => undefined;
    assert.equal(page.status, 400);
    assert.match(page.text, /larger than 262144 bytes/);
  });

  test('with a list of a thousand others are not all asked', async () => {
    let count = 0;
    const many = await startAuthorizationServer({ metadata: () => ({ status: 404, body: { count: ++count } }) });
    world.server.rules.document = {
      authorization_servers: Array.from({ length: 1_000 }, (_, at) => `${many.origin}/tenant${at}`),
    };
    const { link } = await ask(world);
    world.server.rules.document = {};
    await many.close();
    assert.equal(link, undefined);
    assert.ok(count > 0 && count <= 80, `${count} requests`);
  });

  test('a wrong or missing issuer in the callback is refused before the code is sent', async () => {
    for (const issuer of ['https://evil.example', undefined]) {
      const { link } = await ask(world);
      const browser = new Browser();
      const { location } = await browser.start(link, ada);
      const callback = new URL((await browser.request(location)).location);
      if (issuer) callback.searchParams.set('iss', issuer);
      else callback.searchParams.delete('iss');
      const before = world.as.count('token', 'authorization_code');
      const page = await browser.request(callback.href);
      assert.equal(page.status, 400);
      assert.match(page.text, /issuer/);
      assert.equal(world.as.count('token', 'authorization_code'), before);
    }
  });

  test('mixed up: the code of one never reaches another, with and without `iss`', async () => {
    for (const iss of [true, false]) {
      world.as.rules.iss = iss;
      world.as.revokeAll();
      // The honest server's client of this user, which the other authorization server knows.
      const { link: honest } = await askAgain(world);
      const known = new URL((await new Browser().start(honest, ada)).location);
      const { link } = await askAgain(world, { server: 'trick' });
      const browser = new Browser();
      const own = new URL((await browser.start(link, ada)).location);
      known.searchParams.set('state', own.searchParams.get('state'));
      const callback = (await browser.request(known.href)).location;
      assert.match(callback, /code=/);
      assert.equal((await browser.request(callback)).status, 400);
      // And the code at the other callback, as if the honest server took any.
      const moved = callback.replace('/callback/notes', '/callback/trick');
      const page = await browser.request(moved);
      if (iss) assert.equal(page.status, 400);
      const codes = evil.log.filter(({ params }) => params.code && callback.includes(params.code));
      if (iss) assert.deepEqual(codes, []);
    }
    world.as.rules.iss = true;
  });

  test('what they say in an error holds no secret', async () => {
    const { link } = await askAgain(world);
    world.as.rules.token = (params) => ({
      status: 400,
      body: { error: 'invalid_grant', error_description: JSON.stringify(params) },
    });
    const browser = new Browser();
    const { location } = await browser.start(link, ada);
    const callback = (await browser.request(location)).location;
    const page = await browser.request(callback);
    world.as.rules.token = () => undefined;
    assert.equal(page.status, 400);
    assert.ok(!page.text.includes(new URL(callback).searchParams.get('code')), page.text);
  });
});

test('while the issuer of tokens is out of reach, a login is not refused: 503', async (context) => {
  const world = await startWorld({
    vars: {
      AUTH: 'jwt, bearer',
      JWT_JWKS_URL: `http://127.0.0.1:${await findFreePort()}/keys`,
      JWT_ISSUER: 'me',
      JWT_AUDIENCE: 'you',
    },
  });
  context.after(world.stop);
  const { privateKey } = await generateKeyPair('ES256');
  const token = await new SignJWT({ iss: 'me', aud: 'you', sub: 'eve', exp: Math.floor(Date.now() / 1_000) + 60 })
    .setProtectedHeader({ alg: 'ES256', kid: 'one' })
    .sign(privateKey);
  const response = await fetch(`${world.origin}/oauth/login/notes`, {
    method: 'DELETE',
    headers: { Authorization: `Bearer ${token}` },
  });
  assert.equal(response.status, 503);
  assert.ok(Number(response.headers.get('retry-after')) >= 1);
});
