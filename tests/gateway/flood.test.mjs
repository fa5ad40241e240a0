// Floods of a server and of a client: what one makes the gateway do has a bound, and others do not wait for it.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { messageOf, sender } from './http.mjs';
import { startScriptedSessions } from './scripted-sessions.mjs';
import { startStack, until } from './stack.mjs';

const PINGS = 5_000;
const AT_ONCE = 16;
const MOST_WAITING = 1_000;

describe('floods', { timeout: 180_000 }, () => {
  let server;
  let stack;
  let ada;
  before(async () => {
    server = await startScriptedSessions();
    stack = await startStack({
      server: false,
      servers: { scripted: { url: server.url, sessionConfig: { retryDelay: 100 } } },
      vars: { RATE_PER_MINUTE: 0 },
    });
    ada = sender(`${stack.origin}/scripted/mcp`);
  });
  after(async () => {
    server.release();
    await stack?.stop();
    await server.close();
  });

  test('of pings in one answer are answered a few at a time, while other sessions are served', async () => {
    let now = 0;
    let most = 0;
    let answered = 0;
    server.act = async (message, response) => {
      if (message.method === 'tools/call' && message.params.name === 'flood') {
        response.writeHead(200, { 'Content-Type': 'text/event-stream' });
        const pings = Array.from({ length: PINGS }, (_, at) => ({ jsonrpc: '2.0', id: `ping ${at}`, method: 'ping' }));
        const answer = { jsonrpc: '2.0', id: message.id, result: { content: [] } };
        response.end([...pings, answer].map((event) => `data: ${JSON.stringify(event)}\n\n`).join(''));
        return true;
      }
      if (message.method !== undefined) return false;
      now += 1;
      most = Math.max(most, now);
      await wait(1);
      now -= 1;
      answered += 1;
      return false;
    };
    const [session, other] = [await ada.open(), await ada.open()];
    const flood = ada.call(session, 'flood', {}, { id: 'flood' });
    await until(() => answered > 100, 'pings are answered');
    const { result } = await messageOf(await ada.call(other, 'echo', { text: 'meanwhile' }, { id: 'echo' }));
    assert.equal(result.content[0].text, 'meanwhile');
    assert.ok(answered < PINGS, 'before the flood is over');
    assert.deepEqual((await messageOf(await flood)).result, { content: [] });
    assert.ok(most <= AT_ONCE, `${most} at once`);
    server.act = undefined;
  });

  test('of requests that wait are refused beyond a bound, with their ids', async () => {
    const session = await ada.open({
      protocolVersion: '2025-03-26',
      capabilities: {},
      clientInfo: { name: 'old', version: '1' },
    });
    server.held.add('tools/call');
    const batch = (from) =>
      ada.send('POST', {
        headers: { 'Mcp-Session-Id': session },
        body: Array.from({ length: 100 }, (_, at) => ada.rpc('tools/call', { name: 'echo', arguments: {} }, from + at)),
      });
    const waiting = [];
    for (let from = 0; from < MOST_WAITING; from += 100) waiting.push(batch(from));
    await until(() => server.waiting.length >= 64, 'the slots are taken');
    let refused;
    await until(async () => {
      refused = await ada.call(session, 'echo', { text: 'x' }, { id: 'more' });
      return refused.status === 429;
    }, 'no further request is taken');
    assert.equal((await refused.json()).id, 'more');
    server.release();
    for (const response of await Promise.all(waiting)) assert.equal(response.status, 200);
  });
});
