// The hook for React with a server that asks for a login, as examples/react-login uses it: in Chromium, in StrictMode, with its pop-up blocker. The page,
// the MCP server and the authorization server are three origins; the login page has Cross-Origin-Opener-Policy.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loginsInChromium, withOpenerPolicy } from '../helpers/oauth/logins.mjs';
import { startSite } from '../helpers/react/site.mjs';

// Playwright starts Chromium without its blocker.
const world = loginsInChromium({
  serve: () => startSite('react-login', { 'callback.html': 'callback.js' }),
  pageHeaders: withOpenerPolicy,
  without: ['--disable-popup-blocking'],
});

async function open() {
  const page = await world.context.newPage();
  await page.goto(`${world.files.origin}/index.html?mcp=${encodeURIComponent(world.server.url)}`);
  return page;
}
const shows = (page, id, text) => page.locator(`#${id}`, { hasText: text }).waitFor({ timeout: 60_000 });
const press = (page, name) => page.getByRole('button', { name }).click();

/** Clicks "Log in", and answers the window that opens. */
async function logIn(page, answer = '#allow') {
  const opening = world.context.waitForEvent('page');
  await press(page, 'Log in');
  const login = await opening;
  await login.waitForSelector(answer);
  if (answer) await login.click(answer);
  return login;
}
const counts = () => [world.as.count('register'), world.as.count('authorize'), world.as.count('token')];

test('needs a login and opens nothing by itself; a click, the result; a reload needs no login', async () => {
  const page = await open();
  await shows(page, 'state', /^needsLogin$/);
  assert.deepEqual(counts(), [0, 0, 0], 'nothing is registered before the click');
  assert.equal(world.context.pages().length, 1);
  await logIn(page);
  await shows(page, 'state', /^ready$/);
  await shows(page, 'tools', 'echo');
  await press(page, 'Say hello');
  await shows(page, 'answer', /^hello$/);
  assert.deepEqual(counts(), [1, 1, 1]);
  assert.equal(world.server.counts.initialize, 1, 'the handshake that was refused went on');
  await page.reload();
  await shows(page, 'state', /^ready$/);
  await press(page, 'Say hello');
  await shows(page, 'answer', /^hello$/);
  assert.deepEqual(counts(), [1, 1, 1]);
});

test('denied: the code is shown, and the next click logs in and connects', async () => {
  const page = await open();
  await shows(page, 'state', /^needsLogin$/);
  await logIn(page, '#deny');
  await page.getByRole('alert').filter({ hasText: 'access_denied' }).waitFor();
  await shows(page, 'state', /^needsLogin$/);
  await logIn(page);
  await shows(page, 'state', /^ready$/);
  assert.equal(await page.getByRole('alert').count(), 0);
});

test('revoked: the call waits for the login, and goes on with the same session', async () => {
  const page = await open();
  await shows(page, 'state', /^needsLogin$/);
  await logIn(page);
  await shows(page, 'state', /^ready$/);
  world.as.revokeAll();
  await press(page, 'Say hello');
  await shows(page, 'state', /^needsLogin$/);
  assert.equal(await page.textContent('#answer'), '');
  await logIn(page);
  await shows(page, 'answer', /^hello$/);
  await shows(page, 'state', /^ready$/);
  assert.deepEqual([world.server.counts.initialize, world.server.counts.calls.echo], [1, 1]);
});

test('expired: refreshed without a login', async () => {
  const page = await open();
  await shows(page, 'state', /^needsLogin$/);
  await logIn(page);
  await shows(page, 'state', /^ready$/);
  world.as.expireAll();
  await press(page, 'Say hello');
  await shows(page, 'answer', /^hello$/);
  assert.deepEqual([world.as.count('authorize'), world.as.count('token', 'refresh_token')], [1, 1]);
});

test('a scope that one call needs: one consent, in a click', async () => {
  world.server.rules.challengedScope = 'read';
  const page = await open();
  await shows(page, 'state', /^needsLogin$/);
  await logIn(page);
  await shows(page, 'state', /^ready$/);
  world.server.rules.scope = (message) => (message?.method === 'tools/call' ? 'write' : undefined);
  await press(page, 'Say hello');
  await shows(page, 'state', /^needsLogin$/);
  await logIn(page);
  await shows(page, 'answer', /^hello$/);
  const scopes = world.as.log.filter(({ path }) => path === '/authorize').map(({ query }) => query.scope);
  assert.deepEqual(scopes, ['read', 'read write']);
});

test('two tabs need a login: one is answered, both go on', async () => {
  const [first, second] = [await open(), await open()];
  for (const page of [first, second]) await shows(page, 'state', /^needsLogin$/);
  await logIn(first);
  await shows(first, 'state', /^ready$/);
  await shows(second, 'state', /^ready$/);
  await press(second, 'Say hello');
  await shows(second, 'answer', /^hello$/);
  assert.deepEqual(counts(), [1, 1, 1]);
});

test('a second click begins the login again: the window of the first counts no more', async () => {
  const page = await open();
  await shows(page, 'state', /^needsLogin$/);
  const opening = world.context.waitForEvent('page');
  await press(page, 'Log in');
  const lost = await opening;
  await lost.waitForSelector('#allow');
  await logIn(page);
  await shows(page, 'state', /^ready$/);
  assert.equal(world.as.count('token', 'authorization_code'), 1);
});
