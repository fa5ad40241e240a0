// A page in Rust with the crate's client (examples/rust-page), in Chromium, with a server that is restarted in the middle.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { chromium } from 'playwright-core';
import { launchOptions } from '../helpers/browsers/chromium.mjs';
import { buildWithWasmPack, makeFolder, root } from '../helpers/rust/build.mjs';
import { startSdkServer } from '../servers/sdk-server.mjs';
import { listen } from '../servers/shared/listen.mjs';
import { serveFolders } from '../servers/static-files.mjs';

describe('a page in Rust', () => {
  let output;
  let files;
  let browser;
  let server;

  before(async () => {
    output = await makeFolder();
    await buildWithWasmPack('rust-page', output.folder);
    const folders = [
      { prefix: '/pkg/', folder: output.folder },
      { prefix: '/', file: join(root, 'examples/rust-page/index.html') },
    ];
    files = await listen(serveFolders(folders, { headers: { 'Cache-Control': 'no-store' } }));
    browser = await chromium.launch(launchOptions);
  });
  after(async () => {
    await browser?.close();
    await files?.close();
    await server?.close();
    await output?.remove();
  });

  test('goes on after its server was restarted', async () => {
    server = await startSdkServer();
    const page = await browser.newPage();
    const complaints = [];
    page.on('pageerror', (error) => complaints.push(String(error)));
    await page.goto(`${files.origin}/?mcp=${encodeURIComponent(server.url)}`);
    const shows = (id, text) => page.locator(`#${id}`, { hasText: text }).waitFor({ timeout: 30_000 });
    await shows('state', 'ready');
    assert.ok(Number(await page.locator('#tools').textContent()) > 0);

    await page.click('#call');
    await shows('answer', 'hello from Rust');
    await shows('generation', '1');

    const { port } = server;
    await server.close();
    server = await startSdkServer({ port });
    await page.click('#call');
    await shows('generation', '2');
    await shows('answer', 'hello from Rust');
    await shows('state', 'ready');
    assert.equal(server.counts.initialize, 1);
    assert.deepEqual(complaints, []);
  });

  test('shows the error of a server that never answers as MCP', async () => {
    const page = await browser.newPage();
    await page.goto(`${files.origin}/?mcp=${encodeURIComponent(`${files.origin}/pkg/`)}`);
    await page.locator('#state', { hasText: /^\w+_\w+: / }).waitFor({ timeout: 30_000 });
  });
});
