// What a client finds when it comes back, and what it is told when its server came back with something else.
import assert from 'node:assert/strict';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { eventsOf, messageOf, sender } from './http.mjs';
import { startScriptedSessions } from './scripted-sessions.mjs';
import { startStack, until } from './stack.mjs';

const MEBIBYTE = 1024 * 1024;

describe('a client that comes back for its answer', () => {
  let stack;
  let ada;
  before(async () => {
    stack = await startStack({ vars: { RATE_PER_MINUTE: 0, EVENT_LOG_EVENTS: 200 } });
    ada = sender(stack.url);
  });
  after(() => stack?.stop());

  const get = (session, last) =>
    ada.send('GET', {
      headers: { 'Mcp-Session-Id': session, Accept: 'text/event-stream', ...(last && { 'Last-Event-ID': last }) },
    });

  /** Begins a call, leaves after its first event, and returns that event's id when the answer is there. */
  async function leave(session, name, args, id) {
    const events = eventsOf(await ada.call(session, name, args, { id, meta: { progressToken: id } }));
    const { value } = await events.next();
    await events.return();
    return value.id;
  }

  async function rest(session, last) {
    const messages = [];
    for await (const { data } of eventsOf(await get(session, last))) if (data) messages.push(data);
    return messages;
  }

  test('finds it behind any number of notifications', { timeout: 180_000 }, async () => {
    const session = await ada.open();
    const last = await leave(session, 'slow', { ms: 300, key: 'left' }, 'left');
    assert.equal((await rest(session, last)).at(-1).id, 'left');
    for (let turn = 0; turn < 3; turn += 1)
      await (await ada.call(session, 'flood', { count: 500, bytes: 50, aside: true }, { id: `flood ${turn}` })).text();
    const { result } = (await rest(session, last)).at(-1);
    assert.ok(result, 'the answer is still there');
  });

  test('finds it behind them in a log that held nothing but answers', { timeout: 180_000 }, async () => {
    const session = await ada.open();
    for (let turn = 0; turn < 210; turn += 1)
      await (await ada.call(session, 'echo', { text: 'x' }, { id: `before ${turn}` })).text();
    assert.equal((await get(session, '1-1')).status, 400); // stores them, and makes room
    const last = await leave(session, 'slow', { ms: 300, key: 'left' }, 'left');
    assert.equal((await rest(session, last)).at(-1).id, 'left');
    await (await ada.call(session, 'flood', { count: 300, bytes: 50, aside: true }, { id: 'flood' })).text();
    const { result } = (await rest(session, last)).at(-1);
    assert.ok(result, 'the answer is still there');
  });

  test('finds an error with its id where later answers took the room', { timeout: 180_000 }, async () => {
    const session = await ada.open();
    const first = await leave(session, 'big', { bytes: 600_000 }, 'first');
    assert.equal((await rest(session, first)).at(-1).id, 'first');
    const second = await leave(session, 'big', { bytes: 600_000 }, 'second');
    await rest(session, second);
    const [gone] = await rest(session, first);
    assert.deepEqual([gone.id, gone.error.data.code], ['first', 'limit_exceeded']);
    assert.equal((await rest(session, second)).at(-1).result.content[0].text.length, 600_000);
  });

  test('has an id from the start of the rest, too: a second break loses nothing', async () => {
    const session = await ada.open();
    const last = await leave(session, 'slow', { ms: 600_000 }, 'long');
    const events = eventsOf(await get(session, last));
    assert.deepEqual((await events.next()).value, { id: last, data: undefined });
    await ada.send('DELETE', { headers: { 'Mcp-Session-Id': session } });
    assert.equal((await events.next()).value.data.id, 'long');
  });

  test('is told to stop when it has it, as clients come back after each response, or after each error', async () => {
    const session = await ada.open();
    const received = async (response) => {
      let last;
      for await (const { id } of eventsOf(response)) last = id;
      return last;
    };
    for (const tool of ['echo', 'nope', 'slow']) {
      const last = await received(await ada.call(session, tool, { text: 'hi', ms: 300 }, { id: tool }));
      const answer = await get(session, last);
      assert.equal(answer.status, 204, tool);
      assert.equal(answer.body, null);
    }
  });

  test('a GET stream has an id from the start, so what is sent into a dead connection is not lost', async () => {
    const session = await ada.open();
    const events = eventsOf(await get(session));
    const { value: prime } = await events.next();
    assert.match(prime.id, /^0-\d+$/);
    assert.equal(prime.data, undefined);
    await (await ada.call(session, 'notify', {}, { id: 'news' })).text();
    await events.next();
    await events.return(); // as if nothing had arrived
    const back = eventsOf(await get(session, prime.id));
    await back.next();
    assert.equal((await back.next()).value.data.method, 'notifications/message');
    await back.return();
  });

  test('a client of before 2025-11-25 gets no event without data', async () => {
    const session = await ada.open({
      protocolVersion: '2025-06-18',
      capabilities: {},
      clientInfo: { name: 'old', version: '1' },
    });
    const events = eventsOf(await get(session));
    await (await ada.call(session, 'notify', {}, { id: 'news' })).text();
    assert.equal((await events.next()).value.data.method, 'notifications/message');
    await events.return();
  });

  test('the log takes no more room on disk than its limit demands', { timeout: 180_000 }, async () => {
    const session = await ada.open();
    for (let turn = 0; turn < 4; turn += 1)
      await (
        await ada.call(session, 'flood', { count: 400, bytes: 10_000, aside: true }, { id: `flood ${turn}` })
      ).text();
    for (const name of await readdir(stack.state, { recursive: true })) {
      const { size } = await stat(join(stack.state, name));
      assert.ok(size < 8 * MEBIBYTE, `${name}: ${size}`);
    }
  });
});

describe('a server that comes back', () => {
  const capabilities = { tools: { listChanged: true }, prompts: { listChanged: true }, resources: {} };
  let names = ['one'];
  let server;
  let stack;
  let ada;
  before(async () => {
    server = await startScriptedSessions({
      capabilities,
      tools: () => names.map((name) => ({ name, inputSchema: { type: 'object' } })),
    });
    stack = await startStack({ servers: { scripted: { url: server.url, sessionConfig: { retryDelay: 100 } } } });
    ada = sender(`${stack.origin}/scripted/mcp`);
  });
  after(async () => {
    await stack?.stop();
    await server.close();
  });

  const post = (session, method, params, id = method) =>
    ada.send('POST', { headers: { 'Mcp-Session-Id': session }, body: ada.rpc(method, params, id) });

  /** The methods that a listening client hears until the answer to a last call has come. */
  async function heardDuring(session, act, count) {
    const events = eventsOf(await ada.send('GET', { headers: { 'Mcp-Session-Id': session } }));
    const heard = [];
    const reading = (async () => {
      for await (const { data } of events) if (data) heard.push(data.method);
    })();
    await act();
    await until(() => heard.length >= count, 'the notifications arrive');
    await messageOf(await post(session, 'ping', {}, 'after'));
    await ada.send('DELETE', { headers: { 'Mcp-Session-Id': session } });
    await reading;
    return heard;
  }
  const both = ['notifications/tools/list_changed', 'notifications/prompts/list_changed'];

  test('with other tools is announced once for each list that may change', async () => {
    const session = await ada.open();
    await messageOf(await post(session, 'tools/list'));
    const heard = await heardDuring(
      session,
      async () => {
        names = ['two'];
        server.open.clear();
        await messageOf(await ada.call(session, 'two', { text: 'x' }));
      },
      both.length,
    );
    assert.deepEqual(heard, both);
  });

  test('with the same tools is not announced', async () => {
    const session = await ada.open();
    await messageOf(await post(session, 'tools/list'));
    const lists = () => server.seen.filter(({ method }) => method === 'tools/list').length;
    const before = lists();
    const heard = await heardDuring(
      session,
      async () => {
        server.open.clear();
        await messageOf(await ada.call(session, 'two', { text: 'x' }));
        await until(() => lists() > before, 'the tools are listed again');
      },
      0,
    );
    assert.deepEqual(heard, []);
  });

  test('while the gateway was away is announced too: nothing is known about its tools before', async () => {
    const session = await ada.open();
    await messageOf(await post(session, 'tools/list'));
    await stack.restartGateway();
    server.open.clear();
    const heard = await heardDuring(session, async () => messageOf(await post(session, 'ping')), both.length);
    assert.deepEqual(heard, both);
  });
});
