// The page at `/`, in Chromium: how to connect, and the live sessions.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { after, before, describe, test } from 'node:test';
import { chromium } from 'playwright-core';
import { launchOptions } from '../js/helpers/browsers/chromium.mjs';
import { clients } from './clients.mjs';
import { adminToken, startStack } from './stack.mjs';

const html = { accept: 'text/html,application/xhtml+xml' };
const json = (token) => ({ accept: 'application/json', ...(token && { authorization: `Bearer ${token}` }) });

describe('a gateway with users', () => {
  let stack;
  let browser;
  before(async () => {
    stack = await startStack({ servers: { 'secret-plans': { url: 'https://plans.example/mcp' } } });
    browser = await chromium.launch(launchOptions);
  });
  after(async () => {
    await browser?.close();
    await stack?.stop();
  });

  /** A page without errors: violations of the policy are errors on the console. */
  async function opened(t, options) {
    const context = await browser.newContext({ permissions: ['clipboard-read', 'clipboard-write'], ...options });
    t.after(() => context.close());
    const page = await context.newPage();
    const complaints = [];
    const requested = [];
    page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('request', (request) => requested.push(request.url()));
    await page.goto(`${stack.origin}/`);
    return { page, complaints, requested };
  }

  test('strangers learn how to connect, but no name of a server and no token', async () => {
    const response = await fetch(`${stack.origin}/`, { headers: html });
    const text = await response.text();
    assert.equal(response.status, 200);
    assert.match(response.headers.get('content-type'), /^text\/html/);
    assert.match(text, /claude mcp add --transport http SERVER/);
    for (const secret of ['secret-plans', 'plans.example', adminToken, 'token-of-ada', 'token-of-bob', 'ada'])
      assert.ok(!text.includes(secret), secret);
  });

  test('the policy allows nothing but the two texts of the page itself', async () => {
    const { headers } = await fetch(`${stack.origin}/`, { headers: html });
    const policy = headers.get('content-security-policy');
    assert.match(policy, /^default-src 'none'; script-src 'sha256-[\w+/]+=*'; style-src 'sha256-[\w+/]+=*'; /);
    assert.doesNotMatch(policy, /unsafe|https?:|\*/);
    assert.match(policy, /base-uri 'none'; form-action 'none'; frame-ancestors 'none'$/);
    assert.equal(headers.get('cache-control'), 'no-store');
  });

  test('programs that ask for neither HTML nor JSON get the error of before', async () => {
    const response = await fetch(`${stack.origin}/`, { headers: { accept: 'text/event-stream' } });
    assert.equal(response.status, 404);
    assert.equal((await fetch(`${stack.origin}/`, { method: 'POST', headers: html })).status, 404);
  });

  test('names of servers are for callers with a token', async () => {
    const refused = await fetch(`${stack.origin}/`, { headers: json() });
    assert.equal(refused.status, 401);
    assert.equal(refused.headers.get('www-authenticate'), 'Bearer');
    assert.equal((await fetch(`${stack.origin}/`, { headers: json('wrong') })).status, 401);
    const servers = ['s', 'secret-plans'];
    const user = await fetch(`${stack.origin}/`, { headers: json('token-of-ada') });
    assert.deepEqual(await user.json(), { servers, isAdmin: false, hasSessions: true });
    const admin = await fetch(`${stack.origin}/`, { headers: json(adminToken) });
    assert.deepEqual(await admin.json(), { servers, isAdmin: true });
  });

  test('a name that is entered is in every text, which can be copied', async (t) => {
    const { page, complaints, requested } = await opened(t);
    await page.getByLabel('Server', { exact: true }).fill('notes');
    await page
      .locator('.block', { has: page.locator('#endpoint') })
      .getByRole('button', { name: 'Copy' })
      .click();
    await page.getByRole('button', { name: 'Copied' }).waitFor();
    assert.equal(await page.evaluate(() => navigator.clipboard.readText()), `${stack.origin}/notes/mcp`);
    for (const text of await page.locator('details pre').allTextContents())
      assert.ok(text.includes(`${stack.origin}/notes/mcp`) && !text.includes('SERVER'), text);
    const config = JSON.parse(await page.locator('#vs-code').textContent());
    assert.equal(config.servers.notes.url, `${stack.origin}/notes/mcp`);
    assert.deepEqual(complaints, []);
    assert.deepEqual(requested, [`${stack.origin}/`]);
  });

  test('a user sees their sessions come and go', async (t) => {
    const { page, complaints } = await opened(t);
    await page.getByLabel('Your token').fill('token-of-ada');
    await page.getByRole('button', { name: 'Show' }).click();
    await page.getByText(/^0 sessions/).waitFor();
    const client = await clients['the official client v2'](stack.url);
    await page.getByText(/^1 session,/).waitFor();
    assert.equal(await page.locator('tbody td[data-title=Server]').textContent(), 's');
    await client.end();
    await page.getByText(/^0 sessions/).waitFor();
    assert.equal(await page.getByLabel('Your token').inputValue(), '');
    assert.equal(await page.evaluate(() => localStorage.length + sessionStorage.length + document.cookie.length), 0);
    assert.equal(await page.getByLabel('Server', { exact: true }).inputValue(), 's');
    assert.deepEqual(complaints, []);
  });

  test('the administrator sees the sessions of all users, where the gateway lists them', async (t) => {
    const isListed = (await fetch(`${stack.origin}/admin/sessions`, { headers: json(adminToken) })).ok;
    const users = ['token-of-ada', 'token-of-bob'];
    const open = await Promise.all(users.map((token) => clients['the official client v2'](stack.url, { token })));
    const { page } = await opened(t);
    await page.getByLabel('Your token').fill(adminToken);
    await page.getByRole('button', { name: 'Show' }).click();
    if (isListed) {
      await page.getByText(/^2 sessions,/).waitFor();
      assert.equal(new Set(await page.locator('tbody td[data-title=User]').allTextContents()).size, 2);
    } else await page.getByText('does not list sessions for its administrator').waitFor();
    for (const client of open) await client.end();
  });

  test('a wrong token is named as such, and asked for once', async (t) => {
    const { page, requested } = await opened(t);
    await page.getByLabel('Your token').fill('wrong');
    await page.getByRole('button', { name: 'Show' }).click();
    await page.getByText('This is not a token of this gateway').waitFor();
    assert.equal(requested.length, 2);
  });

  test('the page is accessible, and as wide as a narrow screen, in light and dark', async (t) => {
    const axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
    for (const colorScheme of ['light', 'dark']) {
      const { page } = await opened(t, { colorScheme, viewport: { width: 360, height: 740 } });
      for (const summary of await page.locator('summary').all()) {
        await summary.click();
        const width = await page.evaluate(() => document.documentElement.scrollWidth);
        assert.ok(width <= 360, `${colorScheme}: ${width} px`);
      }
      await page.evaluate(axe);
      const { violations } = await page.evaluate(() => globalThis.axe.run());
      assert.deepEqual(
        violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html: text }) => text)}`),
        [],
        colorScheme,
      );
    }
  });
});

describe('an open gateway', () => {
  let stack;
  before(async () => {
    stack = await startStack({ vars: { AUTH: 'none', RATE_PER_MINUTE: 3 } });
  });
  after(() => stack?.stop());

  test('names its servers, and no text asks for a token', async () => {
    const text = await (await fetch(`${stack.origin}/`, { headers: html })).text();
    assert.ok(text.includes(`claude mcp add --transport http s ${stack.origin}/s/mcp`));
    assert.doesNotMatch(text.replace(/<script>.*<\/script>/s, ''), /MCP_TOKEN|input:mcp-token/);
  });

  test('tokens cannot be tried without a limit', async () => {
    const statuses = [];
    for (let tries = 0; tries < 5; tries += 1)
      statuses.push((await fetch(`${stack.origin}/`, { headers: json(`guess-${tries}`) })).status);
    assert.equal(statuses[0], 200); // without users, every caller is one
    assert.equal(statuses.at(-1), 429);
  });
});
