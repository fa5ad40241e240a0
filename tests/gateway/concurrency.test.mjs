// `maxConcurrency`: how many requests a server gets at once, of a session and of an isolate's requests of 2026-07-28; and where objects are placed.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { askSession } from '../../gateway/session-places.js';
import { Slots } from '../../gateway/topology/slots.js';
import { listen } from '../js/servers/shared/listen.mjs';
import { parseJson, readText, sendJson } from '../js/servers/shared/messages.mjs';
import { messageOf, sender } from './http.mjs';
import { startScriptedSessions } from './scripted-sessions.mjs';
import { startStack, until } from './stack.mjs';

const VERSION = '2026-07-28';
const meta = { 'io.modelcontextprotocol/protocolVersion': VERSION, 'io.modelcontextprotocol/clientCapabilities': {} };

describe('a server with maxConcurrency 2', () => {
  let scripted;
  let modern;
  let stack;
  before(async () => {
    scripted = await startScriptedSessions();
    modern = await startHeldServer();
    const servers = {
      sessions: { url: scripted.url, maxConcurrency: 2 },
      modern: { url: modern.url, maxConcurrency: 2, locationHint: 'weur' },
    };
    stack = await startStack({ server: false, servers, vars: { RATE_PER_MINUTE: 0 } });
  });
  after(async () => {
    // First what is held: workerd does not end with a request in flight.
    await Promise.all([scripted.close(), modern.close()]);
    await stack?.stop();
  });

  const ask = (signal) =>
    fetch(new URL('/modern/mcp', stack.url), {
      method: 'POST',
      signal,
      headers: {
        Authorization: 'Bearer token-of-ada',
        'Content-Type': 'application/json',
        Accept: 'application/json, text/event-stream',
        'MCP-Protocol-Version': VERSION,
        'Mcp-Method': 'tools/call',
        'Mcp-Name': 'echo',
      },
      body: JSON.stringify({
        jsonrpc: '2.0',
        id: 1,
        method: 'tools/call',
        params: { name: 'echo', arguments: {}, _meta: meta },
      }),
    });

  test('a session sends two at once, and the rest after them', async () => {
    const ada = sender(new URL('/sessions/mcp', stack.url));
    const session = await ada.open();
    const arrived = () => scripted.seen.filter(({ method }) => method === 'tools/call').length;
    scripted.held.add('tools/call');
    const calls = Array.from({ length: 6 }, (_, id) => ada.call(session, 'echo', { text: String(id) }, { id }));
    await until(() => arrived() === 2, 'two have arrived');
    await ada.open(); // a way through the gateway and back, on which the others would have arrived
    assert.equal(arrived(), 2);
    scripted.release();
    const texts = await Promise.all(calls.map(async (call) => (await messageOf(await call)).result.content[0].text));
    assert.deepEqual(texts, ['0', '1', '2', '3', '4', '5']);
  });

  test('2026-07-28: two at once, a bounded queue, and 503 beyond it', async () => {
    const ada = sender(new URL('/modern/mcp', stack.url));
    const call = (id) =>
      ada.send('POST', {
        headers: { 'MCP-Protocol-Version': VERSION, 'Mcp-Method': 'tools/call', 'Mcp-Name': 'echo' },
        body: ada.rpc('tools/call', { name: 'echo', arguments: {}, _meta: meta }, id),
      });
    const first = [call(1), call(2)];
    await until(() => modern.waiting() === 2, 'both slots are taken');
    const more = Array.from({ length: 20 }, (_, at) => call(at + 3));
    const refused = [];
    await until(async () => {
      const states = await Promise.all(more.map((one) => Promise.race([one, 'waits'])));
      refused.splice(0, refused.length, ...states.filter((state) => state !== 'waits'));
      return refused.length === 12;
    }, 'eight of twenty wait');
    for (const response of refused) {
      const { id, error } = await response.json();
      assert.deepEqual([response.status, response.headers.get('retry-after')], [503, '1']);
      assert.ok(id >= 3);
      assert.match(error.message, /2 requests in flight.*Retry-After/);
    }
    assert.equal(modern.waiting(), 2);
    modern.release();
    const answers = await Promise.all([...first, ...more].map(async (one) => (await one).status));
    assert.deepEqual(answers.filter((status) => status === 200).length, 10);
    assert.equal(modern.most(), 2, 'never more than two at once');
    assert.equal((await call(99)).status, 200, 'all slots were given back');
  });

  test('2026-07-28: clients that leave give their slots and places back', async () => {
    modern.hold();
    const leaving = new AbortController();
    const gone = Array.from({ length: 10 }, () => ask(leaving.signal).catch((error) => error.name));
    await until(() => modern.waiting() === 2, 'both slots are taken');
    leaving.abort();
    assert.deepEqual(new Set(await Promise.all(gone)), new Set(['AbortError']));
    modern.release();
    await until(async () => (await ask()).status === 200, 'there is room again');
  });

  test('2026-07-28: clients that wait for a silent server keep their slots', async () => {
    modern.hold();
    const patient = [ask(), ask()];
    await until(() => modern.waiting() === 2, 'both slots are taken');
    assert.equal((await ask()).status, 503, 'the third one waits, but not without end');
    assert.equal(modern.waiting(), 2);
    modern.release();
    for (const response of await Promise.all(patient)) assert.match(await response.text(), /"result"/);
  });

  // workerd ends their requests without telling of it.
  test('2026-07-28: clients that leave a silent server give their slots back', async () => {
    modern.hold();
    const leaving = new AbortController();
    const gone = [ask(leaving.signal), ask(leaving.signal)].map((one) => one.catch(({ name }) => name));
    await until(() => modern.waiting() === 2, 'both slots are taken');
    leaving.abort();
    assert.deepEqual(await Promise.all(gone), ['AbortError', 'AbortError']);
    modern.answerOthers();
    await until(async () => (await ask()).status === 200, 'there is room again');
  });

  test('2026-07-28: a client that leaves a stream gives its slot back', async () => {
    modern.stream();
    const leaving = new AbortController();
    const streams = await Promise.all([ask(leaving.signal), ask(leaving.signal)]);
    for (const stream of streams) assert.match(stream.headers.get('content-type'), /event-stream/);
    assert.equal(modern.waiting(), 2);
    leaving.abort();
    modern.answerOthers(); // what is streamed has no end
    await until(async () => (await ask()).status === 200, 'there is room again');
  });
});

test('an object is placed near its server, if the server has a locationHint', async () => {
  const given = [];
  const SESSIONS = {
    idFromName: (name) => ({ name }),
    get: (...words) => {
      given.push(words.slice(1));
      return {};
    },
  };
  const ask = async () => '{}';
  await askSession({ SESSIONS }, { key: 'a' }, 's', 'id', ask, 'weur');
  await askSession({ SESSIONS }, { key: 'a' }, 's', 'id', ask);
  assert.deepEqual(given, [[{ locationHint: 'weur' }], []]);
});

describe('slots', () => {
  test('are given in the order of arrival, to no more than there are', async () => {
    const slots = new Slots(1);
    const order = [];
    const first = await slots.take();
    const waiting = ['a', 'b', 'c'].map(async (name) => {
      const release = await slots.take();
      order.push(name);
      await new Promise((resolve) => setTimeout(resolve));
      release();
    });
    first();
    await Promise.all(waiting);
    assert.deepEqual(order, ['a', 'b', 'c']);
  });

  test('a request that is aborted while it waits leaves the queue', async () => {
    const slots = new Slots(1);
    const release = await slots.take();
    const aborter = new AbortController();
    const waiting = slots.take(aborter.signal);
    aborter.abort();
    assert.equal(await waiting, undefined);
    release();
    const next = await slots.take();
    assert.equal(typeof next, 'function');
    next();
  });

  test('a request that was aborted before takes none', async () => {
    const slots = new Slots(1);
    assert.equal(await slots.take(AbortSignal.abort()), undefined);
    const release = await slots.take();
    assert.equal(typeof release, 'function');
    release();
  });
});

/** Answers calls of 2026-07-28 when it is told to. */
async function startHeldServer() {
  const held = new Set();
  let isHolding = true;
  let isStreaming = false;
  let most = 0;
  const server = await listen(async (request, response) => {
    const message = parseJson(await readText(request));
    const answer = () => {
      held.delete(answer);
      if (!response.destroyed) sendJson(response, 200, { jsonrpc: '2.0', id: message.id, result: { content: [] } });
    };
    if (!isHolding) return answer();
    held.add(answer);
    response.on('close', () => held.delete(answer));
    if (isStreaming) response.writeHead(200, { 'Content-Type': 'text/event-stream' }).write(': begins\n\n');
    most = Math.max(most, held.size);
    return undefined;
  });
  return {
    url: `${server.origin}/mcp`,
    waiting: () => held.size,
    most: () => most,
    hold() {
      isHolding = true;
    },
    stream() {
      isHolding = true;
      isStreaming = true;
    },
    /** What is held stays so. */
    answerOthers() {
      isHolding = false;
    },
    release() {
      isHolding = false;
      for (const answer of [...held]) answer();
    },
    close: server.close,
  };
}
