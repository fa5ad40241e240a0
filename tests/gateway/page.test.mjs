// A page in Chromium on another origin: the official client v2 and our own, through the gateway, across a restart of
// the server.
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { chromium } from 'playwright-core';
import { launchOptions } from '../js/helpers/browsers/chromium.mjs';
import { startModernServer } from '../js/servers/modern-server.mjs';
import { listen } from '../js/servers/shared/listen.mjs';
import { serveFolders } from '../js/servers/static-files.mjs';
import { startStack, until } from './stack.mjs';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));

describe('a page on another origin', () => {
  let folder;
  let files;
  let modern;
  let stack;
  let browser;
  let page;
  const complaints = []; // a missing CORS header shows in the console, however the client handles it
  // Our client sends `server/discover`, and a server with sessions answers like this: Chromium logs every error status.
  const eraAsked = /^Failed to load resource: the server responded with a status of 400/;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'page-'));
    await build({
      entryPoints: [here('page-client.mjs')],
      outfile: join(folder, 'client.js'),
      bundle: true,
      format: 'esm',
      platform: 'browser',
      external: ['/pkg/browser.js'],
      logLevel: 'warning',
    });
    files = await listen(
      serveFolders(
        [
          { prefix: '/pkg/', folder: here('../../pkg') },
          { prefix: '/client.js', file: join(folder, 'client.js') },
          { prefix: '/', file: here('../js/helpers/browsers/page.html') },
        ],
        { headers: {} },
      ),
    );
    modern = await startModernServer({ legacy: 'reject' });
    stack = await startStack({ vars: { ALLOWED_ORIGINS: files.origin }, servers: { modern: { url: modern.url } } });
    browser = await chromium.launch(launchOptions);
    page = await browser.newPage();
    page.on(
      'console',
      (message) => message.type() === 'error' && !eraAsked.test(message.text()) && complaints.push(message.text()),
    );
    page.on('pageerror', (error) => complaints.push(error.message));
    await page.goto(files.origin);
  });
  after(async () => {
    await browser?.close();
    await stack?.stop();
    await modern?.close();
    await files?.close();
    await rm(folder, { recursive: true, force: true });
  });

  const run = (name, ...words) =>
    page.evaluate(async ([name, words]) => (await import('/client.js'))[name](...words), [name, words]);

  for (const client of ['official', 'ours']) {
    test(`${client}: lists, calls, gets progress and logs, answers, and continues after the server was killed during a call`, async () => {
      const first = await run('begin', client, stack.url, 'token-of-ada');
      assert.deepEqual(first, { tools: true, echo: 'from a page', steps: [1, 2, 3, 4, 5], asked: 'hello Ada' });
      const [session] = await run('session', client);
      assert.match(session, /^[A-Za-z0-9_-]{43}$/);
      await run('notify', client);
      await until(async () => (await run('heard', client)).includes('a log message'), 'the log message');
      await run('unsafe', client);
      await until(async () => (await stack.counts()).calls.slow === 2, 'the call runs');
      await stack.server.restart();
      assert.match(await run('outcome', client), /its outcome is unknown/);
      assert.deepEqual(await run('again', client), 'again');
      assert.deepEqual(await run('session', client), [session]);
      const { initialize, calls } = await stack.counts();
      assert.deepEqual(
        [initialize, calls.slow],
        [1, undefined],
        'one handshake with the new process, and no unsafe call again',
      );
      await run('end', client);
      assert.deepEqual(complaints, []);
    });
  }

  test('the official client of 2026-07-28 calls a tool whose arguments are mirrored into headers', async () => {
    assert.deepEqual(await run('route', `${stack.origin}/modern/mcp`, 'token-of-ada'), { region: 'eu', header: 'eu' });
  });

  test('a page can read that its session is gone, and a page of another origin can read nothing', async () => {
    assert.deepEqual(await run('unknown', stack.url, 'token-of-ada'), { status: 404, code: -32001 });
    const stranger = await browser.newPage();
    const other = await listen(
      serveFolders(
        [
          { prefix: '/client.js', file: join(folder, 'client.js') },
          { prefix: '/', file: here('../js/helpers/browsers/page.html') },
        ],
        { headers: {} },
      ),
    );
    await stranger.goto(other.origin);
    const seen = await stranger.evaluate(
      async ([url]) => (await import('/client.js')).unknown(url, 'token-of-ada').catch((error) => error.name),
      [stack.url],
    );
    assert.equal(seen, 'TypeError');
    await stranger.close();
    await other.close();
  });
});
