// Sessions at a server that refuses everything before a login, `initialize` included: they open, and the login is within reach of every client.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createMCPClient } from '@ai-sdk/mcp';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { ToolListChangedNotificationSchema } from '@modelcontextprotocol/sdk/types.js';
import { clients, textOf } from './clients.mjs';
import { initializeParams, messageOf, sender } from './http.mjs';
import { Browser, failureOf, linkIn, opening, startWorld, users } from './oauth-world.mjs';
import { until } from './stack.mjs';

const open = async (t, options) => {
  const world = await startWorld(options);
  t.after(() => world.stop());
  return world;
};
const TOOL = 'log_in_to_notes';
const namesOf = ({ tools }) => tools.map(({ name }) => name);

for (const [name, connect] of Object.entries(clients))
  describe(name, () => {
    test('that opens links: its first request asks for the login, and goes on', async (t) => {
      const world = await open(t);
      const links = [];
      const client = await connect(world.url, opening(users.ada, links));
      assert.ok(namesOf(await client.list()).includes('echo'));
      assert.equal(textOf(await client.call('echo', { text: 'x' })), 'x');
      assert.equal(links.length, 1);
      await client.end();
    });

    test('that opens no links: a tool gives the link, and the session goes on after the login', async (t) => {
      const world = await open(t);
      const client = await connect(world.url);
      assert.deepEqual(namesOf(await client.list()), [TOOL]);
      const error = await failureOf(client.call('echo', { text: 'x' }));
      assert.ok(linkIn(error.message), error.message);
      const link = linkIn(textOf(await client.call(TOOL, {})));
      assert.equal((await new Browser().logIn(link, users.ada)).status, 200);
      assert.match(textOf(await client.call(TOOL, {})), /You are logged in to notes/);
      assert.ok(namesOf(await client.list()).includes('echo'));
      assert.equal(textOf(await client.call('echo', { text: 'x' })), 'x');
      await client.end();
    });
  });

test('the AI SDK: a tool gives the link', async (t) => {
  const world = await open(t);
  const headers = { Authorization: `Bearer ${users.ada}` };
  const client = await createMCPClient({ transport: { type: 'http', url: world.url, headers } });
  const about = { messages: [], toolCallId: 'c' };
  const link = linkIn(textOf(await (await client.tools())[TOOL].execute({}, about)));
  assert.equal((await new Browser().logIn(link, users.ada)).status, 200);
  const { echo } = await client.tools();
  assert.equal(textOf(await echo.execute({ text: 'x' }, about)), 'x');
  await client.close();
});

describe('the session', () => {
  test('tells a client that listens when its user has logged in', async (t) => {
    const world = await open(t);
    const client = new Client({ name: 'listening', version: '1' });
    let changed = 0;
    client.setNotificationHandler(ToolListChangedNotificationSchema, () => {
      changed += 1;
    });
    const requestInit = { headers: { Authorization: `Bearer ${users.ada}` } };
    await client.connect(new StreamableHTTPClientTransport(new URL(world.url), { requestInit }));
    assert.ok(linkIn(client.getInstructions()));
    const link = linkIn(textOf(await client.callTool({ name: TOOL, arguments: {} })));
    assert.equal((await new Browser().logIn(link, users.ada)).status, 200);
    await until(() => changed > 0, 'the notification');
    assert.ok(namesOf(await client.listTools()).includes('echo'));
    await client.close();
  });

  test('asks the server no more while the login is open', async (t) => {
    const world = await open(t);
    const client = await clients['the official client v1'](world.url);
    await client.list();
    const before = world.server.refusals.length;
    for (let turn = 0; turn < 5; turn += 1) await client.list();
    assert.equal(world.server.refusals.length, before);
    await client.end();
  });

  test('survives a restart of the gateway, before and after the login', async (t) => {
    const world = await open(t);
    const client = await clients['the official client v1'](world.url);
    await world.stack.restartGateway();
    const link = linkIn(textOf(await client.call(TOOL, {})));
    await world.stack.restartGateway();
    assert.equal((await new Browser().logIn(link, users.ada)).status, 200);
    assert.equal(textOf(await client.call('echo', { text: 'x' })), 'x');
    await client.end();
  });

  test('has a tool for a user who declines, and another call asks again', async (t) => {
    const world = await open(t);
    let asked = 0;
    const elicit = () => {
      asked += 1;
      return { action: 'decline' };
    };
    const client = await clients['the official client v2'](world.url, { elicitation: { url: {} }, elicit });
    assert.deepEqual(namesOf(await client.list()), [TOOL]);
    const error = await failureOf(client.call('echo', { text: 'x' }));
    assert.equal(error.code, -32042);
    assert.equal(asked, 2);
    await client.end();
  });

  test('answers a ping, and a request that is cancelled', async (t) => {
    const world = await open(t);
    const { send, rpc, open: openSession } = sender(world.url, users.ada);
    const session = await openSession({ ...initializeParams, capabilities: { elicitation: { url: {} } } });
    const headers = { 'Mcp-Session-Id': session };
    const ask = async (method, params, id) => messageOf(await send('POST', { headers, body: rpc(method, params, id) }));
    assert.deepEqual((await ask('ping', {}, 1)).result, {});
    const waiting = send('POST', { headers, body: rpc('tools/list', {}, 2) });
    const cancelled = { jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 2 } };
    assert.equal((await send('POST', { headers, body: cancelled })).status, 202);
    assert.equal((await messageOf(await waiting)).error.data.code, 'cancelled');
    const link = linkIn(
      JSON.stringify((await (await send('POST', { body: rpc('initialize', initializeParams, 3) })).json()).result),
    );
    assert.equal((await new Browser().logIn(link, users.ada)).status, 200);
    assert.ok(namesOf((await ask('tools/list', {}, 4)).result).includes('echo'));
  });

  test('speaks the revision that the client asks for', async (t) => {
    const world = await open(t);
    const { send, rpc } = sender(world.url, users.ada);
    for (const version of ['2025-03-26', '2025-06-18', '2025-11-25']) {
      const answer = await send('POST', { body: rpc('initialize', { ...initializeParams, protocolVersion: version }) });
      assert.equal((await answer.json()).result.protocolVersion, version);
    }
  });

  test('does not open where the login cannot begin: the error says why', async (t) => {
    const world = await open(t, { as: { document: { registration_endpoint: undefined } } });
    const error = await failureOf(clients['the official client v1'](world.url));
    assert.match(error.message, /registers no clients/);
  });
});
