// What is half done when something dies: no session is counted that does not exist, none is left at the server, and no slot stays taken.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { eventsOf, initializeParams, messageOf, sender } from './http.mjs';
import { startScriptedSessions } from './scripted-sessions.mjs';
import { startStack, until } from './stack.mjs';
import { runOnStorage } from './storage.mjs';

const handleOf = (session) => createHash('sha256').update(session).digest('hex');
const MINUTE = 60_000;
const LIMIT = 4;

describe('sessions that are half open', () => {
  let server;
  let stack;
  let ada;
  before(async () => {
    server = await startScriptedSessions();
    stack = await startStack({
      server: false,
      servers: { scripted: { url: server.url, sessionConfig: { retryDelay: 100 } } },
      vars: { MAX_SESSIONS_PER_USER: LIMIT },
    });
    ada = sender(`${stack.origin}/scripted/mcp`);
  });
  after(async () => {
    server.release();
    await stack?.stop();
    await server.close();
  });

  const listed = async () => (await (await ada.send('GET', { path: '/sessions' })).json()).sessions;
  const initialize = (params = initializeParams, id = 'mine') =>
    ada.send('POST', { body: ada.rpc('initialize', params, id) });
  const index = { binding: 'INDEX', name: 'bearer:ada' };

  test('one whose gateway dies before the server has answered is counted for a minute, and its DELETE removes it', async () => {
    server.held.add('initialize');
    const opening = initialize().catch(() => {});
    await until(() => server.waiting.length > 0, 'the server is asked');
    let rows;
    await stack.restartGateway({}, async () => {
      [rows] = await runOnStorage(stack.state, index, [['SELECT * FROM session']]);
    });
    server.release();
    await opening;
    assert.equal(rows.length, 1);
    assert.ok(rows[0].expires - rows[0].created <= MINUTE);
    assert.equal((await ada.send('DELETE', { path: `/sessions/${rows[0].handle}` })).status, 204);
    assert.deepEqual(await listed(), []);
    server.open.clear(); // the gateway never learned its id
  });

  for (const [what, params, status] of [
    [
      'params that are larger than a row',
      { ...initializeParams, clientInfo: { name: 'x'.repeat(3_000_000), version: '1' } },
      413,
    ],
    [
      'params of text that takes three bytes a character',
      { ...initializeParams, clientInfo: { name: '語'.repeat(900_000), version: '1' } },
      413,
    ],
    ['capabilities that are nested deeply', { ...initializeParams, capabilities: nested(50_000) }, 400],
    ['capabilities that are nested somewhat', { ...initializeParams, capabilities: nested(100) }, 400],
  ]) {
    test(`an initialize with ${what} is refused, and leaves nothing`, async () => {
      const response = await ada.send('POST', { body: textOf(ada.rpc('initialize', params, 'mine')) });
      const { id, error } = await response.json();
      assert.deepEqual([response.status, id], [status, 'mine']);
      assert.ok(error.message.length > 0);
      assert.deepEqual(await listed(), []);
      assert.equal(server.open.size, 0);
    });
  }

  test('one whose server describes itself with more than a row holds is ended at both ends', async () => {
    server.instructions = 'x'.repeat(3_000_000);
    const { deleted } = server;
    const response = await initialize();
    server.instructions = undefined;
    assert.equal(response.status, 500);
    assert.equal((await response.json()).id, 'mine');
    await until(() => server.deleted > deleted, 'the server gets a DELETE');
    assert.equal(server.open.size, 0);
    assert.deepEqual(await listed(), []);
  });

  test('entries without a session, as earlier versions left them, do not lock their user out', async () => {
    const expires = Date.now() + 24 * 60 * MINUTE;
    const rows = Array.from({ length: LIMIT }, (_, at) => [
      'INSERT INTO session VALUES (?, ?, ?, ?, NULL)',
      String(at).repeat(64),
      'scripted',
      Date.now(),
      expires,
    ]);
    await stack.restartGateway({}, () => runOnStorage(stack.state, index, rows));
    assert.equal((await listed()).length, LIMIT);
    assert.equal((await ada.send('DELETE', { path: `/sessions/${'3'.repeat(64)}` })).status, 204);
    assert.equal((await listed()).length, LIMIT - 1);
    for (let turn = 0; turn < LIMIT; turn += 1) await ada.open();
    const open = await listed();
    assert.deepEqual([open.length, server.open.size], [LIMIT, LIMIT]);
    for (const { handle } of open) await ada.send('DELETE', { path: `/sessions/${handle}` });
    await until(() => server.open.size === 0, 'all are ended at the server');
  });

  test('the least recently called session makes room for another; a busy one never does', async () => {
    const sessions = [];
    for (let turn = 0; turn < LIMIT; turn += 1) sessions.push(await ada.open());
    // The first is called last; the second is busy.
    server.held.add('tools/call');
    const busy = ada.call(sessions[1], 'echo', { text: 'busy' });
    await until(() => server.waiting.length > 0, 'it is busy');
    server.held.clear();
    await messageOf(await ada.call(sessions[0], 'echo', { text: 'used' }));
    const { deleted } = server;
    const next = await ada.open();
    const statuses = [];
    for (const session of [...sessions.filter((session) => session !== sessions[1]), next])
      statuses.push((await ada.call(session, 'echo', { text: 'x' }, { id: 'after' })).status);
    assert.deepEqual(statuses, [200, 404, 200, 200]);
    assert.equal(server.deleted, deleted + 1);
    server.release();
    assert.equal((await messageOf(await busy)).result.content[0].text, 'busy');
    assert.equal((await listed()).length, LIMIT);
    for (const { handle } of await listed()) await ada.send('DELETE', { path: `/sessions/${handle}` });
  });

  test('the end of a session that the server does not answer is not waited for long, and nothing is left', async () => {
    const session = await ada.open();
    assert.ok((await listed()).some(({ handle }) => handle === handleOf(session)));
    server.held.add('DELETE');
    assert.equal((await ada.send('DELETE', { headers: { 'Mcp-Session-Id': session } })).status, 200);
    assert.equal(server.waiting.length, 1, 'the server still thinks');
    assert.deepEqual(await listed(), []);
    assert.equal((await ada.call(session, 'echo')).status, 404);
    server.release();
    await until(() => server.open.size === 0, 'the server gets a DELETE');
  });
});

describe('calls and sessions in time', () => {
  const TIMEOUT = 2_000;
  const MAX_AGE = 8_000;
  let stack;
  let ada;
  before(async () => {
    stack = await startStack({
      config: { timeout: 1_000, sessionConfig: { timeout: TIMEOUT, maxAge: MAX_AGE, retryDelay: 100 } },
    });
    ada = sender(stack.url);
  });
  after(() => stack?.stop());

  test('calls whose clients are gone end by the server’s timeout, and their slots are free', {
    timeout: 180_000,
  }, async () => {
    const session = await ada.open();
    const aborter = new AbortController();
    const calls = Array.from({ length: 70 }, (_, at) =>
      fetch(stack.url, {
        method: 'POST',
        signal: aborter.signal,
        headers: {
          Authorization: 'Bearer token-of-ada',
          'Content-Type': 'application/json',
          Accept: 'application/json, text/event-stream',
          'Mcp-Session-Id': session,
        },
        body: JSON.stringify(
          ada.rpc('tools/call', { name: 'slow', arguments: { ms: 600_000, key: 'gone' } }, `gone ${at}`),
        ),
      }),
    );
    await until(async () => ((await stack.counts()).calls.slow ?? 0) >= 64, 'all slots are taken');
    aborter.abort();
    await Promise.allSettled(calls);
    // It waits for a slot for longer than its own time at the server, which begins when it is sent.
    const { result } = await messageOf(await ada.call(session, 'echo', { text: 'free' }, { id: 'soon' }));
    assert.equal(result.content[0].text, 'free');
  });

  test('a client that waits is told by an error of its own that its call has timed out', async () => {
    const session = await ada.open();
    const { id, error } = await messageOf(
      await ada.call(session, 'slow', { ms: 600_000, key: 'late' }, { id: 'late' }),
    );
    assert.deepEqual([id, error.data.code], ['late', 'request_timeout']);
  });

  test('a call that makes progress does not time out', async () => {
    const session = await ada.open();
    const response = await ada.call(
      session,
      'slow',
      { ms: 3_000, key: 'steady' },
      { id: 'steady', meta: { progressToken: 'p' } },
    );
    let last;
    for await (const { data } of eventsOf(response)) if (data) last = data;
    assert.ok(last.result, JSON.stringify(last));
  });

  test('a session in use does not end by its idle timeout, and one that is no longer used does', {
    timeout: 180_000,
  }, async () => {
    const session = await ada.open();
    for (const until = Date.now() + 2.5 * TIMEOUT; Date.now() < until; await wait(200))
      assert.equal((await ada.call(session, 'echo', { text: 'x' }, { id: Math.random() })).status, 200);
    await isEnded(session);
  });

  test('a session with an open stream does not end either, before its maximum age', {
    timeout: 180_000,
  }, async () => {
    const opened = Date.now();
    const session = await ada.open();
    const events = eventsOf(
      await ada.send('GET', { headers: { 'Mcp-Session-Id': session, Accept: 'text/event-stream' } }),
    );
    await events.next();
    let isOver = false;
    const over = events.next().then(() => {
      isOver = true;
    });
    await wait(2.5 * TIMEOUT);
    assert.ok(!isOver);
    await isEnded(session);
    await over;
    assert.ok(Date.now() - opened >= MAX_AGE);
  });

  // Looking at the list does not use the session.
  async function isEnded(session) {
    await until(async () => {
      await wait(100);
      const { sessions } = await (await ada.send('GET', { path: '/sessions' })).json();
      return !sessions.some(({ handle }) => handle === handleOf(session));
    }, 'it ends');
  }
});

function nested(levels) {
  const root = {};
  let last = root;
  for (let level = 0; level < levels; level += 1) {
    last.x = {};
    last = last.x;
  }
  return root;
}

// JSON.stringify has a limit for depth itself.
function textOf({ params, ...message }) {
  const { capabilities, ...rest } = params;
  let depth = 0;
  for (let level = capabilities; level?.x; level = level.x) depth += 1;
  const deep = depth > 0 ? `${'{"x":'.repeat(depth)}{}${'}'.repeat(depth)}` : '{}';
  return JSON.stringify({ ...message, params: { ...rest, capabilities: 'DEEP' } }).replace('"DEEP"', deep);
}
