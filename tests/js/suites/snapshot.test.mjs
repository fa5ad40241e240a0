// What user interfaces subscribe to.
import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import { McpManager } from '../../../pkg/node.js';
import { snapshotOf, watchSession } from '../../../pkg/snapshot.js';
import { startScriptedServer } from '../servers/scripted-server.mjs';

describe('snapshots', { timeout: 60_000 }, () => {
  let server;
  let manager;
  let lost;
  let isRefusing;

  before(async () => {
    server = await startScriptedServer(({ request, response }) => {
      const status = (isRefusing && 403) || (lost.has(request.headers['mcp-session-id']) && 404);
      return status ? response.writeHead(status).end() !== undefined : false;
    });
  });
  beforeEach(() => {
    lost = new Set();
    isRefusing = false;
    server.seen.length = 0;
    manager = new McpManager({ mcpServers: { s: { url: server.url, protocolVersion: 'legacy' } } }, { log() {} });
  });
  afterEach(() => manager.close());
  after(() => server.close());

  /** Resolves when the snapshot is as wanted; it is looked at after each change alone. */
  const until = (watched, isWanted) =>
    new Promise((resolve) => {
      const look = () => {
        if (!isWanted(watched.getSnapshot())) return;
        unsubscribe();
        resolve(watched.getSnapshot());
      };
      const unsubscribe = watched.subscribe(look);
      look();
    });

  test('of a manager: the same until something changes, and told once for what changes together', async () => {
    const snapshot = snapshotOf(manager);
    assert.equal(snapshotOf(manager), snapshot);
    const first = snapshot.getSnapshot();
    assert.deepEqual(first.sessions, []);
    let told = 0;
    const unsubscribe = snapshot.subscribe(() => told++);
    const session = await manager.connect('ada', 's');
    const ready = await until(snapshot, ({ sessions }) => sessions[0]?.state === 'ready');
    assert.equal(snapshot.getSnapshot(), ready);
    assert.deepEqual([ready.sessions[0].userId, ready.sessions[0].generation], ['ada', 1]);
    await session.ping();
    await session.ping();
    assert.equal(snapshot.getSnapshot(), ready, 'calls change nothing');
    assert.ok(told <= 3, `told ${told} times`);

    lost.add(session.sessionId);
    await session.ping();
    await until(snapshot, ({ sessions }) => sessions[0]?.generation === 2);
    unsubscribe();
    const before = told;
    await session.terminate();
    await until(snapshot, ({ sessions }) => sessions.length === 0);
    assert.equal(told, before);
  });

  test('of a session: connects with the first subscriber, and shows its state and its tools', async () => {
    const watched = watchSession(manager, 'ada', 's');
    assert.equal(watched.getSnapshot().state, 'connecting');
    assert.equal(manager.getSessionStats().totalSessions, 0, 'not before there is one');
    const states = [];
    const unsubscribe = watched.subscribe(() => states.push(watched.getSnapshot().state));
    const { tools, session } = await until(watched, (snapshot) => snapshot.tools.length === 2);
    assert.equal(tools[0].name, 'read');
    assert.equal((await watched.call('read')).content[0].text, 'read ran');

    lost.add(session.sessionId);
    assert.equal((await watched.call('read', {})).content.length, 1);
    await until(watched, ({ state }) => state === 'ready' && states.includes('recovering'));

    unsubscribe();
    const again = watched.subscribe(() => {});
    await until(watched, ({ state }) => state === 'ready');
    assert.equal(watched.getSnapshot().session, session, 'who comes back at once finds the same object');
    again();
    await new Promise(setImmediate);
    assert.equal(watched.getSnapshot().session, undefined);
    assert.throws(() => session.state, { code: 'closed' });
    assert.equal(manager.getSessionInfo('ada', 's').state, 'ready', 'the session stays');
    assert.ok(!server.seen.includes('DELETE'));
  });

  test('of a session: says why there is none, and connects when asked again', async () => {
    isRefusing = true;
    const watched = watchSession(manager, 'ada', 's');
    const unsubscribe = watched.subscribe(() => {});
    const { error, session } = await until(watched, ({ state }) => state === 'failed');
    assert.deepEqual([error.code, session], ['forbidden', undefined]);
    await assert.rejects(watched.call('read'), { code: 'forbidden' });
    assert.equal(watched.getSnapshot().state, 'failed');
    isRefusing = false;
    await watched.retry();
    assert.equal((await until(watched, ({ state }) => state === 'ready')).error, undefined);
    unsubscribe();
  });

  test('of a session: called before it has subscribers', async () => {
    const watched = watchSession(manager, 'ada', 's');
    assert.equal((await watched.call('read')).content.length, 1);
    const states = [];
    const unsubscribe = watched.subscribe(() => states.push(watched.getSnapshot().state));
    const { session } = await until(watched, ({ tools }) => tools.length === 2);
    lost.add(session.sessionId);
    await watched.call('read');
    await until(watched, ({ state }) => state === 'ready' && states.includes('recovering'));
    unsubscribe();
  });

  test('of a session: called before it has subscribers, it shows the state that the session has when one comes', async () => {
    const watched = watchSession(manager, 'ada', 's');
    await watched.call('read');
    const { session } = watched.getSnapshot();
    lost.add(session.sessionId);
    const recovering = new Promise((resolve) => manager.events.addEventListener('recoveryStarted', resolve));
    const call = session.ping();
    await recovering;
    const unsubscribe = watched.subscribe(() => {});
    assert.equal(watched.getSnapshot().state, 'recovering');
    await call;
    await until(watched, ({ state }) => state === 'ready');
    unsubscribe();
  });

  test('of a session: ended by the application, it connects when asked again', async () => {
    const watched = watchSession(manager, 'ada', 's');
    const unsubscribe = watched.subscribe(() => {});
    const { session } = await until(watched, ({ tools }) => tools.length === 2);
    await session.terminate();
    await until(watched, ({ state }) => state === 'terminated');
    await assert.rejects(watched.call('read'), { code: 'closed' });
    await watched.retry();
    const next = await until(watched, ({ state, tools }) => state === 'ready' && tools.length === 2);
    assert.notEqual(next.session, session);
    assert.equal((await watched.call('read')).content.length, 1);
    unsubscribe();
  });

  test('of a session: ended, it has the one that is connected elsewhere', async () => {
    const watched = watchSession(manager, 'ada', 's');
    const unsubscribe = watched.subscribe(() => {});
    const { session } = await until(watched, ({ tools }) => tools.length === 2);
    await session.terminate();
    await until(watched, ({ state }) => state === 'terminated');
    await manager.connect('ada', 's');
    await until(watched, (next) => next.state === 'ready' && next.session !== session);
    assert.equal((await watched.call('read')).content.length, 1);
    unsubscribe();
  });

  test('of a session: connects when asked again, although its object was released', async () => {
    const watched = watchSession(manager, 'ada', 's');
    const unsubscribe = watched.subscribe(() => {});
    const { session } = await until(watched, ({ tools }) => tools.length === 2);
    await session[Symbol.asyncDispose]();
    await watched.retry();
    assert.equal((await watched.call('read')).content.length, 1);
    unsubscribe();
  });

  test('of a session: ended while it had no subscribers, it connects with the next one', async () => {
    const watched = watchSession(manager, 'ada', 's');
    await watched.call('read');
    await manager.terminate('ada', 's');
    const unsubscribe = watched.subscribe(() => {});
    const { session, error } = await until(watched, ({ tools }) => tools.length === 2);
    assert.deepEqual([session.state, error], ['ready', undefined]);
    unsubscribe();
  });

  test('of a session: left before it is connected, nothing is left of it', async () => {
    const watched = watchSession(manager, 'ada', 's');
    watched.subscribe(() => {})();
    await manager.idle();
    await new Promise(setImmediate);
    assert.deepEqual([watched.getSnapshot().state, watched.getSnapshot().session], ['connecting', undefined]);
  });
});
