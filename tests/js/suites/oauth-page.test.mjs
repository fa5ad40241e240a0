// Logins in a Chromium page. The page, the MCP server and the authorization server are three origins.
import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import { chromium } from 'playwright-core';
import { launchOptions, startPageServer } from '../helpers/browsers/chromium.mjs';
import { startProtectedServer } from '../servers/authorization/protected-server.mjs';
import { startAuthorizationServer } from '../servers/authorization-server.mjs';

let files;
let browser;
let as;
let server;
let context;

before(async () => {
  files = await startPageServer();
  browser = await chromium.launch(launchOptions);
});
after(async () => {
  await browser?.close();
  await files?.close();
});
beforeEach(async () => {
  as = await startAuthorizationServer({
    login: 'page',
    pageHeaders: { 'Cross-Origin-Opener-Policy': 'same-origin' },
  });
  server = await startProtectedServer(as);
  context = await browser.newContext();
});
afterEach(async () => {
  await context.close();
  await server.close();
  await as.close();
});

async function open(settings = {}) {
  const page = await context.newPage();
  const query = new URLSearchParams({ server: server.url, ...settings });
  await page.goto(`${files.origin}/tests/helpers/oauth/app.html?${query}`);
  await page.waitForFunction(() => window.ready);
  return page;
}

const shown = async (page, text) => {
  await page.waitForFunction(
    (wanted) => {
      const { textContent } = document.querySelector('#result');
      return textContent.includes(wanted) || textContent.startsWith('failed');
    },
    text,
    { timeout: 20_000 },
  );
  const found = await page.textContent('#result');
  assert.ok(found.includes(text), found);
};

/** Clicks, says yes in the window that opens, and waits for the result. */
async function logIn(page, button = '#go') {
  const opening = context.waitForEvent('page');
  await page.click(button);
  const login = await opening;
  await login.waitForSelector('#allow');
  await login.click('#allow');
  return login;
}

test('a click, a login page with COOP on another origin, the result; a reload needs no login', async () => {
  const page = await open();
  const login = await logIn(page);
  await shown(page, 'result: hello');
  if (!login.isClosed()) await login.waitForEvent('close');
  assert.equal(as.count('authorize'), 1);
  await page.reload();
  await page.waitForFunction(() => window.ready);
  await page.click('#go');
  await shown(page, 'result: hello');
  assert.deepEqual([as.count('authorize'), as.count('token')], [1, 1]);
});

test('a window that looks closed is no cancelled login', async () => {
  const page = await open();
  const opening = context.waitForEvent('page');
  await page.click('#go');
  const login = await opening;
  await login.waitForSelector('#allow');
  await page.waitForFunction(() => window.looksClosed);
  await login.click('#allow');
  await shown(page, 'result: hello');
});

test('a window that was closed: the application may cancel', async () => {
  const page = await open();
  const opening = context.waitForEvent('page');
  await page.click('#go');
  const login = await opening;
  await login.waitForSelector('#allow');
  await login.close();
  await page.waitForFunction(() => window.looksClosed);
  await page.evaluate(() => window.cancelLogin());
  await shown(page, 'failed: unauthorized');
});

test('signIn opens its window in the click, however slow discovery is', async () => {
  const page = await open();
  await logIn(page, '#sign-in');
  await shown(page, 'signed in');
  await page.click('#go');
  await shown(page, 'result: hello');
  assert.equal(as.count('authorize'), 1);
});

test('two tabs refresh once', async () => {
  const [first, second] = [await open(), await open()];
  await logIn(first);
  await shown(first, 'result: hello');
  await second.click('#go');
  await shown(second, 'result: hello');
  for (let times = 1; times <= 3; times += 1) {
    as.expireAll();
    await Promise.all([first, second].map((page) => page.evaluate(() => window.app.act())));
    await shown(first, 'result: hello');
    await shown(second, 'result: hello');
    assert.equal(as.count('token', 'refresh_token'), times);
  }
  assert.equal(as.count('authorize'), 1);
});

test('revoked: one login', async () => {
  const page = await open();
  await logIn(page);
  await shown(page, 'result: hello');
  as.revokeAll();
  await logIn(page);
  await shown(page, 'result: hello');
  assert.equal(as.count('authorize'), 2);
});

test('a scope that one call needs: one consent', async () => {
  server.rules.challengedScope = 'read';
  const page = await open();
  await logIn(page);
  await shown(page, 'result: hello');
  server.rules.scope = (message) => (message?.method === 'tools/call' ? 'write' : undefined);
  await logIn(page);
  await shown(page, 'result: hello');
  await page.click('#go');
  await shown(page, 'result: hello');
  const scopes = as.log.filter(({ path }) => path === '/authorize').map(({ query }) => query.scope);
  assert.deepEqual(scopes, ['read', 'read write']);
});

test('a redirect of the metadata within its origin is followed, to another it is not', async () => {
  server.rules.metadata = (path) =>
    path === '/.well-known/oauth-protected-resource/mcp' ? { status: 302, headers: { Location: '/moved' } } : undefined;
  server.rules.place = '/moved';
  server.rules.challenge = (usual) => usual.replace('/moved', '/.well-known/oauth-protected-resource/mcp');
  let page = await open();
  await logIn(page);
  await shown(page, 'result: hello');
  await context.close();
  context = await browser.newContext();
  const before = as.log.length;
  server.rules.metadata = (path) =>
    path.startsWith('/.well-known') ? { status: 302, headers: { Location: `${as.origin}/stolen` } } : undefined;
  page = await open();
  await page.click('#go');
  await shown(page, 'redirects to another origin');
  assert.deepEqual(
    as.log
      .slice(before)
      .map(({ path }) => path)
      .filter((path) => path !== '/stolen'),
    [],
  );
});

test('the redirect flow leaves the page and comes back; nothing is left of it', async () => {
  const page = await open({ flow: 'redirect' });
  await page.click('#go');
  await page.waitForSelector('#allow');
  await page.click('#allow');
  await page.waitForURL(/app\.html/);
  await page.waitForFunction(() => window.ready);
  await page.click('#go');
  await shown(page, 'result: hello');
  assert.deepEqual([as.count('authorize'), as.count('token')], [1, 1]);
  assert.equal(await page.evaluate(() => sessionStorage.length), 0);
  assert.ok(!page.url().includes('code='));
  assert.equal(await page.evaluate(() => localStorage.length), 0);
});

test('the redirect flow, denied: the words of the server, and the page is not left again', async () => {
  const page = await open({ flow: 'redirect' });
  await page.click('#go');
  await page.waitForSelector('#deny');
  await page.click('#deny');
  await page.waitForURL(/app\.html/);
  await page.waitForFunction(() => window.ready);
  await page.click('#go');
  await shown(page, 'failed: unauthorized');
  assert.equal(as.count('authorize'), 1);
});

test('a callback that belongs to no login goes nowhere', async () => {
  const page = await context.newPage();
  const seen = [];
  page.on('request', (request) => seen.push(request.url()));
  const evil = `returnTo=${encodeURIComponent('https://evil.example/')}`;
  await page.goto(`${files.origin}/tests/helpers/oauth/callback.html?code=secret&state=x&${evil}#${evil}`);
  await page.waitForFunction(() => !location.search).catch(() => {});
  assert.ok(seen.every((url) => url.startsWith(files.origin)));
});

for (const [endpoint, words] of Object.entries({
  metadata: 'authorization server metadata',
  register: 'registration endpoint',
  token: 'token endpoint',
})) {
  test(`no CORS headers at ${endpoint}: the error says so`, async () => {
    as.rules.noCors = [endpoint];
    const page = await open();
    if (endpoint === 'token') await logIn(page);
    else await page.click('#go');
    await shown(page, words);
    const text = await page.textContent('#result');
    assert.ok(text.includes('CORS') && text.includes(as.origin), text);
  });
}

test('a challenge that CORS hides is one without parameters', async () => {
  server.rules.hideChallenge = true;
  const page = await open();
  await logIn(page);
  await shown(page, 'result: hello');
});
