// Sessions in a storage: a manager resumes what another one has stored, on a real server that counts.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { Miniflare } from 'miniflare';
import { openPage } from '../helpers/browsers/chromium.mjs';
import { startSdkServer } from '../servers/sdk-server.mjs';

const packageEntry = process.env.MCP_TETHER_PACKAGE
  ? pathToFileURL(process.env.MCP_TETHER_PACKAGE)
  : new URL('../../../pkg/node.js', import.meta.url);
const { McpError, McpManager } = await import(packageEntry);
const { chromeStorage, webStorage } = await import(new URL('storage.js', packageEntry));

const echo = { name: 'echo', arguments: { text: 'hello' } };
const never = new Promise(() => {});

/** An imitation of a page's sessionStorage, with access to its contents. */
function memory() {
  const entries = new Map();
  const storage = webStorage({
    getItem: (key) => entries.get(key) ?? null,
    setItem: (key, value) => entries.set(key, value),
    removeItem: (key) => entries.delete(key),
  });
  // The rest is the verdict of discovery.
  const names = () => [...entries.keys()].filter((name) => !name.startsWith('mcp-tether:server:'));
  const record = () => {
    assert.equal(names().length, 1);
    return JSON.parse(entries.get(names()[0]));
  };
  return {
    ...storage,
    entries,
    names,
    record,
    change: (change) => entries.set(names()[0], JSON.stringify({ ...record(), ...change })),
  };
}

/** What an extension has as `chrome.storage.session`. */
function extensionArea() {
  const items = {};
  return {
    get: async (key) => (key in items ? { [key]: items[key] } : {}),
    set: async (more) => void Object.assign(items, structuredClone(more)),
    remove: async (key) => void delete items[key],
  };
}

describe('a session in a storage', () => {
  let server;
  let managers;
  let lines;
  beforeEach(async () => {
    server = await startSdkServer({ eventStore: true });
    [managers, lines] = [[], []];
  });
  afterEach(async () => {
    await Promise.all(managers.map((manager) => manager.close()));
    await server.close();
  });

  function newManager(storage, settings = {}) {
    const config = { mcpServers: { s: { url: server.url, sessionConfig: { retryDelay: 20 }, ...settings } } };
    const manager = new McpManager(config, {
      env: {},
      debug: true,
      log: (level, line) => lines.push(`${level} ${line}`),
      storage,
    });
    managers.push(manager);
    return manager;
  }

  const warnings = () => lines.filter((line) => line.startsWith('warn'));

  for (const [name, wrap] of Object.entries({
    'that answers at once': (storage) => storage,
    'of an extension': () => chromeStorage(extensionArea()),
    'that answers later': (storage) => ({
      get: async (key) => wait(5, await storage.get(key)),
      set: async (key, value) => storage.set(key, await wait(5, value)),
      delete: async (key) => storage.delete(await wait(5, key)),
    }),
  })) {
    test(`the next manager resumes it: a storage ${name}`, async () => {
      const storage = wrap(memory());
      const first = newManager(storage);
      const { sessionId, protocolVersion } = await first.connect('ada', 's');
      // While the server has the stream of the first, it refuses that of the second with 409.
      while (server.openStreams() === 0) await wait(5);
      await first.close();
      await first.idle();
      while (server.openStreams() > 0) await wait(5);

      const second = newManager(storage);
      const events = [];
      second.events.addEventListener('sessionReused', ({ detail }) => events.push(detail));
      const session = await second.connect('ada', 's');
      assert.deepEqual(
        [session.sessionId, session.protocolVersion, session.kind, session.state, session.generation],
        [sessionId, protocolVersion, 'stateful', 'ready', 1],
      );
      assert.equal(session.getServerVersion().name, 'mcp-tether-test-server');
      assert.equal(session.getInstructions(), 'A server for tests.');
      assert.equal((await session.callTool(echo)).content[0].text, 'hello');
      assert.deepEqual([server.counts.initialize, server.counts.delete, server.counts.unknownSession], [1, 0, 0]);
      assert.equal(events[0].source, 'storage');
      assert.ok(lines.includes(`debug [MCP][s] Using existing session ID: ${sessionId.slice(0, 8)}...`));
      assert.equal(second.getMetrics().restored, 1);
      assert.deepEqual(warnings(), []);
    });
  }

  test('five concurrent connects share the stored session', async () => {
    const storage = memory();
    await (await newManager(storage).connect('ada', 's')).ping();
    await managers[0].close();
    const manager = newManager(storage);
    const sessions = await Promise.all([1, 2, 3, 4, 5].map(() => manager.connect('ada', 's')));
    assert.equal(new Set(sessions.map(({ sessionId }) => sessionId)).size, 1);
    assert.equal(server.counts.initialize, 1);
  });

  test('the stream continues after the last delivered event', async () => {
    const storage = memory();
    const first = newManager(storage);
    const session = await first.connect('ada', 's');
    let heard = 0;
    session.onnotification = () => (heard += 1);
    while (server.counts.get === 0) await wait(5);
    await session.callTool({ name: 'notify' });
    while (heard < 2) await wait(5);
    await first.close();
    const { cursor } = storage.record();
    assert.match(cursor, /-/);

    const second = newManager(storage);
    const again = [];
    (await second.connect('ada', 's')).onnotification = (message) => again.push(message);
    while (server.counts.get < 2) await wait(5);
    await (await second.connect('ada', 's')).callTool({ name: 'notify' });
    while (again.length < 2) await wait(5);
    assert.equal(again.length, 2, 'earlier events are not delivered again');
    assert.equal(server.counts.initialize, 1);
  });

  test('a server that has forgotten it costs one 404 and one handshake', async () => {
    const storage = memory();
    await newManager(storage).connect('ada', 's');
    await managers[0].close();
    await server.forgetSessions();
    const manager = newManager(storage);
    const session = await manager.connect('ada', 's');
    const results = await Promise.all([1, 2, 3].map(() => session.callTool(echo)));
    assert.equal(results.length, 3);
    assert.deepEqual([server.counts.initialize, session.generation], [2, 2]);
    assert.ok(server.counts.unknownSession >= 1);
    assert.equal(storage.record().sessionId, session.sessionId);
    assert.equal(manager.getMetrics().recovered, 1);
  });

  test('close keeps it, close with terminate and terminate remove it', async () => {
    const storage = memory();
    const first = newManager(storage);
    await first.connect('ada', 's');
    await first.close();
    assert.equal(storage.names().length, 1);
    const second = newManager(storage);
    await second.connect('ada', 's');
    await second.close({ terminate: true });
    assert.deepEqual([storage.names().length, server.counts.delete], [0, 1]);
    const third = newManager(storage);
    await third.connect('ada', 's');
    await third.terminate('ada', 's');
    assert.deepEqual([storage.names().length, server.counts.delete, server.counts.initialize], [0, 2, 2]);
    assert.equal(server.counts.methods['server/discover'], 1, 'the verdict stays');
  });

  test('neither headers nor tokens nor the URL are written', async () => {
    const storage = memory();
    const manager = newManager(storage, { url: `${server.url}?key=s3cr3t-url`, headers: { 'x-key': 's3cr3t-header' } });
    const auth = { token: async () => 's3cr3t-token' };
    const session = await manager.connect('ada', 's', { auth, headers: { 'x-more': 's3cr3t-more' } });
    await session.callTool(echo);
    await manager.close();
    assert.equal(storage.entries.size, 2);
    for (const entry of storage.entries) assert.doesNotMatch(entry.join(' '), /s3cr3t|127\.0\.0\.1/);
  });

  for (const [name, spoil] of Object.entries({
    'no JSON': (storage) => storage.entries.set(storage.names()[0], '{"format":1,'),
    'of another version': (storage) => storage.change({ format: 99 }),
    "another user's": (storage) => storage.change({ user: 'bob' }),
    "another configuration's": (storage) => storage.change({ config: 1 }),
    'cut short': (storage) => storage.change({ initializeResult: null }),
  })) {
    test(`a record that is ${name} is ignored with a warning and replaced`, async () => {
      const storage = memory();
      await newManager(storage).connect('ada', 's');
      await managers[0].close();
      spoil(storage);
      const session = await newManager(storage).connect('ada', 's');
      assert.equal((await session.callTool(echo)).content[0].text, 'hello');
      assert.deepEqual([server.counts.initialize, warnings().length], [2, 1], warnings().join('\n'));
      assert.equal(storage.record().sessionId, session.sessionId);
    });
  }

  test('a record past its deadline is deleted at its server, and not used', async () => {
    const storage = memory();
    const { sessionId } = await newManager(storage).connect('ada', 's');
    await managers[0].close();
    storage.change({ lastUsedAt: Date.now() - 3_600_001 });
    const session = await newManager(storage).connect('ada', 's');
    assert.notEqual(session.sessionId, sessionId);
    assert.deepEqual([server.counts.initialize, server.counts.delete], [2, 1]);
  });

  for (const [name, broken] of Object.entries({
    throws: () => {
      throw new Error('no room');
    },
    rejects: () => Promise.reject(new Error('no room')),
    'never answers': () => never,
  })) {
    test(`a storage that ${name} is ignored`, async () => {
      const manager = newManager({ get: broken, set: broken, delete: broken });
      const session = await manager.connect('ada', 's');
      assert.equal((await session.callTool(echo)).content[0].text, 'hello');
      assert.ok(warnings().length >= 1);
      await manager.close({ terminate: true });
      assert.equal(server.counts.delete, 1);
    });
  }

  test('an invalid storage is refused', () => {
    for (const storage of [{}, 7, { get() {}, set() {} }]) {
      assert.throws(
        () => newManager(storage),
        (error) => error instanceof McpError && error.code === 'config_error' && /options\.storage/.test(error.message),
      );
    }
  });

  test('a stateless server gets no second handshake either', async () => {
    const stateless = await startSdkServer({ mode: 'stateless' });
    const storage = memory();
    await newManager(storage, { url: stateless.url }).connect('ada', 's');
    await managers[0].close();
    const session = await newManager(storage, { url: stateless.url }).connect('ada', 's');
    assert.equal((await session.callTool(echo)).content[0].text, 'hello');
    assert.deepEqual([session.kind, stateless.counts.initialize, stateless.counts.get], ['stateless', 1, 0]);
    await stateless.close();
  });
});

describe('the ready-made storages in their hosts', () => {
  test("a Durable Object's, in workerd", async () => {
    const contents = `
      import { durableObjectStorage } from './storage.js';
      export class Keeper {
        constructor(state) { this.storage = durableObjectStorage(state.storage); }
        async fetch() {
          const before = await this.storage.get('key');
          await this.storage.set('key', 'value');
          const between = await this.storage.get('key');
          await this.storage.delete('key');
          return Response.json([before, between, await this.storage.get('key')]);
        }
      }
      export default { fetch: (request, env) => env.KEEPER.get(env.KEEPER.idFromName('one')).fetch(request) };
    `;
    const modules = [
      { type: 'ESModule', path: 'worker.js', contents },
      { type: 'ESModule', path: 'storage.js', contents: await readFile(new URL('storage.js', packageEntry), 'utf8') },
    ];
    const host = new Miniflare({ modules, durableObjects: { KEEPER: 'Keeper' }, compatibilityDate: '2026-04-01' });
    try {
      const answer = await host.dispatchFetch('http://127.0.0.1/');
      assert.deepEqual(await answer.json(), [null, 'value', null]);
    } finally {
      await host.dispose();
    }
  });

  describe('in Chromium', () => {
    let browser;
    let server;
    before(async () => {
      browser = await openPage();
      server = await startSdkServer();
    });
    after(async () => {
      await browser?.close();
      await server?.close();
    });

    const connect = (kind) =>
      browser.page.evaluate(
        async ([url, which]) => {
          const { default: init, McpManager } = await import('/pkg/browser.js');
          const { indexedDbStorage, webStorage } = await import('/pkg/storage.js');
          await init();
          const storage = which === 'IndexedDB' ? indexedDbStorage('tests') : webStorage(sessionStorage);
          globalThis.manager = new McpManager({ mcpServers: { s: { url } } }, { storage });
          globalThis.session = await globalThis.manager.connect('ada', 's');
          const { content } = await globalThis.session.callTool({ name: 'echo', arguments: { text: 'hello' } });
          return { text: content[0].text, id: globalThis.session.sessionId, generation: globalThis.session.generation };
        },
        [server.url, kind],
      );

    for (const kind of ['sessionStorage', 'IndexedDB']) {
      test(`a page reloaded in mid-session sends no second handshake: ${kind}`, async () => {
        Object.assign(server.counts, { initialize: 0, delete: 0, unknownSession: 0 });
        const { id } = await connect(kind);
        await browser.page.reload();
        assert.deepEqual(await connect(kind), { text: 'hello', id, generation: 1 });
        assert.deepEqual([server.counts.initialize, server.counts.delete, server.counts.unknownSession], [1, 0, 0]);

        await server.forgetSessions();
        await browser.page.reload();
        const recovered = await connect(kind);
        assert.notEqual(recovered.id, id);
        assert.deepEqual([recovered.text, server.counts.initialize], ['hello', 2]);

        await browser.page.evaluate(() => globalThis.manager.close({ terminate: true }));
        await browser.page.reload();
        await connect(kind);
        assert.deepEqual([server.counts.initialize, server.counts.delete], [3, 1]);
      });
    }

    test('a database deleted while in use is created again', async () => {
      const found = await browser.page.evaluate(async () => {
        const { indexedDbStorage } = await import('/pkg/storage.js');
        const storage = indexedDbStorage('deleted');
        await storage.set('key', 'one');
        await new Promise((resolve, reject) =>
          Object.assign(indexedDB.deleteDatabase('deleted'), {
            onsuccess: resolve,
            onerror: reject,
            onblocked: reject,
          }),
        );
        const before = await storage.get('key');
        await storage.set('key', 'two');
        const after = await storage.get('key');
        await storage.delete('key');
        return [before, after, await storage.get('key')];
      });
      assert.deepEqual(found, [null, 'two', null]);
    });
  });
});
