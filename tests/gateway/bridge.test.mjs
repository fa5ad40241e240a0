// A client of 2025-11-25 before servers that speak 2026-07-28 only: the gateway provides the session that these servers
// do not have.
import assert from 'node:assert/strict';
import { after, afterEach, before, describe, test } from 'node:test';
import { Client as Client1 } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport as Http1 } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import {
  CreateMessageRequestSchema,
  ElicitRequestSchema,
  ListRootsRequestSchema,
  ResourceUpdatedNotificationSchema,
  ToolListChangedNotificationSchema,
} from '@modelcontextprotocol/sdk/types.js';
import { startModernFaultServer } from '../js/servers/modern-fault-server.mjs';
import { startModernServer } from '../js/servers/modern-server.mjs';
import { textOf } from './clients.mjs';
import { eventsOf, initializeParams, messageOf, sender } from './http.mjs';
import { startStack, until } from './stack.mjs';

const LISTEN = 'subscriptions/listen';
const counter = { uri: 'test://counter' };
const capabilities = { elicitation: { form: {} }, sampling: {}, roots: {} };
const sample = { role: 'assistant', content: { type: 'text', text: 'Aha.' }, model: 'test' };
const roots = [{ uri: 'file:///here' }];
const accepted = { action: 'accept', content: { name: 'Ada' } };
const replies = { 'elicitation/create': accepted, 'sampling/createMessage': sample, 'roots/list': { roots } };

describe('a client of 2025-11-25 before a server of 2026-07-28', { timeout: 180_000 }, () => {
  let modern;
  let faults;
  let stack;
  let ada;
  before(async () => {
    [modern, faults] = await Promise.all([startModernServer({ legacy: 'reject' }), startModernFaultServer()]);
    stack = await startStack({
      servers: { modern: { url: modern.url }, rounds: { url: `${faults.origin}/rounds?n=2` } },
    });
    ada = sender(`${stack.origin}/modern/mcp`);
  });
  after(async () => {
    await stack?.stop();
    await Promise.all([modern.close(), faults.close()]);
  });

  // One session at a time, so that the server's counts belong to it.
  let end = () => {};
  const open = async (who = ada) => {
    const session = await who.open({ ...initializeParams, capabilities });
    end = () => who.send('DELETE', { headers: { 'Mcp-Session-Id': session } });
    return session;
  };
  afterEach(async () => {
    await end();
    await until(() => modern.counts.openStreams === 0, 'no open listen stream');
  });
  const post = (session, body) => ada.send('POST', { headers: { 'Mcp-Session-Id': session }, body });
  const listen = (session, last) =>
    ada.send('GET', { headers: { 'Mcp-Session-Id': session, ...(last && { 'Last-Event-ID': last }) } });

  /**
   * Reads the answer to a call, and replies to the server's requests on its stream: returns the requests and the
   * answer.
   */
  async function converse(who, session, response) {
    const asked = [];
    for await (const { data } of eventsOf(response)) {
      if (data === undefined) continue;
      if (data.method === undefined) return { asked, answer: data };
      if (data.id === undefined) continue;
      asked.push(data);
      const reply = await who.send('POST', {
        headers: { 'Mcp-Session-Id': session },
        body: { jsonrpc: '2.0', id: data.id, result: replies[data.method] },
      });
      assert.equal(reply.status, 202);
    }
    throw new Error('the stream ended without an answer');
  }

  async function heard(events, method) {
    for (;;) {
      const { value, done } = await events.next();
      assert.ok(!done, `the stream ended without ${method}`);
      if (value.data?.method === method) return value;
    }
  }

  test('initialize is answered from server/discover', async () => {
    const response = await ada.send('POST', { body: ada.rpc('initialize', initializeParams, 'hello') });
    const session = response.headers.get('mcp-session-id');
    end = () => ada.send('DELETE', { headers: { 'Mcp-Session-Id': session } });
    assert.equal(response.status, 200);
    assert.match(session, /^[A-Za-z0-9_-]{43}$/);
    const { id, result } = await response.json();
    assert.equal(id, 'hello');
    assert.equal(result.protocolVersion, '2025-11-25');
    assert.deepEqual(
      [result.serverInfo.name, result.instructions],
      ['mcp-tether-modern-server', 'A modern server for tests.'],
    );
    assert.deepEqual(result.capabilities.resources, { subscribe: true, listChanged: true });
    assert.ok(modern.counts.methods['server/discover'] >= 1);
    assert.equal(modern.counts.methods.initialize, undefined, 'the server never gets initialize');
    assert.equal(modern.counts.sessionHeaders, 0);
  });

  test('input required by a call is requested from the client on its stream, and the call continues with the answers', async () => {
    const session = await open();
    const { asked, answer } = await converse(ada, session, await ada.call(session, 'ask', {}, { id: 'ask' }));
    assert.deepEqual(asked.map(({ method }) => method).sort(), [
      'elicitation/create',
      'elicitation/create',
      'roots/list',
      'sampling/createMessage',
    ]);
    assert.equal(asked.at(-1).params.message, 'Sure?');
    assert.equal(new Set(asked.map(({ id }) => id)).size, 4);
    assert.equal(answer.id, 'ask');
    const { first, last } = JSON.parse(textOf(answer.result));
    assert.deepEqual([first.name, first.sample, first.roots, last], [accepted, sample, { roots }, accepted]);
    assert.equal(modern.counts.calls.ask, 3, 'one request for each round');
  });

  test('a tool that must not run twice runs once, however many rounds it takes', async () => {
    const bob = sender(`${stack.origin}/rounds/mcp`, 'token-of-bob');
    const session = await open(bob);
    const { asked, answer } = await converse(bob, session, await bob.call(session, 'unsafe', { key: 'rounds' }));
    assert.deepEqual(
      asked.map(({ params }) => params.message),
      ['round 1', 'round 2'],
    );
    assert.match(textOf(answer.result), /rounds: 1/);
    const counts = await (await fetch(`${faults.origin}/control/counts?path=/rounds`)).json();
    assert.deepEqual([counts.executions.rounds, counts.rounds.length], [1, 2]);
  });

  test('notifications of the server are delivered on the GET stream, also to a client that comes back', async () => {
    const session = await open();
    const events = eventsOf(await listen(session));
    assert.deepEqual((await messageOf(await post(session, ada.rpc('resources/subscribe', counter, 's')))).result, {});
    await (await ada.call(session, 'increment', { key: 'notified' }, { id: 1 })).text();
    assert.deepEqual((await heard(events, 'notifications/resources/updated')).data.params.uri, counter.uri);
    await (await ada.call(session, 'change', {}, { id: 2 })).text();
    const { id } = await heard(events, 'notifications/tools/list_changed');
    await events.return();
    const listens = modern.counts.methods[LISTEN];
    await modern.restart();
    await until(() => modern.counts.methods[LISTEN] > listens, 'the gateway listens again');
    await (await ada.call(session, 'increment', { key: 'notified' }, { id: 3 })).text();
    const back = eventsOf(await listen(session, id));
    await heard(back, 'notifications/resources/updated');
    await back.return();
    assert.equal(modern.counts.http.GET, undefined, '2026-07-28 has no GET');
  });

  test('a call that the client cancels is cancelled', async () => {
    const session = await open();
    const { aborted } = modern.counts;
    const calls = modern.counts.calls.slow ?? 0;
    const call = ada.call(session, 'slow', { ms: 60_000, key: 'cancelled' }, { id: 'slow' });
    await until(() => (modern.counts.calls.slow ?? 0) > calls, 'the call runs');
    const notification = { jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 'slow' } };
    assert.equal((await post(session, notification)).status, 202);
    await until(() => modern.counts.aborted > aborted, 'the server sees the cancellation');
    await (await call).text();
    assert.equal(modern.counts.executions.cancelled, undefined);
  });

  test('the session outlives the gateway, and its subscription with it', async () => {
    const session = await open();
    await (await post(session, ada.rpc('resources/subscribe', counter, 's'))).text();
    await stack.restartGateway();
    const listens = modern.counts.methods[LISTEN];
    const events = eventsOf(await listen(session));
    await until(() => modern.counts.methods[LISTEN] > listens, 'the gateway listens again');
    await (await ada.call(session, 'increment', { key: 'after' }, { id: 1 })).text();
    await heard(events, 'notifications/resources/updated');
    await events.return();
  });

  test('the official client v1 answers, gets notifications and continues, all over its own session', async () => {
    const client = new Client1({ name: 'v1', version: '1' }, { capabilities });
    const changes = [];
    client.setRequestHandler(ElicitRequestSchema, () => accepted);
    client.setRequestHandler(CreateMessageRequestSchema, () => sample);
    client.setRequestHandler(ListRootsRequestSchema, () => ({ roots }));
    client.setNotificationHandler(ResourceUpdatedNotificationSchema, ({ params }) => void changes.push(params.uri));
    client.setNotificationHandler(ToolListChangedNotificationSchema, ({ method }) => void changes.push(method));
    const transport = new Http1(new URL(`${stack.origin}/modern/mcp`), {
      requestInit: { headers: { Authorization: 'Bearer token-of-ada' } },
    });
    await client.connect(transport);
    const calls = modern.counts.calls.ask ?? 0;
    assert.deepEqual(JSON.parse(textOf(await client.callTool({ name: 'ask', arguments: {} }))).last, accepted);
    assert.equal(modern.counts.calls.ask, calls + 3);
    await client.subscribeResource(counter);
    await client.callTool({ name: 'increment', arguments: {} });
    await until(() => changes.includes(counter.uri), 'the resource update arrives');
    await client.callTool({ name: 'change', arguments: {} });
    await until(() => changes.includes('notifications/tools/list_changed'), 'the tools change arrives');
    await transport.terminateSession();
    await client.close();
  });
});
