// The hook for React in Chromium, in StrictMode, as examples/react uses it.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { chromium } from 'playwright-core';
import { launchOptions } from '../helpers/browsers/chromium.mjs';
import { startSite } from '../helpers/react/site.mjs';
import { readSnippets } from '../helpers/snippets/read.mjs';
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
  async function open(mcp, hash = '', prepare = async () => {}) {
    const page = await browser.newPage();
    await prepare(page);
    const complaints = [];
    page.on('pageerror', (error) => complaints.push(String(error)));
    page.on('console', (message) => {
      if (/React/.test(message.text()) && message.type() !== 'info') complaints.push(message.text());
    });
    await page.goto(`${files.origin}/index.html?mcp=${encodeURIComponent(mcp)}${hash}`);
    return { page, complaints };
  }
  const shows = (page, id, text) => page.locator(`#${id}`, { hasText: text }).waitFor({ timeout: 60_000 });
  const press = (page, name) => page.getByRole('button', { name }).click();

  test('the devtools are a lazy component, once in StrictMode too', async () => {
    server = await startSdkServer({ mode: 'stateful' });
    let release = () => {};
    const late = new Promise((resolve) => {
      release = resolve;
    });
    const { page, complaints } = await open(server.url, '#devtools', async (fresh) => {
      await fresh.route(/devtools/, async (route) => {
        await late;
        await route.continue();
      });
    });
    await shows(page, 'state', /^ready$/);
    await shows(page, 'tools', 'echo');
    release();
    // They are loaded after the session is ready, and show it before anything happens.
    await page.locator('mcp-tether-devtools .scroll canvas').focus({ timeout: 60_000 });
    assert.equal(await page.locator('mcp-tether-devtools').count(), 1);
    await page.keyboard.press('End');
    await page.locator('mcp-tether-devtools .words', { hasText: /^Ready now/ }).waitFor();
    await press(page, 'Say hello');
    await page.locator('mcp-tether-devtools .row', { hasText: 'tools/call' }).first().waitFor({ timeout: 60_000 });
    assert.deepEqual(complaints, []);
    await page.close();
  });

  test('shows state and tools, calls, and goes on after a restart', async () => {
    await server?.close(); // after a failure
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

  test('the component of the document shows an answer, a failure of the tool, and an error', async () => {
    await server?.close();
    server = await startSdkServer({ mode: 'stateful' });
    const snippets = await readSnippets();
    const code = (path) => snippets.find(({ file }) => file === path).code;
    const sources = {
      'mcp.ts': code('src/mcp.ts').replace('http://127.0.0.1:3000/mcp', server.url),
      'Notes.tsx': code('src/Notes.tsx'),
      'page.ts': `import { createElement } from 'react';
        import { createRoot } from 'react-dom/client';
        import { Notes } from './Notes';
        createRoot(document.getElementById('root')).render(createElement(Notes));`,
    };
    const site = await startSite('react', { 'page.html': 'page.js' }, sources);
    const page = await browser.newPage();
    const complaints = [];
    page.on('pageerror', (error) => complaints.push(String(error)));
    await page.goto(`${site.origin}/page.html`);
    const answered = (text) => page.locator('output', { hasText: text }).waitFor({ timeout: 60_000 });
    await press(page, /Call one of [1-9]\d* tools/);
    await answered(/^hello$/);

    const failing = (result) =>
      page.route(server.url, async (route) => {
        const body = route.request().postDataJSON();
        if (body?.method !== 'tools/call') return route.continue();
        await route.fulfill({
          headers: { 'Access-Control-Allow-Origin': '*', 'Content-Type': 'application/json' },
          json: { jsonrpc: '2.0', id: body.id, ...result },
        });
      });
    await failing({ result: { content: [{ type: 'text', text: 'no paper' }], isError: true } });
    await press(page, /Call/);
    await answered(/^The tool failed: no paper$/);
    await page.unroute(server.url);
    await failing({ error: { code: -32602, message: 'no such echo' } });
    await press(page, /Call/);
    await answered(/no such echo/);
    assert.deepEqual(complaints, [], 'no rejection is unhandled');
    await page.close();
    await site.close();
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
      .waitFor({ timeout: 60_000 });
    await gone.close();
    server = await startSdkServer({ mode: 'stateful', port: gone.port });
    await press(page, 'Retry');
    await shows(page, 'state', /^ready$/);
    assert.deepEqual(complaints, []);
    await page.close();
  });
});
