// Logins in a Chromium page. The page, the MCP server and the authorization server are three origins.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chromium } from 'playwright-core';
import { launchOptions, startPageServer } from '../helpers/browsers/chromium.mjs';
import { loginsInChromium, shown, withOpenerPolicy } from '../helpers/oauth/logins.mjs';

const world = loginsInChromium({ pageHeaders: withOpenerPolicy });

/** Clicks, says yes in the window that opens, and waits for the result. */
async function logIn(page, button = '#go') {
  const login = await world.windowOf(page, { button });
  await login.click('#allow');
  return login;
}

test('a click, a login page with COOP on another origin, the result; a reload needs no login', async () => {
  const page = await world.open();
  const login = await logIn(page);
  await shown(page, 'result: hello');
  if (!login.isClosed()) await login.waitForEvent('close');
  assert.equal(world.as.count('authorize'), 1);
  await page.reload();
  await page.waitForFunction(() => window.ready);
  await page.click('#go');
  await shown(page, 'result: hello');
  assert.deepEqual([world.as.count('authorize'), world.as.count('token')], [1, 1]);
});

test('a window that looks closed is no cancelled login', async () => {
  const page = await world.open();
  const opening = world.context.waitForEvent('page');
  await page.click('#go');
  const login = await opening;
  await login.waitForSelector('#allow');
  await page.waitForFunction(() => window.looksClosed);
  await login.click('#allow');
  await shown(page, 'result: hello');
});

test('a window that was closed: the application may cancel', async () => {
  const page = await world.open();
  const opening = world.context.waitForEvent('page');
  await page.click('#go');
  const login = await opening;
  await login.waitForSelector('#allow');
  await login.close();
  await page.waitForFunction(() => window.looksClosed);
  await page.evaluate(() => window.cancelLogin());
  await shown(page, 'failed: unauthorized');
});

test('signIn opens its window in the click, however slow discovery is', async () => {
  const page = await world.open();
  await logIn(page, '#sign-in');
  await shown(page, 'signed in');
  await page.click('#go');
  await shown(page, 'result: hello');
  assert.equal(world.as.count('authorize'), 1);
});

test('two tabs refresh once', async () => {
  const [first, second] = [await world.open(), await world.open()];
  await logIn(first);
  await shown(first, 'result: hello');
  await second.click('#go');
  await shown(second, 'result: hello');
  for (let times = 1; times <= 3; times += 1) {
    world.as.expireAll();
    await Promise.all([first, second].map((page) => page.evaluate(() => window.app.act())));
    await shown(first, 'result: hello');
    await shown(second, 'result: hello');
    assert.equal(world.as.count('token', 'refresh_token'), times);
  }
  assert.equal(world.as.count('authorize'), 1);
});

test('revoked: one login', async () => {
  const page = await world.open();
  await logIn(page);
  await shown(page, 'result: hello');
  world.as.revokeAll();
  await logIn(page);
  await shown(page, 'result: hello');
  assert.equal(world.as.count('authorize'), 2);
});

test('a scope that one call needs: one consent', async () => {
  world.server.rules.challengedScope = 'read';
  const page = await world.open();
  await logIn(page);
  await shown(page, 'result: hello');
  world.server.rules.scope = (message) => (message?.method === 'tools/call' ? 'write' : undefined);
  await logIn(page);
  await shown(page, 'result: hello');
  await page.click('#go');
  await shown(page, 'result: hello');
  const scopes = world.as.log.filter(({ path }) => path === '/authorize').map(({ query }) => query.scope);
  assert.deepEqual(scopes, ['read', 'read write']);
});

test('a redirect of the metadata within its origin is followed, to another it is not', async () => {
  world.server.rules.metadata = (path) =>
    path === '/.well-known/oauth-protected-resource/mcp' ? { status: 302, headers: { Location: '/moved' } } : undefined;
  world.server.rules.place = '/moved';
  world.server.rules.challenge = (usual) => usual.replace('/moved', '/.well-known/oauth-protected-resource/mcp');
  let page = await world.open();
  await logIn(page);
  await shown(page, 'result: hello');
  await world.context.close();
  world.context = await world.browser.newContext();
  const before = world.as.log.length;
  world.server.rules.metadata = (path) =>
    path.startsWith('/.well-known') ? { status: 302, headers: { Location: `${world.as.origin}/stolen` } } : undefined;
  page = await world.open();
  await page.click('#go');
  await shown(page, 'redirects to another origin');
  assert.deepEqual(
    world.as.log
      .slice(before)
      .map(({ path }) => path)
      .filter((path) => path !== '/stolen'),
    [],
  );
});

test('the redirect flow leaves the page and comes back; nothing is left of it', async () => {
  const page = await world.open({ flow: 'redirect' });
  await page.click('#go');
  await page.waitForSelector('#allow');
  await page.click('#allow');
  await page.waitForURL(/app\.html/);
  await page.waitForFunction(() => window.ready);
  await page.click('#go');
  await shown(page, 'result: hello');
  assert.deepEqual([world.as.count('authorize'), world.as.count('token')], [1, 1]);
  assert.equal(await page.evaluate(() => sessionStorage.length), 0);
  assert.ok(!page.url().includes('code='));
  assert.equal(await page.evaluate(() => localStorage.length), 0);
});

test('the redirect flow, denied: the words of the server, and the page is not left again', async () => {
  const page = await world.open({ flow: 'redirect' });
  await page.click('#go');
  await page.waitForSelector('#deny');
  await page.click('#deny');
  await page.waitForURL(/app\.html/);
  await page.waitForFunction(() => window.ready);
  await page.click('#go');
  await shown(page, 'failed: unauthorized');
  assert.equal(world.as.count('authorize'), 1);
});

test('a callback that belongs to no login goes nowhere', async () => {
  const page = await world.context.newPage();
  const seen = [];
  page.on('request', (request) => seen.push(request.url()));
  const evil = `returnTo=${encodeURIComponent('https://evil.example/')}`;
  await page.goto(`${world.files.origin}/tests/helpers/oauth/callback.html?code=secret&state=x&${evil}#${evil}`);
  await page.waitForFunction(() => !location.search).catch(() => {});
  assert.ok(seen.every((url) => url.startsWith(world.files.origin)));
});

for (const [endpoint, words] of Object.entries({
  metadata: 'authorization server metadata',
  register: 'registration endpoint',
  token: 'token endpoint',
})) {
  test(`no CORS headers at ${endpoint}: the error says so`, async () => {
    world.as.rules.noCors = [endpoint];
    const page = await world.open();
    if (endpoint === 'token') await logIn(page);
    else await page.click('#go');
    await shown(page, words);
    const text = await page.textContent('#result');
    assert.ok(text.includes('CORS') && text.includes(world.as.origin), text);
  });
}

test('a challenge that CORS hides is one without parameters', async () => {
  world.server.rules.hideChallenge = true;
  const page = await world.open();
  await logIn(page);
  await shown(page, 'result: hello');
});

test('the user goes back from the login page: the login is over, and a click begins another one', async () => {
  // Playwright starts Chromium without the cache that a page comes back from as it was left.
  const browser = await chromium.launch({ ...launchOptions, ignoreDefaultArgs: ['--disable-back-forward-cache'] });
  const files = await startPageServer({ caching: 'no-cache' });
  try {
    const page = await (await browser.newContext()).newPage();
    await page.goto(world.address({ flow: 'redirect' }).replace(world.files.origin, files.origin));
    await page.waitForFunction(() => window.ready);
    await page.evaluate(() => {
      window.isTheSame = true;
    });
    await page.click('#go');
    await page.waitForSelector('#allow');
    await page.goBack({ waitUntil: 'commit' });
    await page.waitForFunction(() => window.ready);
    assert.equal(await page.evaluate(() => window.isTheSame), true, 'the browser has kept the page');
    await shown(page, 'failed: unauthorized; the login was cancelled');
    await page.click('#go');
    await page.click('#allow');
    await page.waitForFunction(() => window.ready);
    await page.click('#go');
    await shown(page, 'result: hello');
  } finally {
    await browser.close();
    await files.close();
  }
});
