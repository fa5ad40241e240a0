// mcp-tether/devtools in Chromium: the example under the strictest policy, with a real server; and traces, in Node and in the viewer of the demo.
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { parseTrace } from '../../../pkg/devtools.js';
import { countOf, openExample, rows, traceOf } from '../helpers/devtools.mjs';
import { root } from '../helpers/snippets/project.mjs';
import { startSdkServer } from '../servers/sdk-server.mjs';

const secret = 'token-0123456789-abcdefghij';
let browser;
let viewer;
let server;
let open;
let longTrace;
let close;

before(async () => {
  ({ browser, viewer, server, open, longTrace, close } = await openExample());
});
after(() => close?.());

describe('in an application', () => {
  test('under the strictest policy: lanes, log, sessions and counters', { timeout: 60_000 }, async () => {
    const { page, complaints } = await open();
    await page.locator('#call').click();
    await page.locator('#answer', { hasText: 'hello' }).waitFor();
    await rows(page).filter({ hasText: 'tools/call' }).first().waitFor();
    const { events } = await traceOf(page);
    assert.equal(await countOf(page), events.length);
    assert.equal(events.filter(({ type, method }) => type === 'requestSettled' && method === 'tools/call').length, 1);
    const colours = await page.locator('.scroll canvas').evaluate((canvas) => {
      const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
      const seen = new Set();
      for (let i = 0; i < data.length; i += 4) if (data[i + 3] === 255) seen.add(data.slice(i, i + 3).join());
      return [...seen];
    });
    assert.ok(colours.includes('20,114,72'), 'the lanes are drawn, also if nothing had happened when they were opened');
    await page.getByRole('tab', { name: 'sessions' }).click();
    await page.locator('.tables td', { hasText: 'ready' }).waitFor();
    await page.getByRole('tab', { name: 'counters' }).click();
    await page.locator('.tables th', { hasText: /^requests$/ }).waitFor();
    assert.deepEqual(complaints, []);
    await page.close();
  });

  test('an application that does not ask for them loads nothing', { timeout: 60_000 }, async () => {
    const { page } = await open('');
    await page.locator('#call').click();
    await page.locator('#answer', { hasText: 'hello' }).waitFor();
    assert.equal(await page.locator('mcp-tether-devtools').count(), 0);
    const loaded = await page.evaluate(() => performance.getEntriesByType('resource').map(({ name }) => name));
    assert.deepEqual(
      loaded.filter((name) => /devtools/.test(new URL(name).pathname)),
      [],
    );
    await page.close();
  });

  test('filters, and a selection by keyboard', { timeout: 60_000 }, async () => {
    const { page } = await open();
    await page.locator('#call').click();
    await rows(page).filter({ hasText: 'tools/call' }).first().waitFor();
    await page.getByRole('searchbox').fill('tools/call');
    await rows(page).filter({ hasText: 'initialize' }).first().waitFor({ state: 'detached' });
    assert.ok((await rows(page).allInnerTexts()).every((text) => text.includes('tools/call')));
    await page.getByRole('searchbox').fill('');
    await page.locator('.log').focus();
    await page.keyboard.press('Home');
    await page.locator('.detail dd', { hasText: 'stateChanged' }).waitFor();
    await page.keyboard.press('ArrowDown');
    await page.locator('.detail dd', { hasText: 'requestSent' }).waitFor();
    assert.equal(await page.locator('.row[aria-selected="true"]').count(), 1);
    await page.locator('.scroll canvas').focus();
    for (const key of ['f', '+', 'ArrowLeft', '-', 'l']) await page.keyboard.press(key);
    assert.equal(await page.getByRole('button', { name: 'Follow' }).getAttribute('aria-pressed'), 'true');
    await page.keyboard.press('Escape');
    const launch = page.getByRole('button', { name: 'Open the mcp-tether devtools' });
    await launch.waitFor();
    await page.keyboard.press('Enter');
    await page.locator('.scroll canvas').waitFor();
    await page.close();
  });

  test('no header, token or whole session id is shown or exported', { timeout: 60_000 }, async () => {
    const { page } = await open();
    await page.locator('#call').waitFor();
    const seen = await page.evaluate(
      async ([url, token]) => {
        const { default: init, McpManager } = await import('/pkg/browser.js');
        await init();
        const ids = [];
        const spy = async (target, options) => {
          const response = await fetch(target, options);
          const id = response.headers.get('mcp-session-id');
          if (id) ids.push(id);
          return response;
        };
        const servers = {
          s: { url: `${url}?key=${token}`, headers: { Authorization: `Bearer ${token}` }, fetch: spy },
        };
        const manager = new McpManager({ mcpServers: servers }, { log: () => {} });
        const element = document.querySelector('mcp-tether-devtools');
        element.clear();
        element.manager = manager;
        const session = await manager.connect('ada', 's');
        await session.callTool({ name: 'nothing' }).catch(() => {});
        await fetch(url, { method: 'DELETE', headers: { 'Mcp-Session-Id': ids[0] } });
        await session.callTool({ name: 'echo', arguments: { text: 'x' } });
        let text = JSON.stringify(element.trace);
        for (const tab of element.shadowRoot.querySelectorAll('[role="tab"]')) {
          tab.click();
          await new Promise((resolve) => {
            requestAnimationFrame(() => requestAnimationFrame(resolve));
          });
          text += element.shadowRoot.querySelector('.panel').innerText;
        }
        return { ids, text };
      },
      [server.url, secret],
    );
    assert.ok(seen.ids.length >= 2 && /recoverySucceeded/.test(seen.text));
    for (const id of seen.ids) assert.ok(!seen.text.includes(id), 'a whole session id');
    assert.ok(
      seen.ids.some((id) => seen.text.includes(id.slice(0, 8))),
      'its beginning is shown',
    );
    assert.ok(!seen.text.includes(secret), 'a token');
    await page.close();
  });

  test('after it is removed it listens no longer', { timeout: 60_000 }, async () => {
    const { page } = await open();
    await page.locator('#call').click();
    await page.locator('#answer', { hasText: 'hello' }).waitFor();
    const [before, after] = await page.evaluate(async () => {
      const element = document.querySelector('mcp-tether-devtools');
      element.remove();
      const first = element.trace.events.length;
      document.querySelector('#answer').textContent = '';
      document.querySelector('#call').click();
      while (document.querySelector('#answer').textContent === '')
        await new Promise((resolve) => setTimeout(resolve, 10));
      return [first, element.trace.events.length];
    });
    assert.equal(after, before);
    await page.close();
  });

  for (const colorScheme of ['light', 'dark'])
    test(`axe has no serious finding, in the ${colorScheme}`, { timeout: 60_000 }, async () => {
      const page = await browser.newPage({ colorScheme });
      const file = join(await mkdtemp(join(tmpdir(), 'trace-')), 'trace.json');
      await writeFile(file, JSON.stringify(await longTrace(200)));
      await page.goto(`${viewer.origin}/trace.html`);
      await page.locator('#file').setInputFiles(file);
      await page.locator('#told', { hasText: '200 events' }).waitFor();
      await page.evaluate(await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8'));
      const { violations } = await page.evaluate(() => globalThis.axe.run(document));
      const serious = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical');
      assert.deepEqual(
        serious.flatMap(({ id, nodes }) => nodes.map(({ target }) => `${id}: ${target.join(' ')}`)),
        [],
      );
      await page.screenshot({ path: join(root, `artifacts/trace-viewer-${colorScheme}.png`) });
      await page.close();
      await rm(file);
    });
});

describe('opened late', () => {
  /** A page with a manager, `globalThis.manager`, whose session works. */
  async function connected(options = {}) {
    const { page, complaints } = await open('');
    await page.evaluate(
      async ([url, config]) => {
        const { default: init, McpManager } = await import('/pkg/browser.js');
        await init();
        const slow = { url: new URL('/slow', url).href, fetch: () => new Promise(() => {}) };
        const gone = () => new Response('Session not found', { status: 404 });
        const fickle = { url, fetch: async (...request) => (globalThis.isGone ? gone() : fetch(...request)) };
        const mcpServers = { notes: { url, ...config }, slow, fickle };
        globalThis.manager = new McpManager({ mcpServers }, { log: () => {} });
        const session = await globalThis.manager.connect('ada', 'notes');
        await session.callTool({ name: 'echo', arguments: { message: 'x' } });
      },
      [options.url ?? server.url, options.config ?? {}],
    );
    return { page, complaints };
  }
  /** Opens the devtools as an application does. */
  const mount = (page, options) =>
    page.evaluate(async (given) => {
      const { mountDevtools } = await import('/pkg/devtools.js');
      mountDevtools(globalThis.manager, given);
    }, options);
  /** The colours in the lanes. */
  const painted = (page, colour) =>
    page.waitForFunction((wanted) => {
      const canvas = document.querySelector('mcp-tether-devtools').shadowRoot.querySelector('.scroll canvas');
      if (canvas.width === 0 || canvas.height === 0) return false;
      const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
      for (let i = 0; i < data.length; i += 4) if (data.slice(i, i + 3).join() === wanted) return true;
      return false;
    }, colour);
  const detail = (page, text) => page.locator('mcp-tether-devtools .detail .words', { hasText: text }).waitFor();

  test('they show the session, its state and the counters at once', { timeout: 60_000 }, async () => {
    const { page, complaints } = await connected();
    await mount(page, { open: true });
    await painted(page, '20,114,72'); // ready
    await page.locator('mcp-tether-devtools .log', { hasText: 'No event so far.' }).waitFor();
    await page.locator('mcp-tether-devtools select option', { hasText: 'ada@notes' }).waitFor({ state: 'attached' });
    assert.equal(await countOf(page), 0, 'nothing has happened since');
    await page.locator('.scroll canvas').focus();
    await page.keyboard.press('End');
    await detail(page, /^Ready now · already when these events begin/);
    await page.keyboard.press('Home');
    const { sessionId } = await page.evaluate(() => globalThis.manager.getSessionInfo('ada', 'notes'));
    await detail(page, `Handshake 1 · ${sessionId.slice(0, 8)}`);
    await page.getByRole('tab', { name: 'counters' }).click();
    await page.locator('.tables th', { hasText: /^activeSessions$/ }).waitFor();
    await page.getByRole('button', { name: 'Clear' }).click();
    await painted(page, '20,114,72');
    assert.deepEqual(complaints, []);
    await page.screenshot({ path: join(root, 'artifacts/devtools-late.png') });
    await page.close();
  });

  test('closed, their button has the colour of the state', { timeout: 60_000 }, async () => {
    const { page } = await connected();
    await mount(page, {});
    await page.locator('mcp-tether-devtools .launch[data-tone=good]').waitFor();
    await page.close();
  });

  test('the element, also if its manager was set before it was defined', { timeout: 60_000 }, async () => {
    const { page } = await connected();
    await page.evaluate(async () => {
      const element = document.createElement('mcp-tether-devtools');
      element.manager = globalThis.manager;
      element.limit = 30;
      document.body.append(element);
      await import('/pkg/devtools.js');
    });
    await painted(page, '20,114,72');
    const limit = await page.evaluate(() => document.querySelector('mcp-tether-devtools').limit);
    assert.equal(limit, 30);
    await page.close();
  });

  /** A page whose session is in a state that it got because its server is gone. */
  async function troubled(state, retryAttempts) {
    const mortal = await startSdkServer();
    const config = { sessionConfig: { retryAttempts, retryDelay: 100 } };
    const { page } = await connected({ url: mortal.url, config });
    await mortal.close();
    await page.evaluate(async (wanted) => {
      const session = await globalThis.manager.connect('ada', 'notes');
      session.callTool({ name: 'echo', arguments: { message: 'x' } }, { timeout: 20_000 }).catch(() => {});
      while (session.state !== wanted) await new Promise((resolve) => setTimeout(resolve, 20));
    }, state);
    await mount(page, { open: true });
    return page;
  }

  test('they show an outage', { timeout: 60_000 }, async () => {
    const page = await troubled('outage', 20);
    await painted(page, '168,58,103');
    await page.locator('mcp-tether-devtools .launch[data-tone=bad]').waitFor({ state: 'attached' });
    await page.getByRole('tab', { name: 'sessions' }).click();
    await page.locator('.tables td', { hasText: 'outage' }).waitFor();
    await page.close();
  });

  test('they show the sessions that have never worked, or work no longer', { timeout: 60_000 }, async () => {
    const { page } = await connected();
    await page.evaluate(async () => {
      globalThis.manager.connect('eve', 'slow').catch(() => {});
      const lost = await globalThis.manager.connect('ivy', 'fickle');
      globalThis.isGone = true;
      await lost.listTools().catch(() => {});
      while (lost.state !== 'degraded') await new Promise((resolve) => setTimeout(resolve, 20));
    });
    await mount(page, { open: true });
    await page.locator('mcp-tether-devtools select option', { hasText: 'eve@slow' }).waitFor({ state: 'attached' });
    await page.locator('mcp-tether-devtools .launch[data-tone=bad]').waitFor({ state: 'attached' });
    await page.getByRole('tab', { name: 'sessions' }).click();
    for (const [user, state] of Object.entries({ ada: 'ready', eve: 'connecting', ivy: 'degraded' }))
      await page.locator('.tables tr', { hasText: user }).filter({ hasText: state }).waitFor();
    await page.close();
  });

  test('a trace without events shows its sessions', { timeout: 60_000 }, async () => {
    const { page } = await connected();
    await mount(page, { open: true });
    const trace = await traceOf(page);
    assert.deepEqual([trace.events, trace.sessions.map(({ state }) => state)], [[], ['ready']]);
    await page.evaluate((whole) => document.querySelector('mcp-tether-devtools').load(whole), trace);
    await painted(page, '20,114,72');
    await page.close();
  });
});

describe('the manager of an element', () => {
  /** A page with the managers `globalThis.managers`, whose users are ada, bob and cy, and an element that shows ada's. */
  async function shown() {
    const { page, complaints } = await open('');
    await page.evaluate(async (url) => {
      const [{ default: init, McpManager }] = await Promise.all([
        import('/pkg/browser.js'),
        import('/pkg/devtools.js'),
      ]);
      await init();
      globalThis.managers = {};
      for (const user of ['ada', 'bob', 'cy']) {
        const manager = new McpManager({ mcpServers: { notes: { url } } }, { log: () => {} });
        await manager.connect(user, 'notes');
        globalThis.managers[user] = manager;
      }
      globalThis.call = async (user) => {
        const session = await globalThis.managers[user].connect(user, 'notes');
        await session.callTool({ name: 'echo', arguments: { message: user } });
      };
      globalThis.element = document.createElement('mcp-tether-devtools');
      globalThis.element.manager = globalThis.managers.ada;
      document.body.append(globalThis.element);
      await globalThis.call('ada');
    }, server.url);
    return { page, complaints };
  }
  const lanes = async (page) => {
    await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))));
    return page.locator('mcp-tether-devtools select[aria-label="Which session"] option').allInnerTexts();
  };
  const users = async (page) => [...new Set((await traceOf(page)).events.map(({ userId }) => userId))];
  const methods = async (page) =>
    (await traceOf(page)).events.filter(({ type }) => type === 'requestSettled').map(({ method }) => method);

  test('another one: what was recorded of the one before is gone, also from the choice of lanes', {
    timeout: 60_000,
  }, async () => {
    const { page, complaints } = await shown();
    await page
      .locator('mcp-tether-devtools select[aria-label="Which session"] option', { hasText: 'ada@notes' })
      .waitFor({ state: 'attached' });
    await page.locator('.scroll canvas').focus();
    await page.keyboard.press('Home');
    await page.evaluate(async () => {
      globalThis.element.note('before');
      globalThis.element.manager = globalThis.managers.bob;
      await globalThis.call('ada');
      await globalThis.call('bob');
    });
    assert.deepEqual(await lanes(page), ['all sessions', 'bob@notes']);
    assert.deepEqual(await users(page), ['bob']);
    assert.deepEqual((await traceOf(page)).notes, []);
    await page.locator('mcp-tether-devtools .launch[data-tone=good]').waitFor({ state: 'attached' });
    assert.deepEqual(complaints, []);
    await page.close();
  });

  test('one that was closed, then another', { timeout: 60_000 }, async () => {
    const { page, complaints } = await shown();
    await page.evaluate(async () => {
      await globalThis.managers.ada.close({ terminate: true });
    });
    assert.deepEqual(await lanes(page), ['all sessions', 'ada@notes']);
    await page.evaluate(async () => {
      globalThis.element.manager = globalThis.managers.bob;
      await globalThis.call('bob');
    });
    assert.deepEqual(await lanes(page), ['all sessions', 'bob@notes']);
    assert.deepEqual(await users(page), ['bob']);
    assert.deepEqual(complaints, []);
    await page.close();
  });

  test('the same one again changes nothing', { timeout: 60_000 }, async () => {
    const { page } = await shown();
    const before = await traceOf(page);
    await page.evaluate(async () => {
      globalThis.element.manager = globalThis.managers.ada;
    });
    assert.deepEqual((await traceOf(page)).events, before.events);
    await page.evaluate(() => globalThis.call('ada'));
    const calls = (await methods(page)).filter((method) => method === 'tools/call');
    assert.equal(calls.length, 2, 'each event once');
    await page.close();
  });

  for (const nothing of ['null', 'undefined'])
    test(`${nothing} stops, and what was recorded stays until there is another one`, { timeout: 60_000 }, async () => {
      const { page, complaints } = await shown();
      const [before, after, given] = await page.evaluate(async (what) => {
        const { element } = globalThis;
        const first = element.trace.events.length;
        element.manager = what === 'null' ? null : undefined;
        await globalThis.call('ada');
        return [first, element.trace.events.length, String(element.manager)];
      }, nothing);
      assert.ok(before > 0);
      assert.equal(after, before);
      assert.equal(given, 'undefined');
      await page.evaluate(() => {
        globalThis.element.manager = globalThis.managers.cy;
      });
      assert.deepEqual(await lanes(page), ['all sessions', 'cy@notes']);
      assert.deepEqual((await traceOf(page)).events, []);
      assert.deepEqual(complaints, []);
      await page.close();
    });

  test('one after a trace: the lanes of the trace are gone', { timeout: 60_000 }, async () => {
    const { page } = await shown();
    await page.evaluate(() => {
      const { element } = globalThis;
      element.load(element.trace);
      element.manager = globalThis.managers.bob;
    });
    assert.deepEqual(await lanes(page), ['all sessions', 'bob@notes']);
    assert.equal(await page.getByRole('button', { name: 'Follow' }).getAttribute('aria-pressed'), 'true');
    await page.close();
  });

  test('in an element that is moved, no event is lost and none is counted twice', { timeout: 60_000 }, async () => {
    const { page } = await shown();
    await page.evaluate(async () => {
      const { element } = globalThis;
      const calling = globalThis.call('ada');
      document.body.append(element);
      document.body.prepend(element);
      await calling;
    });
    const calls = (await traceOf(page)).events.filter(({ method }) => method === 'tools/call');
    assert.deepEqual(
      calls.map(({ type }) => type),
      ['requestSent', 'requestSettled', 'requestSent', 'requestSettled'],
    );
    await page.close();
  });

  test('in an element that was away: what ended meanwhile is not drawn as open', { timeout: 60_000 }, async () => {
    const { page } = await shown();
    await page.evaluate(async () => {
      const { element } = globalThis;
      const sent = new Promise((resolve) => {
        globalThis.managers.ada.events.addEventListener('requestSent', resolve, { once: true });
      });
      const calling = globalThis.call('ada');
      await sent;
      element.remove();
      await calling;
      document.body.append(element);
    });
    await page.locator('.scroll canvas').focus();
    const option = page.locator('mcp-tether-devtools #item');
    await page.keyboard.press('End');
    for (;;) {
      const words = await option.innerText();
      assert.doesNotMatch(words, /tools\/call.*pending/);
      const place = await option.getAttribute('aria-posinset');
      if (place === '1') break;
      await page.keyboard.press('ArrowLeft');
    }
    await page.close();
  });

  test('in two elements: each has every event once, and clearing one leaves the other', {
    timeout: 60_000,
  }, async () => {
    const { page } = await shown();
    const [one, other] = await page.evaluate(async () => {
      const second = document.createElement('mcp-tether-devtools');
      second.manager = globalThis.managers.ada;
      document.body.append(second);
      globalThis.element.clear();
      await globalThis.call('ada');
      const events = [globalThis.element, second].map(({ trace }) => trace.events);
      globalThis.element.clear();
      return [events[0], second.trace.events];
    });
    assert.ok(one.length > 0);
    assert.deepEqual(one, other);
    await page.close();
  });

  test('mounted, removed and mounted again, as React does in StrictMode', { timeout: 60_000 }, async () => {
    const { page, complaints } = await shown();
    const counts = await page.evaluate(async () => {
      const { mountDevtools } = await import('/pkg/devtools.js');
      globalThis.element.remove();
      const first = mountDevtools(globalThis.managers.ada);
      first.remove();
      const second = mountDevtools(globalThis.managers.ada);
      await globalThis.call('ada');
      return [first, second].map(({ trace }) => trace.events.length);
    });
    assert.equal(counts[0], 0);
    assert.ok(counts[1] > 0);
    assert.equal(await page.locator('mcp-tether-devtools').count(), 1);
    assert.deepEqual(complaints, []);
    await page.close();
  });

  test('Clear keeps the chosen lane, and offers the lanes of new sessions', { timeout: 60_000 }, async () => {
    const { page } = await shown();
    const lane = page.locator('mcp-tether-devtools select[aria-label="Which session"]');
    await page.evaluate(() => globalThis.managers.ada.connect('eve', 'notes'));
    await lane.locator('option', { hasText: 'eve@notes' }).waitFor({ state: 'attached' });
    await lane.selectOption('eve@notes');
    await page.evaluate(async () => {
      await globalThis.managers.ada.terminate('ada', 'notes');
      globalThis.element.clear();
    });
    assert.equal(await lane.inputValue(), 'eve@notes');
    await page.evaluate(() => globalThis.managers.ada.connect('fay', 'notes'));
    await lane.locator('option', { hasText: 'fay@notes' }).waitFor({ state: 'attached' });
    await page.close();
  });
});

describe('a limit of events', () => {
  test('beyond the limit the oldest events go', { timeout: 60_000 }, async () => {
    const { page } = await open();
    await page.locator('mcp-tether-devtools').waitFor();
    const [most, last] = await page.evaluate(async () => {
      const element = document.querySelector('mcp-tether-devtools');
      const events = new EventTarget();
      element.manager = { events, getAllActiveSessions: () => [], getSessionStats: () => ({}), getMetrics: () => ({}) };
      element.clear(); // of the sessions of the page's own manager, too
      element.limit = 300;
      const session = { userId: 'ada', serverName: 's', generation: 1, at: Date.now() };
      events.dispatchEvent(
        new CustomEvent('stateChanged', { detail: { ...session, from: 'connecting', to: 'ready' } }),
      );
      let longest = 0;
      for (let n = 1; n <= 1_000; n += 1) {
        const detail = {
          userId: 'ada',
          serverName: 's',
          generation: 1,
          at: Date.now(),
          method: 'm',
          requestId: n,
          attempt: 1,
        };
        events.dispatchEvent(new CustomEvent('requestSent', { detail }));
        longest = Math.max(longest, element.trace.events.length);
      }
      return [longest, element.trace.events.at(-1).requestId];
    });
    assert.equal(most, 300);
    assert.equal(last, 1_000);
    await page.getByRole('button', { name: 'Close the devtools' }).click();
    const launch = page.locator('.launch[data-tone=good]');
    await launch.waitFor();
    await page.close();
  });
});

describe('a trace', () => {
  test('is exported, read in Node, dropped into the viewer, and named by an address', { timeout: 60_000 }, async () => {
    const { page } = await open();
    await page.locator('#call').click();
    await page.locator('#answer', { hasText: 'hello' }).waitFor();
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: 'Export trace' }).click(),
    ]);
    const path = await download.path();
    const text = await readFile(path, 'utf8');
    const trace = parseTrace(text);
    assert.deepEqual([trace.format, trace.version], ['mcp-tether-trace', 1]);
    assert.deepEqual(trace.events, (await traceOf(page)).events);
    assert.equal(trace.sessions[0].state, 'ready');
    const reader = await browser.newPage();
    await reader.route('**/bug-17.json', (route) => route.fulfill({ body: text, contentType: 'application/json' }));
    await reader.goto(`${viewer.origin}/trace.html?trace=bug-17.json`);
    await reader.locator('#told', { hasText: `${trace.events.length} events` }).waitFor();
    assert.equal(await countOf(reader), trace.events.length);
    await reader
      .locator('#file')
      .setInputFiles({ name: 'x.json', mimeType: 'text/plain', buffer: Buffer.from('{"events":[]}') });
    await reader.locator('#told[data-bad]', { hasText: 'its format is not "mcp-tether-trace"' }).waitFor();
    await reader.close();
    await page.close();
  });

  const event = { type: 'requestSent', userId: 'ada', serverName: 's', generation: 1, at: 1 };
  const head = { format: 'mcp-tether-trace', version: 1, exportedAt: '', events: [event] };
  for (const [what, source, words] of [
    ['no JSON', '{', /no JSON/],
    ['a list', [], /no JSON object/],
    ['another document', { events: [] }, /format/],
    ['a later version', { ...head, version: 2 }, /version 2.*reads 1/],
    ['no events', { ...head, events: undefined }, /no list of events/],
    ['an unknown event', { ...head, events: [{ ...event, type: 'x' }] }, /Event 1 .*no known type/],
    ['an event without a time', { ...head, events: [event, { ...event, at: 'now' }] }, /Event 2 .*lacks at/],
    ['too many events', { ...head, events: Array(100_001).fill(event) }, /more than 100000/],
  ])
    test(`${what} is refused with words`, () => {
      assert.throws(() => parseTrace(source), words);
    });

  test('what somebody else has put into a trace is cut and dropped', () => {
    const id = '0b5c0a5e-8d44-4f0e-9d0a-3f2c9a1b7c11';
    const evidence = `HTTP 401 to https://api.example/mcp?key=${secret} with Authorization: Bearer ${secret} in ${id}`;
    const trace = parseTrace({
      ...head,
      events: [{ ...event, sessionId: id, evidence, headers: { a: secret }, token: secret }],
    });
    const text = JSON.stringify(trace);
    assert.ok(!text.includes(secret) && !text.includes(id), text);
    assert.match(trace.events[0].evidence, /^HTTP 401 to https:\/\/api\.example\/mcp\?…/);
  });
});
