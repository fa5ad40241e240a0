// Logins where a page is not alone: in two tabs at once, by two users of one browser, and in an iframe of another site, whose storage and channels are
// partitioned. In Chromium.
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import { chromium } from 'playwright-core';
import { launchOptions, startPageServer } from '../helpers/browsers/chromium.mjs';
import { startProtectedServer } from '../servers/authorization/protected-server.mjs';
import { startAuthorizationServer } from '../servers/authorization-server.mjs';
import { listen } from '../servers/shared/listen.mjs';

let files;
let browser;
let as;
let server;
let context;

before(async () => {
  files = await startPageServer();
  browser = await chromium.launch({ ...launchOptions, ignoreDefaultArgs: ['--disable-popup-blocking'] });
});
after(async () => {
  await browser?.close();
  await files?.close();
});
beforeEach(async () => {
  as = await startAuthorizationServer({ login: 'page' });
  server = await startProtectedServer(as);
  context = await browser.newContext();
});
afterEach(async () => {
  await context.close();
  await server.close();
  await as.close();
});

const address = (settings = {}) =>
  `${files.origin}/tests/helpers/oauth/app.html?${new URLSearchParams({ server: server.url, ...settings })}`;

async function open(settings) {
  const page = await context.newPage();
  await page.goto(address(settings));
  await page.waitForFunction(() => window.ready);
  return page;
}

const shown = async (frame, text) => {
  await frame.waitForFunction(
    (wanted) => {
      const { textContent } = document.querySelector('#result');
      return textContent.includes(wanted) || textContent.startsWith('failed');
    },
    text,
    { timeout: 20_000 },
  );
  const found = await frame.textContent('#result');
  assert.ok(found.includes(text), found);
};

/** The login window that a click opens. */
async function windowOf(frame, contexts = context) {
  const opening = contexts.waitForEvent('page');
  await frame.click('#go');
  const login = await opening;
  await login.waitForSelector('#allow');
  return login;
}

test('two tabs log in at once: the answer to one ends both, and the other window closes', async () => {
  const [first, second] = [await open(), await open()];
  const windows = [await windowOf(first), await windowOf(second)];
  const closed = windows[1].waitForEvent('close');
  await windows[0].click('#allow');
  await shown(first, 'result: hello');
  await shown(second, 'result: hello');
  await closed;
  assert.equal(as.count('token', 'authorization_code'), 1);
});

test('two tabs log in at once with COOP: the answer to either ends both', async () => {
  as.rules.pageHeaders = { 'Cross-Origin-Opener-Policy': 'same-origin' };
  const [first, second] = [await open(), await open()];
  await windowOf(first);
  const login = await windowOf(second);
  await login.click('#allow');
  await shown(second, 'result: hello');
  await shown(first, 'result: hello');
  assert.equal(as.count('token', 'authorization_code'), 1);
});

test('another scope than the other tab got: its login goes on', async () => {
  const [first, second] = [await open(), await open()];
  server.rules.challengedScope = 'read';
  const reading = await windowOf(first);
  server.rules.challengedScope = 'write';
  const writing = await windowOf(second);
  await reading.click('#allow');
  await shown(first, 'result: hello');
  assert.equal(await second.textContent('#result'), '…');
  await writing.click('#allow');
  await shown(second, 'result: hello');
});

test('two users of one browser: a login each, and a token each', async () => {
  const [ada, bob] = [await open(), await open({ user: 'bob' })];
  await (await windowOf(ada)).click('#allow');
  await shown(ada, 'result: hello');
  as.logInAs('bob');
  await (await windowOf(bob)).click('#allow');
  await shown(bob, 'result: hello');
  assert.equal(as.count('token', 'authorization_code'), 2);
  await ada.evaluate(() => window.app.auth.signOut('ada', 'notes'));
  await bob.reload();
  await bob.waitForFunction(() => window.ready);
  await bob.click('#go');
  await shown(bob, 'result: hello');
  assert.equal(as.count('authorize'), 2, "the other's login is his own");
  const token = (page, user) =>
    page.evaluate((name) => window.app.auth.token({ userId: name, serverName: 'notes', attempt: 0 }), user);
  assert.equal(await token(ada, 'ada'), undefined);
  assert.ok((await token(bob, 'bob')).token);
});

/** The page in an iframe of another site. */
async function openInFrame(contexts = context) {
  const host = await listen((_request, response) =>
    response
      .writeHead(200, { 'Content-Type': 'text/html' })
      .end(
        `<!doctype html><title>host</title><iframe width="600" height="300" src="${address().replaceAll('&', '&amp;')}"></iframe>`,
      ),
  );
  const page = await contexts.newPage();
  await page.goto(host.origin.replace('127.0.0.1', 'localhost'));
  const frame =
    page.frames().find((one) => one.url().startsWith(files.origin)) ?? (await page.waitForEvent('frameattached'));
  await frame.waitForFunction(() => window.ready);
  return { frame, close: host.close };
}

test('in an iframe that may have no database: the login works, and ends with the page', async () => {
  // Playwright's Chromium blocks the storage of other sites without partitioning it.
  const { frame, close } = await openInFrame();
  await (await windowOf(frame)).click('#allow');
  await shown(frame, 'result: hello');
  await close();
});

describe('in an iframe of another site, with a partition of its own', () => {
  let folder;
  let users;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'oauth-places-'));
    // As users start it: none of Playwright's arguments, which switch the blocker and the partitions off.
    const args = [...launchOptions.args, '--headless=new', '--remote-debugging-pipe', `--user-data-dir=${folder}`];
    users = await chromium.launch({ ...launchOptions, args: [...args, 'about:blank'], ignoreDefaultArgs: true });
  });
  after(async () => {
    await users?.close();
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  });

  test('the callback comes by postMessage', async () => {
    const own = await users.newContext();
    const { frame, close } = await openInFrame(own);
    await (await windowOf(frame, own)).click('#allow');
    await shown(frame, 'result: hello');
    await close();
  });

  test('a login page with COOP: nothing can come back; the application is asked, and cancels', async () => {
    as.rules.pageHeaders = { 'Cross-Origin-Opener-Policy': 'same-origin' };
    const own = await users.newContext();
    const { frame, close } = await openInFrame(own);
    const login = await windowOf(frame, own);
    const closed = login.waitForEvent('close');
    await login.click('#allow');
    await closed;
    await frame.waitForFunction(() => window.looksClosed);
    assert.equal(await frame.textContent('#result'), '…');
    await frame.evaluate(() => window.cancelLogin());
    await shown(frame, 'failed: unauthorized; the login was cancelled');
    assert.equal(as.count('token', 'authorization_code'), 0);
    await close();
  });
});
