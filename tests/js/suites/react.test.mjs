// The hook for React in Chromium, in StrictMode, as examples/react uses it.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { chromium } from 'playwright-core';
import { launchOptions } from '../helpers/browsers/chromium.mjs';
import { startSite } from '../helpers/react/site.mjs';
import { startSdkServer } from '../servers/sdk-server.mjs';
import { listen } from '../servers/shared/listen.mjs';

describe('useMcp', () => {
  let files;
  let browser;
  let server;

  before(async () => {
    files = await startSite('react');
    browser = await chromium.launch(launchOptions);
  });
  after(async () => {
    await browser?.close();
    await files?.close();
    await server?.close();
  });

  /** A page with what it logged as errors. */
  async function open(mcp, hash = '') {
    const page = await browser.newPage();
    const complaints = [];
    page.on('pageerror', (error) => complaints.push(String(error)));
    page.on('console', (message) => {
      if (/React/.test(message.text()) && message.type() !== 'info') complaints.push(message.text());
    });
    await page.goto(`${files.origin}/index.html?mcp=${encodeURIComponent(mcp)}${hash}`);
    return { page, complaints };
  }
  const shows = (page, id, text) => page.locator(`#${id}`, { hasText: text }).waitFor({ timeout: 30_000 });
  const press = (page, name) => page.getByRole('button', { name }).click();

  test('the devtools are a lazy component, once in StrictMode too', async () => {
    server = await startSdkServer({ mode: 'stateful' });
    const { page, complaints } = await open(server.url, '#devtools');
    await shows(page, 'state', /^ready$/);
    await page.locator('mcp-tether-devtools .row').first().waitFor({ timeout: 30_000 });
    assert.equal(await page.locator('mcp-tether-devtools').count(), 1);
    await press(page, 'Say hello');
    await page.locator('mcp-tether-devtools .row', { hasText: 'tools/call' }).first().waitFor({ timeout: 30_000 });
    assert.deepEqual(complaints, []);
    await page.close();
    await server.close();
  });

  test('shows state and tools, calls, and goes on after a restart', async () => {
    server = await startSdkServer({ mode: 'stateful' });
    const { page, complaints } = await open(server.url);
    await shows(page, 'state', /^ready$/);
    await shows(page, 'tools', 'echo');
    await press(page, 'Say hello');
    await shows(page, 'answer', /^hello$/);
    assert.equal(server.counts.initialize, 1, 'StrictMode mounts twice, and there is one session');

    const port = Number(new URL(server.url).port);
    await server.close();
    server = await startSdkServer({ mode: 'stateful', port });
    await press(page, 'Say goodbye');
    await shows(page, 'answer', /^goodbye$/);
    await shows(page, 'state', /^ready$/);
    await shows(page, 'sessions', /^notes 2$/);
    assert.equal(server.counts.initialize, 1);

    await press(page, 'Close');
    await page.locator('#state').waitFor({ state: 'detached' });
    await press(page, 'Open');
    await shows(page, 'state', /^ready$/);
    await shows(page, 'tools', 'echo');
    assert.deepEqual([server.counts.initialize, server.counts.delete], [1, 0], 'the session stayed');
    assert.deepEqual(complaints, []);
    await page.close();
  });

  test('says why there is no session, and tries again when asked', async () => {
    await server?.close();
    server = undefined;
    const gone = await listen((_request, response) =>
      response.writeHead(403, { 'Access-Control-Allow-Origin': '*', 'Access-Control-Allow-Headers': '*' }).end(),
    );
    const { page, complaints } = await open(`${gone.origin}/mcp`);
    await page
      .getByRole('alert')
      .filter({ hasText: /[a-z]+_[a-z]+|forbidden/ })
      .waitFor({ timeout: 30_000 });
    await gone.close();
    server = await startSdkServer({ mode: 'stateful', port: gone.port });
    await press(page, 'Retry');
    await shows(page, 'state', /^ready$/);
    assert.deepEqual(complaints, []);
    await page.close();
  });
});
