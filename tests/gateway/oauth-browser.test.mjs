// A login through the gateway in Chromium, and the ways in which a browser shows whose it is.
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { chromium } from 'playwright-core';
import { launchOptions } from '../js/helpers/browsers/chromium.mjs';
import { listen } from '../js/servers/shared/listen.mjs';
import { serveFolders } from '../js/servers/static-files.mjs';
import { clients, textOf } from './clients.mjs';
import { initializeParams, sender } from './http.mjs';
import { Browser, linkIn, startWorld, users } from './oauth-world.mjs';

const connect = clients['the official client v1'];

/** The page of page-client.mjs, with the official client v2. */
async function servePage(folder) {
  const here = (path) => fileURLToPath(new URL(path, import.meta.url));
  const outfile = join(folder, 'client.js');
  const options = {
    bundle: true,
    format: 'esm',
    platform: 'browser',
    external: ['/pkg/browser.js'],
    logLevel: 'warning',
  };
  await build({ entryPoints: [here('page-client.mjs')], outfile, ...options });
  const shown = [
    { prefix: '/client.js', file: outfile },
    { prefix: '/', file: here('../js/helpers/browsers/page.html') },
  ];
  return listen(serveFolders(shown, { headers: {} }));
}

describe('in Chromium', () => {
  let world;
  let browser;
  let folder;
  let files;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'page-'));
    files = await servePage(folder);
    world = await startWorld({
      as: { login: 'page', pageHeaders: { 'Cross-Origin-Opener-Policy': 'same-origin' } },
      server: { needsToken: ({ method } = {}) => method === 'tools/call' },
      vars: { PRIVATE_HOSTS: 'localhost', ALLOWED_ORIGINS: files.origin },
    });
    // Another site than the gateway, for cookies and referrers.
    const elsewhere = world.as.origin.replace('127.0.0.1', 'localhost');
    world.as.rules.document = { authorization_endpoint: `${elsewhere}/authorize` };
    browser = await chromium.launch(launchOptions);
  });
  after(async () => {
    await browser?.close();
    await world?.stop();
    await files?.close();
    await rm(folder, { recursive: true, force: true });
  });

  test('the user opens the link, proves who they are, logs in, and the call goes on', async () => {
    const context = await browser.newContext();
    const page = await context.newPage();
    const problems = [];
    page.on('console', (message) => /policy|refused/i.test(message.text()) && problems.push(message.text()));
    const elicit = async ({ params }) => {
      await page.goto(params.url);
      const question = await page.textContent('body');
      assert.match(question, /user ada wants to use notes/);
      assert.ok(question.includes(`localhost:${new URL(world.as.origin).port}`));
      await page.fill('input[name=token]', users.ada);
      await page.click('button');
      await page.click('#allow');
      await page.waitForURL(`${world.origin}/oauth/callback/**`);
      assert.match(await page.textContent('body'), /Logged in/);
      return { action: 'accept' };
    };
    const client = await connect(world.url, { elicitation: { url: {} }, elicit });
    assert.equal(textOf(await client.call('echo', { text: 'through' })), 'through');
    assert.deepEqual(await context.cookies(), [], 'the cookie is gone');
    const authorize = world.as.log.find(({ path }) => path === '/authorize');
    assert.equal(authorize.headers.referer, undefined);
    assert.equal(authorize.headers['sec-fetch-site'], 'cross-site');
    assert.deepEqual(problems, []);
    await client.end();
    await context.close();
  });

  test('a page on another origin calls a tool as two users, with one login each', async () => {
    for (const token of Object.values(users)) {
      world.as.revokeAll();
      const context = await browser.newContext();
      const page = await context.newPage();
      await page.goto(files.origin);
      const opening = context.waitForEvent('page');
      const calling = page.evaluate(
        async ([url, given]) => (await import('/client.js')).callWithLogin(url, given),
        [world.url, token],
      );
      const login = await opening;
      await login.fill('input[name=token]', token);
      await login.click('button');
      await login.click('#allow');
      assert.deepEqual(await calling, ['first', 'second']);
      await context.close();
    }
  });

  test('another user gets no further than the question', async () => {
    const page = await browser.newPage();
    world.as.revokeAll();
    const before = world.as.count('authorize');
    const elicit = async ({ params }) => {
      await page.goto(params.url);
      await page.fill('input[name=token]', users.bob);
      await page.click('button');
      assert.match(await page.textContent('[role=alert]'), /another user/);
      return { action: 'decline' };
    };
    const client = await connect(world.url, { elicitation: { url: {} }, elicit });
    await assert.rejects(client.call('echo', { text: 'x' }), /decline/);
    assert.equal(world.as.count('authorize'), before);
    await client.end();
    await page.close();
  });
});

describe('with JWTs and Cloudflare Access', () => {
  const issuer = 'https://issuer.example';
  const team = 'team.cloudflareaccess.example';
  let world;
  let jwks;
  let keys;
  before(async () => {
    keys = await generateKeyPair('ES256');
    const key = { ...(await exportJWK(keys.publicKey)), kid: 'one', alg: 'ES256', use: 'sig' };
    jwks = await listen((_request, response) =>
      response.writeHead(200, { 'Content-Type': 'application/json' }).end(JSON.stringify({ keys: [key] })),
    );
    world = await startWorld({
      vars: {
        AUTH: 'jwt, access',
        JWT_JWKS_URL: `${jwks.origin}/keys`,
        JWT_ISSUER: issuer,
        JWT_AUDIENCE: 'the-gateway',
        ACCESS_TEAM_DOMAIN: team,
        ACCESS_JWKS_URL: `${jwks.origin}/keys`,
        ACCESS_AUDIENCE: 'the-application',
      },
    });
  });
  after(async () => {
    await world?.stop();
    await jwks?.close();
  });

  const sign = (subject, from, audience) =>
    new SignJWT({})
      .setProtectedHeader({ alg: 'ES256', kid: 'one' })
      .setIssuer(from)
      .setAudience(audience)
      .setSubject(subject)
      .setExpirationTime('5m')
      .sign(keys.privateKey);
  const assertionOf = async (subject) => ({
    'cf-access-jwt-assertion': await sign(subject, `https://${team}`, 'the-application'),
  });
  const jwtOf = (subject) => sign(subject, issuer, 'the-gateway');

  /** What `initialize` of a client with these headers answers. */
  async function initialize(headers) {
    const { send, rpc } = sender(world.url);
    const given = { Authorization: undefined, ...headers };
    return (await send('POST', { body: rpc('initialize', initializeParams), headers: given })).text();
  }

  test('Access vouches for the browser, at the start and at the end', async () => {
    const [ada, bob] = [await assertionOf('ada'), await assertionOf('bob')];
    const link = linkIn(await initialize(ada));
    assert.equal((await new Browser().request(link, { headers: bob })).status, 403);
    const browser = new Browser();
    const page = await browser.request(link, { headers: ada });
    assert.ok(page.status === 200 && !page.text.includes('password'));
    const started = await browser.request(link, { method: 'POST', headers: ada });
    const { location } = await browser.request(started.location);
    assert.equal((await browser.request(location, { headers: bob })).status, 403);
    assert.equal((await browser.request(location, { headers: ada })).status, 200);
    assert.match(await initialize(ada), /"result"/);
  });

  test('a JWT is typed into the page; one of Access is another user', async () => {
    const jwt = await jwtOf('ada');
    const link = linkIn(await initialize({ Authorization: `Bearer ${jwt}` }));
    assert.equal((await new Browser().request(link, { headers: await assertionOf('ada') })).status, 403);
    assert.equal((await new Browser().logIn(link, await jwtOf('bob'))).status, 403);
    assert.equal((await new Browser().logIn(link, await jwtOf('ada'))).status, 200);
    assert.match(await initialize({ Authorization: `Bearer ${jwt}` }), /"result"/);
  });
});
