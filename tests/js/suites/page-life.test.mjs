// The life of a page in Chromium, with a real server that counts: hidden, offline, restored, closed; and tabs that
// share a session. The server has a name other than localhost, because being offline does not affect a server on this
// machine.
import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { chromium } from 'playwright-core';
import { launchOptions, startPageServer } from '../helpers/browsers/chromium.mjs';
import { startSdkServer } from '../servers/sdk-server.mjs';

const echo = { name: 'echo', arguments: { text: 'hello' } };
const settings = { sessionConfig: { retryDelay: 50 } };

describe('the life of a page', () => {
  let files;
  let browser;
  let server;
  let url;
  let context;
  let complaints;

  before(async () => {
    // A page with no-store is not put into the back/forward cache either.
    files = await startPageServer({ caching: 'no-cache' });
    browser = await chromium.launch({
      ...launchOptions,
      args: [...launchOptions.args, '--host-resolver-rules=MAP mcp.test 127.0.0.1'],
      // Playwright turns it off.
      ignoreDefaultArgs: ['--disable-back-forward-cache'],
    });
  });
  after(async () => {
    await browser?.close();
    await files?.close();
  });
  beforeEach(async () => {
    server = await startSdkServer({ eventStore: true });
    url = server.url.replace('127.0.0.1', 'mcp.test');
    context = await browser.newContext();
    complaints = [];
  });
  afterEach(async () => {
    await context.close();
    await server.close();
    assert.deepEqual(complaints, []);
  });

  /** A tab with a session. `shared`: with all other tabs of the context. */
  async function openTab({ shared = false, connect = true, ...options } = {}) {
    const page = await context.newPage();
    page.setDefaultTimeout(15_000);
    page.on('pageerror', (error) => complaints.push(error.message));
    await page.goto(files.origin);
    await start(page, { shared, connect, ...options });
    return page;
  }

  async function start(page, { shared = false, connect = true, ...options } = {}) {
    await page.evaluate(
      async ([to, server, withTabs, connects, more]) => {
        const { default: init, McpManager } = await import('/pkg/browser.js');
        const { attachToPage, sharedStorage } = await import('/pkg/page.js');
        const { indexedDbStorage, webStorage } = await import('/pkg/storage.js');
        await init();
        const { fetch } = globalThis;
        globalThis.fetch = (url, init) => {
          if (init?.method === 'DELETE') localStorage.deletes = Number(localStorage.deletes ?? 0) + 1;
          return fetch(url, init);
        };
        const storage = withTabs ? sharedStorage(indexedDbStorage()) : webStorage(sessionStorage);
        globalThis.lines = [];
        const log = (_level, line) => globalThis.lines.push(line);
        globalThis.manager = new McpManager(
          { mcpServers: { s: { url: to, ...server } } },
          { storage, debug: true, log, capabilities: { elicitation: {} } },
        );
        globalThis.detach = attachToPage(globalThis.manager, { ...more, ...(withTabs && { tabs: storage }) });
        globalThis.heard = [];
        globalThis.seen = [];
        globalThis.closings = 0;
        globalThis.manager.events.addEventListener(
          'streamClosed',
          ({ detail }) => (globalThis.closings += Number(detail.stream === 'listen')),
        );
        for (const type of ['pageshow', 'pagehide'])
          addEventListener(type, ({ persisted }) => globalThis.seen.push(`${type} ${persisted}`));
        if (!connects) return;
        globalThis.session = await globalThis.manager.connect('ada', 's');
        globalThis.session.onnotification = ({ params }) => globalThis.heard.push(params?.data);
      },
      [url, settings, shared, connect, options],
    );
  }

  const call = (page, params = echo) =>
    page.evaluate((tool) => globalThis.session.callTool(tool).then(({ content }) => content[0].text), params);
  const idOf = (page) => page.evaluate(() => globalThis.session.sessionId);
  const heardBy = (page) => page.evaluate(() => globalThis.heard.filter((data) => data !== undefined).length);
  const counts = () => ({ initialize: server.counts.initialize, get: server.counts.get, delete: server.counts.delete });

  async function until(what, check) {
    for (let tries = 0; tries < 500; tries += 1) {
      if (await check()) return;
      await wait(20);
    }
    assert.fail(`never: ${what}; ${JSON.stringify(counts())}`);
  }
  const untilGets = (gets) => until(`${gets} GETs`, () => server.counts.get >= gets);

  /**
   * One DELETE was requested by a page of the origin, and it arrived: sometimes twice, because Chromium repeats a
   * request without a waiting page.
   */
  async function untilDeleted(page) {
    await until('a DELETE', () => server.counts.delete > 0);
    assert.equal(await page.evaluate(() => localStorage.deletes), '1');
  }

  test('a page that is closed ends its session with a DELETE that outlives the page', async () => {
    const [page, other] = [await openTab({ onHide: 'terminate' }), await context.newPage()];
    await other.goto(`${files.origin}/tests/helpers/browsers/page.html`);
    await untilGets(1);
    await page.close({ runBeforeUnload: true });
    await untilDeleted(other);
    assert.equal(server.counts.initialize, 1);
  });

  test('a page that navigates away does so too', async () => {
    const page = await openTab({ onHide: 'terminate' });
    await untilGets(1);
    await page.goto(`${files.origin}/tests/helpers/browsers/page.html`);
    await untilDeleted(page);
  });

  test('a page that is loaded again continues its session', async () => {
    const page = await openTab();
    await untilGets(1);
    const id = await idOf(page);
    await page.reload();
    await start(page);
    assert.deepEqual([await idOf(page), await call(page)], [id, 'hello']);
    await untilGets(2);
    assert.deepEqual(counts(), { initialize: 1, get: 2, delete: 0 });
  });

  test('while hidden, the stream is closed; missed notifications arrive when the page is shown', async () => {
    const page = await openTab({ grace: 0 });
    await untilGets(1);
    await call(page, { name: 'notify' });
    await until('a notification', async () => (await heardBy(page)) === 1);
    await page.evaluate(hide, true);
    await until('the stream closes', async () => (await page.evaluate(() => globalThis.closings)) === 1);
    await call(page, { name: 'notify' });
    assert.deepEqual([await heardBy(page), server.counts.get], [1, 1]);
    await page.evaluate(hide, false);
    await until('the missed notification', async () => (await heardBy(page)) === 2);
    assert.deepEqual(counts(), { initialize: 1, get: 2, delete: 0 });
  });

  test('nothing is sent offline, and everything at once online', async () => {
    const page = await openTab();
    await untilGets(1);
    await page.evaluate(() => {
      globalThis.told = new Promise((resolve) => addEventListener('offline', resolve, { once: true }));
    });
    await context.setOffline(true);
    // A call before the event is a call while online, whose failure costs a ping.
    await page.evaluate(() => globalThis.told.then(() => {}));
    const sent = await page.evaluate(() => {
      globalThis.pending = globalThis.session
        .callTool({ name: 'increment', arguments: { key: 'offline' } })
        .then(({ content }) => content[0].text);
      return globalThis.manager.getMetrics().requests;
    });
    const before = server.counts.post;
    await wait(1_500);
    assert.equal(await page.evaluate(() => globalThis.manager.getMetrics().requests), sent, 'nothing is sent');
    assert.equal(server.counts.post, before);
    await context.setOffline(false);
    assert.equal(await page.evaluate(() => globalThis.pending), '1');
    assert.deepEqual([server.counts.executions.offline, server.counts.initialize], [1, 1]);
  });

  test('a page out of the back/forward cache continues where it was', async () => {
    const page = await openTab({ grace: 0 });
    await untilGets(1);
    const id = await idOf(page);
    await page.goto(`${files.origin}/tests/helpers/browsers/page.html`);
    // Playwright's own goBack() waits for a load that does not happen.
    await page.evaluate(() => history.back()).catch(() => {});
    await page.waitForFunction(() => globalThis.seen !== undefined);
    assert.deepEqual(
      await page.evaluate(() => globalThis.seen),
      ['pagehide true', 'pageshow true'],
      'the page was cached',
    );
    await untilGets(2);
    assert.deepEqual([await idOf(page), await call(page)], [id, 'hello']);
    assert.deepEqual(counts(), { initialize: 1, get: 2, delete: 0 });
  });

  test('an hour without use ends the session, and the next call opens another', async () => {
    const page = await context.newPage();
    await page.clock.install();
    await page.goto(files.origin);
    await start(page);
    await untilGets(1);
    await page.clock.runFor(3_700_000);
    await untilDeleted(page);
    assert.equal(await call(page), 'hello');
    assert.equal(server.counts.initialize, 2);
  });

  test('after a sleep the stream is reopened, and the session continues', async () => {
    const page = await asleep();
    await untilGets(2);
    assert.equal(await call(page), 'hello');
    await call(page, { name: 'notify' });
    await until('the notification', async () => (await heardBy(page)) === 1);
    assert.deepEqual(counts(), { initialize: 1, get: 2, delete: 0 });
  });

  test('a session that was lost in a sleep costs one handshake, without any call', async () => {
    const page = await asleep(() => server.forgetSessions());
    await until('a handshake', () => server.counts.initialize === 2);
    assert.equal(await call(page), 'hello');
    assert.deepEqual([server.counts.initialize, server.counts.delete], [2, 0]);
  });

  /** A tab with a session on a machine that slept for twenty minutes. */
  async function asleep(meanwhile) {
    const page = await context.newPage();
    await page.clock.install();
    await page.goto(files.origin);
    await start(page);
    await untilGets(1);
    await meanwhile?.();
    // Everything due happens at once, and once: as after a wake-up.
    await page.clock.fastForward(1_200_000);
    await page.clock.resume();
    return page;
  }

  describe('tabs that share a session', () => {
    test('eight tabs make one handshake and have one stream, and a notification reaches them all', async () => {
      const tabs = await Promise.all(Array.from({ length: 8 }, () => openTab({ shared: true })));
      const ids = await Promise.all(tabs.map(idOf));
      assert.equal(new Set(ids).size, 1);
      await untilGets(1);
      assert.deepEqual(
        await Promise.all(tabs.map((tab) => call(tab))),
        tabs.map(() => 'hello'),
      );
      await call(tabs[3], { name: 'notify' });
      await Promise.all(tabs.map((tab) => until('the notification', async () => (await heardBy(tab)) === 1)));
      assert.deepEqual(counts(), { initialize: 1, get: 1, delete: 0 });
    });

    test('a look for the verdict of discovery holds no lock, which would keep other tabs waiting for one', async () => {
      const page = await openTab({ shared: true, connect: false });
      const held = await page.evaluate(async () => {
        const { sharedStorage } = await import('/pkg/page.js');
        const { webStorage } = await import('/pkg/storage.js');
        const storage = sharedStorage(webStorage(localStorage));
        const found = [await storage.get('mcp-tether:server:1')];
        await storage.set('mcp-tether:server:1', '{"legacyAt":1}');
        found.push(await storage.get('mcp-tether:server:1'));
        await storage.delete('mcp-tether:server:1');
        found.push(await storage.get('mcp-tether:server:1'), await storage.get('mcp-tether:3:ada:s'));
        const { held } = await navigator.locks.query();
        return { found, locks: held.map(({ name }) => name).filter((name) => name.startsWith('mcp-tether:make:')) };
      });
      assert.deepEqual(held.found, [null, '{"legacyAt":1}', null, null]);
      assert.deepEqual(held.locks, ['mcp-tether:make:default:mcp-tether:3:ada:s'], 'the lock of a session alone');
    });

    test('when the tab with the stream is closed, another takes it over at its cursor', async () => {
      const first = await openTab({ shared: true });
      await untilGets(1);
      const second = await openTab({ shared: true });
      await call(second, { name: 'notify' });
      await until('both hear', async () => (await heardBy(first)) === 1 && (await heardBy(second)) === 1);
      // The cursor is stored by then.
      await wait(2_500);
      await first.close();
      await untilGets(2);
      await call(second, { name: 'notify' });
      await until('the other gets the notification', async () => (await heardBy(second)) === 2);
      assert.deepEqual(counts(), { initialize: 1, get: 2, delete: 0 });
    });

    test('when the tab with the stream is hidden, a visible one takes it over', async () => {
      const first = await openTab({ shared: true, grace: 0 });
      await untilGets(1);
      const second = await openTab({ shared: true, grace: 0 });
      await first.evaluate(hide, true);
      await untilGets(2);
      await call(second, { name: 'notify' });
      await until('both hear', async () => (await heardBy(first)) === 1 && (await heardBy(second)) === 1);
      assert.deepEqual(counts(), { initialize: 1, get: 2, delete: 0 });
    });

    test('a restart of the server costs all tabs one handshake', async () => {
      const tabs = [];
      for (let i = 0; i < 3; i += 1) tabs.push(await openTab({ shared: true }));
      await untilGets(1);
      const before = await idOf(tabs[0]);
      await server.forgetSessions();
      assert.deepEqual(await Promise.all(tabs.map((tab) => call(tab))), ['hello', 'hello', 'hello']);
      await until('all follow', async () => new Set(await Promise.all(tabs.map(idOf))).size === 1);
      assert.notEqual(await idOf(tabs[0]), before);
      assert.equal(server.counts.initialize, 2);
      await untilGets(2);
      await call(tabs[1], { name: 'notify' });
      await Promise.all(tabs.map((tab) => until('the notification', async () => (await heardBy(tab)) === 1)));
    });

    test('a server request is answered by the tab that has a handler', async () => {
      const first = await openTab({ shared: true });
      const second = await openTab({ shared: true });
      const third = await openTab({ shared: true });
      await second.evaluate(() =>
        globalThis.session.setRequestHandler('elicitation/create', () => ({
          action: 'accept',
          content: { name: 'Ada' },
        })),
      );
      await until('all tabs know each other', () => wait(200, true));
      assert.match(await call(first, { name: 'ask' }), /Ada/);
      assert.match(await call(third, { name: 'ask' }), /Ada/);
      assert.match(await call(second, { name: 'ask' }), /Ada/);
    });

    test('without Web Locks each tab has a stream of its own', async () => {
      await context.addInitScript(() => Object.defineProperty(navigator, 'locks', { value: undefined }));
      const first = await openTab({ shared: true });
      await untilGets(1);
      assert.equal(await call(first), 'hello');
    });
  });
});

/**
 * Simulates that the page is hidden. Headless Chromium hides none: neither minimized, nor behind another tab, nor
 * frozen by its own protocol.
 */
function hide(hidden) {
  Object.defineProperty(document, 'visibilityState', {
    configurable: true,
    get: () => (hidden ? 'hidden' : 'visible'),
  });
  document.dispatchEvent(new Event('visibilitychange'));
}
