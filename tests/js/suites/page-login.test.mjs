// The demo page with the server that asks for a login: the login in a window of its own, and tokens that expire within seconds. The refreshes are counted at
// the authorization server, the handshakes at the MCP server.
import assert from 'node:assert/strict';
import { after, before } from 'node:test';
import { openVisitor, steps } from '../helpers/page/visitor.mjs';
import { startDemo } from '../servers/demo.mjs';

const test = steps();
let demo;
let visitor;

before(async () => {
  demo = await startDemo({ port: 0 });
  visitor = await openVisitor(demo.pageUrl);
});
after(async () => {
  await visitor?.close();
  await demo?.close();
});

/** Does something, and says yes in the login window that it opens. */
async function logIn(act) {
  const opening = visitor.context.waitForEvent('page');
  const done = act();
  const login = await opening;
  await login.locator('#allow').click();
  return done;
}

test('choose the server: nothing is opened yet', async () => {
  const { page, context } = visitor;
  await page.locator('#connect-a:enabled').waitFor();
  await page.locator('#where summary').click();
  await page.locator('input[name="where"][value="login"]').check();
  await page.locator('#where button[type="submit"]').click();
  await visitor.until(() => !document.querySelector('#where').open);
  assert.equal(await visitor.text('.login-story'), 'Not logged in.');
  assert.equal(context.pages().length, 1);
});

test('connect: a login on another origin, then the session', async () => {
  await logIn(() => visitor.connect());
  await visitor.untilText('.login-story', 'Ada is logged in. The token is good for [\\d.]+\\ss more');
  assert.match(await visitor.press('call-one'), /Still there\?/);
  assert.equal(demo.authorization.count('authorize'), 1);
});

test('the token expires within seconds: it is refreshed, and the session is the same', async () => {
  const id = await visitor.text('#session-id');
  await visitor.untilText('.login-story', 'Refreshed .* without a login, on the same session');
  await visitor.screenshot('login');
  assert.match(await visitor.press('call-one'), /Still there\?/);
  assert.ok(demo.authorization.count('token', 'refresh_token') >= 1);
  assert.equal(demo.authorization.count('authorize'), 1);
  assert.equal(await visitor.text('#session-id'), id);
});

test('a fault while logged in: the session recovers, without a login', async () => {
  assert.match(await visitor.press('forget'), /Still there\?/);
  await visitor.untilState('ready');
  assert.equal(demo.authorization.count('authorize'), 1);
});

test('the scenario as code has the login', async () => {
  assert.match(
    await visitor.text('#snippet'),
    /const auth = oauth\(\{ redirectUri: .*login\.html.*authorize: popup\(\) \}\);/,
  );
});

test('logged out: the next call asks for one login', async () => {
  await visitor.page.locator('#log-out').click();
  await visitor.untilText('.login-story', 'Not logged in');
  assert.match(await logIn(() => visitor.press('call-one')), /Still there\?/);
  assert.equal(demo.authorization.count('authorize'), 2);
});

test('another server: the story is gone, and the browser had nothing to complain about', async () => {
  const { page } = visitor;
  await page.locator('#where summary').click();
  await page.locator('input[name="where"][value="demo"]').check();
  await page.locator('#where button[type="submit"]').click();
  await page.locator('.login-story').waitFor({ state: 'detached' });
  assert.deepEqual(visitor.complaints('http://127.0.0.1'), []);
});
