// The six connections of Chromium to one HTTP/1.1 origin: more sessions than that, each with a GET stream, in one tab
// and in several.
import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { chromium } from 'playwright-core';
import { launchOptions, startPageServer } from '../helpers/browsers/chromium.mjs';
import { startSdkServer } from '../servers/sdk-server.mjs';
import { startStreamCountingProxy } from '../servers/stream-counting-proxy.mjs';

describe('the connections of a page', () => {
  let files;
  let browser;
  let server;
  let context;
  let proxy;

  before(async () => {
    files = await startPageServer();
    browser = await chromium.launch(launchOptions);
  });
  after(async () => {
    await browser?.close();
    await files?.close();
  });
  beforeEach(async () => {
    server = await startSdkServer({ eventStore: true });
    context = await browser.newContext({ ignoreHTTPSErrors: true });
  });
  afterEach(async () => {
    await context.close();
    await proxy?.close();
    await server.close();
  });

  /** A tab with the given number of sessions, of one user each. */
  async function openTab(count, { name = 'user', attached = false, clock = false } = {}) {
    const page = await context.newPage();
    page.setDefaultTimeout(60_000);
    if (clock) await page.clock.install();
    await page.goto(files.origin);
    await page.evaluate(
      async ([origin, users, attaches]) => {
        const { default: init, McpManager } = await import('/pkg/browser.js');
        const { attachToPage } = await import('/pkg/page.js');
        await init();
        globalThis.manager = new McpManager({ mcpServers: { s: { url: `${origin}/mcp` } } }, { log() {} });
        globalThis.waits = 0;
        globalThis.manager.events.addEventListener('streamWaiting', () => (globalThis.waits += 1));
        if (attaches) globalThis.detach = attachToPage(globalThis.manager);
        globalThis.sessions = await Promise.all(users.map((user) => globalThis.manager.connect(user, 's')));
        globalThis.heard = users.map(() => 0);
        globalThis.sessions.forEach((session, at) =>
          session.setNotificationHandler('notifications/message', () => (globalThis.heard[at] += 1)),
        );
      },
      [proxy.origin, Array.from({ length: count }, (_, at) => `${name}-${at}`), attached],
    );
    return page;
  }

  const callAll = (page, name = 'echo', args = { text: 'hello' }) =>
    page.evaluate(
      ([tool, given]) =>
        Promise.all(
          globalThis.sessions.map((session) =>
            session.callTool({ name: tool, arguments: given }).then(
              ({ content }) => content[0].text,
              ({ code }) => code,
            ),
          ),
        ),
      [name, args],
    );

  async function until(what, check) {
    for (let tries = 0; tries < 1_500; tries += 1) {
      if (await check()) return;
      await wait(20);
    }
    const { open, most, sessions } = proxy.streams;
    assert.fail(`never: ${what}; ${open} streams are open, ${most} were, of ${sessions.size} sessions`);
  }
  const untilMost = async (most) => {
    await until(`${most} streams for a second`, () => proxy.streams.settled >= most);
    assert.equal(proxy.streams.most, most);
  };
  const untilOpen = (count) => until(`${count} open streams`, () => proxy.streams.open === count);

  test('six sessions at one origin over HTTP: every call is answered', async () => {
    proxy = await startStreamCountingProxy(new URL(server.url).origin);
    const page = await openTab(6);
    await untilOpen(3);
    for (let round = 0; round < 3; round += 1) assert.deepEqual(await callAll(page), Array(6).fill('hello'));
    await untilMost(3);
  });

  test('slow calls that stream their answers are all answered while other calls are made', async () => {
    proxy = await startStreamCountingProxy(new URL(server.url).origin);
    const page = await openTab(5);
    await untilOpen(3);
    const slow = page.evaluate(() =>
      Promise.all(
        globalThis.sessions.slice(3).map((session) => session.callTool({ name: 'slow', arguments: { ms: 3_000 } })),
      ),
    );
    assert.deepEqual(await callAll(page), Array(5).fill('hello'));
    assert.equal((await slow).length, 2);
    assert.ok(proxy.streams.most <= 3);
  });

  test('ten sessions take turns, and each one gets pushed notifications', async () => {
    proxy = await startStreamCountingProxy(new URL(server.url).origin);
    const page = await openTab(10, { clock: true });
    await untilOpen(3);
    const heard = () => page.evaluate(() => globalThis.heard.filter(Boolean).length);
    // Two rotations of ten sessions are eight turns, of five seconds each if all sessions are in use.
    for (let turn = 0; turn < 8; turn += 1) {
      assert.deepEqual(await callAll(page), Array(10).fill('hello'));
      await callAll(page, 'notify', {});
      await until('the first three notifications', async () => (await heard()) >= 3);
      await page.clock.runFor(5_500);
      await untilOpen(3);
    }
    assert.deepEqual([await heard(), proxy.streams.sessions.size], [10, 10]);
    assert.ok(proxy.streams.most <= 3);
    assert.ok((await page.evaluate(() => globalThis.waits)) >= 7);
    assert.equal(server.counts.initialize, 10);
  });

  test('over HTTP/1.1 with TLS streams release connections once calls wait for one', async () => {
    proxy = await startStreamCountingProxy(new URL(server.url).origin, 'https');
    const page = await openTab(6);
    await untilOpen(6);
    assert.deepEqual(await callAll(page), Array(6).fill('hello'));
    await untilOpen(3);
    assert.deepEqual(await callAll(page), Array(6).fill('hello'));
  });

  test('more sessions than connections can be made over HTTP/1.1 with TLS', async () => {
    proxy = await startStreamCountingProxy(new URL(server.url).origin, 'https');
    const page = await openTab(10);
    // Calls sent before the streams open do not wait; later ones do.
    await until('3 open streams', async () => {
      assert.deepEqual(await callAll(page), Array(10).fill('hello'));
      return proxy.streams.open === 3;
    });
  });

  test('over HTTP/2 every session keeps its stream', async () => {
    proxy = await startStreamCountingProxy(new URL(server.url).origin, 'h2');
    const page = await openTab(10);
    await untilOpen(10);
    const slow = page.evaluate(() => globalThis.sessions[0].callTool({ name: 'slow', arguments: { ms: 3_000 } }));
    assert.deepEqual(await callAll(page), Array(10).fill('hello'));
    await slow;
    assert.deepEqual([proxy.streams.open, proxy.streams.most], [10, 10]);
    assert.equal(await page.evaluate(() => globalThis.waits), 0);
  });

  test('two tabs share three streams, and a closed tab releases its streams to the other', async () => {
    proxy = await startStreamCountingProxy(new URL(server.url).origin);
    const first = await openTab(3, { name: 'first', attached: true });
    await untilOpen(3);
    const second = await openTab(3, { name: 'second', attached: true });
    assert.deepEqual(
      await Promise.all([first, second].map((tab) => callAll(tab))),
      Array(2).fill(Array(3).fill('hello')),
    );
    await until('the second tab to wait', () => second.evaluate(() => globalThis.waits === 3));
    await untilMost(3);
    assert.deepEqual([proxy.streams.open, proxy.streams.sessions.size], [3, 3]);
    await first.close();
    await until('streams of the second tab', () => proxy.streams.open === 3 && proxy.streams.sessions.size === 6);
    await untilMost(3);
  });

  test('if Web Locks are refused, each tab has a budget of its own', async () => {
    proxy = await startStreamCountingProxy(new URL(server.url).origin);
    await context.addInitScript(
      () => (navigator.locks.request = () => Promise.reject(new DOMException('refused', 'SecurityError'))),
    );
    const page = await openTab(6, { attached: true });
    await untilOpen(3);
    assert.deepEqual(await callAll(page), Array(6).fill('hello'));
    await untilMost(3);
  });

  test('a tab gives a slot to another tab after its turn', async () => {
    proxy = await startStreamCountingProxy(new URL(server.url).origin);
    const first = await openTab(3, { name: 'first', attached: true, clock: true });
    await untilOpen(3);
    const second = await openTab(1, { name: 'second', attached: true });
    await until('the second tab to wait', () => second.evaluate(() => globalThis.waits === 1));
    await first.clock.runFor(36_000);
    await until('a stream of the second tab', () => proxy.streams.sessions.size === 4 && proxy.streams.open === 3);
    await untilMost(3);
    // It waits for a slot again, and gets the one that is released.
    await second.evaluate(() => globalThis.detach());
    await second.close();
    await untilOpen(3);
  });

  test('seven tabs over HTTP/1.1 with TLS share three streams once calls wait', async () => {
    proxy = await startStreamCountingProxy(new URL(server.url).origin, 'https');
    const tabs = [];
    for (let tab = 0; tab < 7; tab += 1) tabs.push(await openTab(1, { name: `tab-${tab}`, attached: true }));
    assert.deepEqual(await Promise.all(tabs.map((tab) => callAll(tab))), Array(7).fill(['hello']));
    await untilOpen(3);
  });
});
