// Sessions of the gateway: ownership, their end, and clients that come back for missed messages.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { eventsOf, initializeParams, messageOf, sender } from './http.mjs';
import { adminToken, startStack, until } from './stack.mjs';

describe('session ownership', () => {
  let stack;
  let ada;
  let bob;
  before(async () => {
    stack = await startStack({
      vars: { MAX_SESSIONS_PER_USER: 12 },
      config: { headers: { 'X-User': '{{USER_ID}}' } },
      servers: { other: { url: 'http://127.0.0.1:9/mcp' } },
    });
    ada = sender(stack.url);
    bob = sender(stack.url, 'token-of-bob');
  });
  after(() => stack?.stop());

  const unknown = async (response) => {
    const { headers } = response;
    return {
      status: response.status,
      body: await response.text(),
      headers: Object.fromEntries([...headers].filter(([name]) => name !== 'date')),
    };
  };

  test('another user’s, a forged, a foreign and a deleted id get the same answer, and the next valid request works', async () => {
    const session = await ada.open();
    const deleted = await ada.open();
    assert.equal((await ada.send('DELETE', { headers: { 'Mcp-Session-Id': deleted } })).status, 200);
    const forged = `${session.slice(0, -1)}${session.endsWith('A') ? 'B' : 'A'}`;
    const bodies = { POST: { jsonrpc: '2.0', id: 1, method: 'tools/list' }, GET: undefined, DELETE: undefined };
    for (const [method, body] of Object.entries(bodies)) {
      const answers = [];
      for (const [who, id, path] of [
        [bob, session],
        [ada, forged],
        [ada, deleted],
        [ada, 'no-id-of-ours'],
        [ada, 'x'.repeat(3_000)],
        [ada, session, '/other/mcp'],
      ]) {
        answers.push(await unknown(await who.send(method, { headers: { 'Mcp-Session-Id': id }, body, path })));
      }
      for (const answer of answers) assert.deepEqual(answer, answers[0], method);
      assert.equal(answers[0].status, 404);
      assert.deepEqual(JSON.parse(answers[0].body), {
        jsonrpc: '2.0',
        error: { code: -32001, message: 'Session not found' },
        id: null,
      });
    }
    assert.equal((await messageOf(await ada.call(session, 'echo', { text: 'mine' }))).result.content[0].text, 'mine');
    await ada.send('DELETE', { headers: { 'Mcp-Session-Id': session } });
  });

  test('a session of 2025-06-18 knows its version and refuses others', async () => {
    const session = await ada.open({ ...initializeParams, protocolVersion: '2025-06-18' });
    for (const [version, status] of [
      ['2025-06-18', 200],
      ['1999-01-01', 400],
      [undefined, 200],
    ]) {
      const response = await ada.call(session, 'echo', { text: 'v' }, { headers: { 'MCP-Protocol-Version': version } });
      assert.equal(response.status, status, version);
      await response.text();
    }
    await ada.send('DELETE', { headers: { 'Mcp-Session-Id': session } });
  });

  test('a user sees and ends their own sessions, by a handle that is not the id', async () => {
    const session = await ada.open();
    const list = async (who) => (await (await who.send('GET', { path: '/sessions' })).json()).sessions;
    const [{ handle, serverName, createdAt, expiresAt, ...rest }] = await list(ada);
    assert.deepEqual([serverName, handle.length, createdAt < expiresAt], ['s', 64, true]);
    assert.ok(!JSON.stringify(rest).includes(session));
    assert.deepEqual(await list(bob), []);
    assert.equal((await bob.send('DELETE', { path: `/sessions/${handle}` })).status, 404);
    assert.equal((await ada.send('DELETE', { path: `/sessions/${handle}` })).status, 204);
    assert.equal((await ada.call(session, 'echo')).status, 404);
    assert.deepEqual(await list(ada), []);
  });

  test('the number of sessions of a user is limited: when all are in use, no further one is opened', async () => {
    const sessions = [];
    for (let turn = 0; turn < 12; turn += 1) {
      const session = await bob.open();
      sessions.push(session);
      bob.call(session, 'slow', { ms: 600_000, key: 'busy' }).catch(() => {});
    }
    await until(async () => ((await stack.counts()).calls.slow ?? 0) >= 12, 'all are in use');
    const response = await bob.send('POST', { body: bob.rpc('initialize', initializeParams) });
    assert.equal(response.status, 429);
    assert.match(response.headers.get('retry-after'), /^[1-9][0-9]*$/);
    const { id, error } = await response.json();
    assert.equal(id, 1);
    assert.match(error.message, /DELETE/);
    assert.equal(response.headers.get('mcp-session-id'), null);
    await bob.send('DELETE', { headers: { 'Mcp-Session-Id': sessions.pop() } });
    await until(
      async () => (await bob.send('POST', { body: bob.rpc('initialize', initializeParams) })).status === 200,
      'there is room again',
    );
    await ada.open();
  });

  test('10 MB bodies, floods of headers and bytes that are not HTTP do not disturb the next request', async () => {
    const session = await ada.open();
    const large = await ada.send('POST', {
      headers: { 'Mcp-Session-Id': session },
      body: 'x'.repeat(10 * 1024 * 1024),
    });
    assert.equal(large.status, 413);
    let sent = 0;
    const streamed = new ReadableStream({
      pull(controller) {
        controller.enqueue(new Uint8Array(64 * 1024));
        sent += 1;
        if (sent > 160) controller.close();
      },
    });
    const endless = await fetch(stack.url, {
      method: 'POST',
      headers: {
        Authorization: 'Bearer token-of-ada',
        'Content-Type': 'application/json',
        Accept: '*/*',
        'Mcp-Session-Id': session,
      },
      body: streamed,
      duplex: 'half',
    });
    assert.equal(endless.status, 413);
    const flood = await ada.send('GET', {
      headers: Object.fromEntries(Array.from({ length: 200 }, (_, at) => [`x-flood-${at}`, 'y'.repeat(100)])),
    });
    assert.equal(flood.status, 431);
    await new Promise((resolve) =>
      connect(Number(new URL(stack.url).port), '127.0.0.1')
        .on('error', resolve)
        .on('close', resolve)
        .on('data', () => {})
        .end('\x00\x01garbage\r\n\r\n'),
    );
    assert.equal(
      (await messageOf(await ada.call(session, 'echo', { text: 'still here' }))).result.content[0].text,
      'still here',
    );
  });

  test('a session that could last for centuries is opened', async (t) => {
    const most = Number.MAX_SAFE_INTEGER;
    const stack = await startStack({
      config: { sessionConfig: { timeout: most, maxAge: most } },
      vars: { SESSION_MAX_AGE: most },
    });
    t.after(() => stack.stop());
    await sender(stack.url).open();
  });

  test('an initialize with null for params is one without', async () => {
    const answers = [];
    for (const params of [undefined, null]) {
      const response = await ada.send('POST', { body: ada.rpc('initialize', params) });
      answers.push([response.status, await response.json()]);
    }
    assert.deepEqual(answers[1], answers[0]);
    assert.notEqual(answers[0][0], 500);
  });

  test('a header with the text "undefined" is not a missing one: facts about one request are not applied to another', async () => {
    const session = await ada.open();
    // Each Accept is new to the gateway, so that either of the two may come first.
    const status = async (accept, headers) =>
      (
        await ada.call(
          session,
          'echo',
          { text: 'x' },
          { headers: { Accept: `${accept}, text/event-stream`, ...headers } },
        )
      ).status;
    assert.deepEqual(
      [await status('application/json;q=0.9', { Origin: 'undefined' }), await status('application/json;q=0.9')],
      [403, 200],
    );
    assert.deepEqual(
      [await status('application/json;q=0.8'), await status('application/json;q=0.8', { Origin: 'undefined' })],
      [200, 403],
    );
  });

  test('in a batch, answered requests do not wait for the rest', { timeout: 180_000 }, async () => {
    const session = await ada.open({ ...initializeParams, protocolVersion: '2025-03-26' });
    const call = (id, name, args) => ada.rpc('tools/call', { name, arguments: args }, id);
    const response = await ada.send('POST', {
      headers: { 'Mcp-Session-Id': session },
      body: [call('quick', 'echo', { text: 'q' }), call('never', 'slow', { ms: 600_000, key: 'batch' })],
    });
    const events = eventsOf(response);
    assert.equal((await events.next()).value.data.id, 'quick');
    await ada.send('POST', {
      headers: { 'Mcp-Session-Id': session },
      body: { jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 'never' } },
    });
    assert.equal((await events.next()).value.data.error.data.code, 'cancelled');
  });

  test('batches of 2025-03-26, and of no other revision', async () => {
    const old = await ada.open({ ...initializeParams, protocolVersion: '2025-03-26' });
    const batch = [
      ada.rpc('tools/list', {}, 'a'),
      ada.rpc('tools/call', { name: 'echo', arguments: { text: 'b' } }, 'b'),
      { jsonrpc: '2.0', method: 'notifications/roots/list_changed' },
    ];
    const response = await ada.send('POST', { headers: { 'Mcp-Session-Id': old }, body: batch });
    const answers = [];
    if (response.headers.get('content-type') === 'application/json') answers.push(...(await response.json()));
    else for await (const { data } of eventsOf(response)) if (data) answers.push(data);
    assert.deepEqual(answers.map(({ id }) => id).sort(), ['a', 'b']);
    const newer = await ada.open();
    assert.equal((await ada.send('POST', { headers: { 'Mcp-Session-Id': newer }, body: batch })).status, 400);
  });

  test('the counters are for the administrator', async () => {
    const read = (token) => sender(stack.url, token).send('GET', { path: '/metrics' });
    assert.equal((await read('token-of-ada')).status, 401);
    const response = await read(adminToken);
    assert.equal(response.status, 200);
    const text = await response.text();
    assert.match(text, /^mcp_tether_requests_total\{route="mcp",status="404"\} \d+$/m);
    assert.match(text, /^# TYPE mcp_tether_sessions_opened_total counter$/m);
    assert.match(text, /^mcp_tether_upstream_created_total \d+$/m);
    assert.ok(!/ada|token/.test(text));
  });

  test('no printed line contains a token or a whole id', async () => {
    const session = await ada.open();
    await stack.forget();
    await (await ada.call(session, 'echo', { text: 'x' })).text();
    assert.ok(stack.lines.some((line) => line.includes('Session recovery successful')));
    assert.ok(!stack.lines.some((line) => line.includes(session) || /token-of/.test(line)));
  });
});

const LOGGED = 500; // milliseconds, more than event-log.js takes to write new events

describe('a client that comes back', () => {
  let stack;
  let ada;
  before(async () => {
    stack = await startStack();
    ada = sender(stack.url);
  });
  after(() => stack?.stop());

  const resume = (session, id) =>
    ada.send('GET', { headers: { 'Mcp-Session-Id': session, 'Last-Event-ID': id, Accept: 'text/event-stream' } });

  // Begins a call, reads its first event and disconnects; returns that event's id.
  async function leave(session, args, id = 1, tool = 'slow') {
    const response = await ada.call(session, tool, args, { id, meta: { progressToken: 'p' } });
    assert.match(response.headers.get('content-type'), /event-stream/);
    const events = eventsOf(response);
    const { value: first } = await events.next();
    assert.equal(first.data, undefined, 'an event with an id and no data');
    await events.return();
    return first.id;
  }

  test('gets what it missed, and its call is not cancelled', async () => {
    const session = await ada.open();
    const id = await leave(session, { ms: 300, key: 'left' });
    const messages = [];
    for await (const event of eventsOf(await resume(session, id))) if (event.data) messages.push(event);
    assert.deepEqual(
      messages.slice(0, -1).map(({ data }) => data.params.progress),
      [1, 2, 3, 4, 5, 6, 7, 8, 9, 10],
    );
    assert.equal(messages.at(-1).data.id, 1);
    assert.equal((await stack.counts()).executions.left, 1);
    // Once more, from the middle, after everything has ended.
    const again = [];
    for await (const event of eventsOf(await resume(session, messages[8].id))) if (event.data) again.push(event.data);
    assert.deepEqual(
      again,
      messages.slice(9).map(({ data }) => data),
    );
  });

  test('also if the gateway was restarted in between: an unsafe call is not repeated, and gets outcome_unknown', async () => {
    const session = await ada.open();
    const id = await leave(session, { ms: 60_000, key: 'cut' }, 'cut');
    await wait(LOGGED);
    await stack.restartGateway();
    const messages = [];
    for await (const { data } of eventsOf(await resume(session, id))) if (data) messages.push(data);
    assert.equal(messages.at(-1).id, 'cut');
    assert.equal(messages.at(-1).error.data.code, 'outcome_unknown');
    const counts = await stack.counts();
    assert.equal(counts.calls.slow, 2, 'this one and the one before');
    assert.equal(
      (await messageOf(await ada.call(session, 'echo', { text: 'on' }, { id: 'on' }))).result.content[0].text,
      'on',
    );
  });

  test('gets an error for an answer that was too large for the log', async () => {
    const session = await ada.open();
    const id = await leave(session, { bytes: 2_000_000 }, 'large', 'big');
    await (await resume(session, id)).text(); // ends with the answer, which may come only now
    const messages = [];
    for await (const { data } of eventsOf(await resume(session, id))) if (data) messages.push(data);
    assert.deepEqual(
      messages.map(({ id, error }) => [id, error.data.code]),
      [['large', 'limit_exceeded']],
    );
    assert.equal(
      (await messageOf(await ada.call(session, 'big', { bytes: 2_000_000 }, { id: 'read' }))).result.content[0].text
        .length,
      2_000_000,
    );
  });

  test('gets notifications sent while it was away, once, and never events of others', async () => {
    const session = await ada.open();
    const other = await ada.open();
    const listen = (last) =>
      ada.send('GET', { headers: { 'Mcp-Session-Id': session, ...(last && { 'Last-Event-ID': last }) } });
    const first = await listen();
    const events = eventsOf(first);
    assert.equal((await events.next()).value.data, undefined, 'it can be resumed from the start');
    await ada.send('POST', {
      headers: { 'Mcp-Session-Id': session },
      body: ada.rpc('resources/subscribe', { uri: 'test://counter' }, 'sub'),
    });
    await (await ada.call(session, 'increment', { key: 'news' }, { id: 'one' })).text();
    const { value: heard } = await events.next();
    assert.equal(heard.data.method, 'notifications/resources/updated');
    await events.return();
    await (await ada.call(session, 'increment', { key: 'news' }, { id: 'two' })).text();
    const back = eventsOf(await listen(heard.id));
    await back.next();
    const { value: missed } = await back.next();
    assert.equal(missed.data.method, 'notifications/resources/updated');
    assert.notEqual(missed.id, heard.id);
    await back.return();
    for (const id of ['77-1', 'nonsense', '1']) assert.equal((await resume(other, id)).status, 400, id);
  });
});

describe('sessions end', () => {
  test('a client that learns of it finds no trace, neither in the list nor in the storage; the server gets a DELETE', async (t) => {
    const stack = await startStack();
    t.after(() => stack?.stop());
    const ada = sender(stack.url);
    const mark = 'a client of this name';
    const isKept = async () =>
      (await Promise.all((await filesOf(stack.state)).map((file) => readFile(file)))).some((bytes) =>
        bytes.includes(mark),
      );
    const sessions = [];
    for (let turn = 0; turn < 12; turn += 1)
      sessions.push(await ada.open({ ...initializeParams, clientInfo: { name: mark, version: '1' } }));
    assert.ok(await isKept());
    // Each is looked for as soon as its end is answered, while others are still in flight.
    await Promise.all(
      sessions.map(async (session) => {
        assert.equal((await ada.send('DELETE', { headers: { 'Mcp-Session-Id': session } })).status, 200);
        const listed = (await (await ada.send('GET', { path: '/sessions' })).json()).sessions.map(
          ({ handle }) => handle,
        );
        assert.ok(!listed.includes(createHash('sha256').update(session).digest('hex')));
      }),
    );
    assert.ok(!(await isKept()));
    await until(async () => (await stack.counts()).sessions === 0, 'the DELETE reaches the server');
  });

  test('unused sessions, by age, and when their server is another one', async (t) => {
    const stack = await startStack({ config: { sessionConfig: { timeout: 1_500 } } });
    t.after(() => stack?.stop());
    const ada = sender(stack.url);
    const idle = await ada.open();
    await until(async () => (await stack.counts()).delete === 1, 'the DELETE reaches the server');
    assert.equal((await ada.call(idle, 'echo')).status, 404);
    await stack.restartGateway({ config: { sessionConfig: { timeout: 60_000, maxAge: 2_000 } } });
    const aged = await ada.open();
    await until(async () => (await ada.call(aged, 'echo', { text: 'x' })).status === 404, 'it is too old');
    await stack.restartGateway({ config: {} });
    const kept = await ada.open();
    await stack.restartGateway({ config: { headers: { 'X-New': 'shape' } } });
    assert.equal((await ada.call(kept, 'echo')).status, 404);
    await ada.open();
  });

  test('a token removed from the configuration opens nothing', async (t) => {
    const stack = await startStack();
    t.after(() => stack?.stop());
    const ada = sender(stack.url);
    const session = await ada.open();
    await stack.restartGateway({ vars: { BEARER_TOKENS: { ada: 'another-token' } } });
    assert.equal((await ada.call(session, 'echo')).status, 401);
    const renewed = sender(stack.url, 'another-token');
    assert.equal(
      (await messageOf(await renewed.call(session, 'echo', { text: 'same user' }))).result.content[0].text,
      'same user',
    );
  });
});

describe('an object that was evicted, or restarted', () => {
  test('resumes the session with the server, to continue and to delete it', async (t) => {
    const stack = await startStack();
    t.after(() => stack?.stop());
    const ada = sender(stack.url);
    const [one, two] = [await ada.open(), await ada.open()];
    assert.equal((await stack.counts()).initialize, 2);
    await ada.send('POST', {
      headers: { 'Mcp-Session-Id': one },
      body: ada.rpc('resources/subscribe', { uri: 'test://counter' }, 'sub'),
    });
    await until(async () => stack.counts(), 'it is up');
    await stack.restartGateway();
    assert.equal((await messageOf(await ada.call(one, 'echo', { text: 'on' }))).result.content[0].text, 'on');
    assert.equal((await ada.send('DELETE', { headers: { 'Mcp-Session-Id': two } })).status, 200);
    await until(async () => (await stack.counts()).delete === 1, 'the DELETE reaches the server');
    const { initialize, sessions } = await stack.counts();
    assert.deepEqual({ initialize, sessions }, { initialize: 2, sessions: 1 });
  });

  test('releases the server when no client needs it, and resumes the session', async (t) => {
    const stack = await startStack({ vars: { REST_AFTER: 200 } });
    t.after(() => stack?.stop());
    const ada = sender(stack.url);
    const session = await ada.open();
    await until(async () => (await stack.counts()).get >= 1, 'the gateway opens a GET stream');
    const streams = (await stack.counts()).get;
    for (let turn = 0; turn < 3; turn += 1) {
      const revived = () => stack.lines.some((line) => line.includes(`"lives":${turn + 2}`));
      await until(async () => {
        const message = await messageOf(await ada.call(session, 'echo', { text: 'x' }, { id: Math.random() }));
        assert.equal(message.result.content[0].text, 'x');
        await new Promise((resolve) => setTimeout(resolve, 400));
        return revived();
      }, 'it is revived');
    }
    const { initialize, get } = await stack.counts();
    assert.equal(initialize, 1);
    assert.ok(get > streams, 'the GET stream is opened again');
  });
});

async function filesOf(folder) {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}
