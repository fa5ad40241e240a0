// Logins where a page is not alone: in two tabs at once, by two users of one browser, and in an iframe of another site, whose storage and channels are
// partitioned. In Chromium.
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { chromium } from 'playwright-core';
import { launchOptions } from '../helpers/browsers/chromium.mjs';
import { loginsInChromium, shown } from '../helpers/oauth/logins.mjs';
import { listen } from '../servers/shared/listen.mjs';

const world = loginsInChromium({ without: ['--disable-popup-blocking'] });

test('two tabs log in at once: the answer to one ends both, and the other window closes', async () => {
  const [first, second] = [await world.open(), await world.open()];
  const windows = [await world.windowOf(first), await world.windowOf(second)];
  const closed = windows[1].waitForEvent('close');
  await windows[0].click('#allow');
  await shown(first, 'result: hello');
  await shown(second, 'result: hello');
  await closed;
  assert.equal(world.as.count('token', 'authorization_code'), 1);
});

test('two tabs log in at once with COOP: the answer to either ends both', async () => {
  world.as.rules.pageHeaders = { 'Cross-Origin-Opener-Policy': 'same-origin' };
  const [first, second] = [await world.open(), await world.open()];
  await world.windowOf(first);
  const login = await world.windowOf(second);
  await login.click('#allow');
  await shown(second, 'result: hello');
  await shown(first, 'result: hello');
  assert.equal(world.as.count('token', 'authorization_code'), 1);
});

test('another scope than the other tab got: its login goes on', async () => {
  const [first, second] = [await world.open(), await world.open()];
  world.server.rules.challengedScope = 'read';
  const reading = await world.windowOf(first);
  world.server.rules.challengedScope = 'write';
  const writing = await world.windowOf(second);
  await reading.click('#allow');
  await shown(first, 'result: hello');
  assert.equal(await second.textContent('#result'), '…');
  await writing.click('#allow');
  await shown(second, 'result: hello');
});

test('two users of one browser: a login each, and a token each', async () => {
  const [ada, bob] = [await world.open(), await world.open({ user: 'bob' })];
  await (await world.windowOf(ada)).click('#allow');
  await shown(ada, 'result: hello');
  world.as.logInAs('bob');
  await (await world.windowOf(bob)).click('#allow');
  await shown(bob, 'result: hello');
  assert.equal(world.as.count('token', 'authorization_code'), 2);
  await ada.evaluate(() => window.app.auth.signOut('ada', 'notes'));
  await bob.reload();
  await bob.waitForFunction(() => window.ready);
  await bob.click('#go');
  await shown(bob, 'result: hello');
  assert.equal(world.as.count('authorize'), 2, "the other's login is his own");
  const token = (page, user) =>
    page.evaluate((name) => window.app.auth.token({ userId: name, serverName: 'notes', attempt: 0 }), user);
  assert.equal(await token(ada, 'ada'), undefined);
  assert.ok((await token(bob, 'bob')).token);
});

/** The page in an iframe of another site. */
async function openInFrame(contexts = world.context) {
  const host = await listen((_request, response) =>
    response
      .writeHead(200, { 'Content-Type': 'text/html' })
      .end(
        `<!doctype html><title>host</title><iframe width="600" height="300" src="${world.address().replaceAll('&', '&amp;')}"></iframe>`,
      ),
  );
  const page = await contexts.newPage();
  await page.goto(host.origin.replace('127.0.0.1', 'localhost'));
  const frame =
    page.frames().find((one) => one.url().startsWith(world.files.origin)) ?? (await page.waitForEvent('frameattached'));
  await frame.waitForFunction(() => window.ready);
  return { frame, close: host.close };
}

test('in an iframe that may have no database: the login works, and ends with the page', async () => {
  // Playwright's Chromium blocks the storage of other sites without partitioning it.
  const { frame, close } = await openInFrame();
  await (await world.windowOf(frame)).click('#allow');
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
    await (await world.windowOf(frame, { context: own })).click('#allow');
    await shown(frame, 'result: hello');
    await close();
  });

  test('a login page with COOP: nothing can come back; the application is asked, and cancels', async () => {
    world.as.rules.pageHeaders = { 'Cross-Origin-Opener-Policy': 'same-origin' };
    const own = await users.newContext();
    const { frame, close } = await openInFrame(own);
    const login = await world.windowOf(frame, { context: own });
    const closed = login.waitForEvent('close');
    await login.click('#allow');
    await closed;
    await frame.waitForFunction(() => window.looksClosed);
    assert.equal(await frame.textContent('#result'), '…');
    await frame.evaluate(() => window.cancelLogin());
    await shown(frame, 'failed: unauthorized; the login was cancelled');
    assert.equal(world.as.count('token', 'authorization_code'), 0);
    await close();
  });
});
