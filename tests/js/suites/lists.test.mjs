// Lists of several pages, and what is asked for by a method's name.
import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import { Client } from '@modelcontextprotocol/client';
import { McpError, McpManager } from '../../../pkg/node.js';
import { startScriptedServer } from '../servers/scripted-server.mjs';
import { sendJson } from '../servers/shared/messages.mjs';

const lists = {
  'tools/list': ['listTools', 'tools'],
  'resources/list': ['listResources', 'resources'],
  'resources/templates/list': ['listResourceTemplates', 'resourceTemplates'],
  'prompts/list': ['listPrompts', 'prompts'],
};

describe('lists', () => {
  let server;
  let manager;
  let session;
  let asked;
  let pages; // how many the server has
  let delay;
  let end; // the cursor of the last page
  let stuck; // it gives the second page again and again

  before(async () => {
    server = await startScriptedServer(async ({ response, message }) => {
      const [, member] = lists[message?.method] ?? [];
      if (!member) return false;
      const page = Number(message.params?.cursor ?? 1);
      asked.push({ page, params: message.params });
      await new Promise((resolve) => setTimeout(resolve, delay));
      const following = page < pages ? String(page + 1) : end;
      const nextCursor = stuck ? '2' : following;
      const item = { name: `${member} ${page}`, uri: 'x:', uriTemplate: 'x:', inputSchema: { type: 'object' } };
      const result = { [member]: [item], nextCursor, _meta: { of: page } };
      sendJson(response, 200, { jsonrpc: '2.0', id: message.id, result });
      return true;
    });
    manager = new McpManager({ mcpServers: { s: { url: server.url, protocolVersion: 'legacy' } } }, { log() {} });
    session = await manager.connect('ada', 's');
  });
  beforeEach(() => {
    asked = [];
    pages = 3;
    delay = 0;
    end = undefined;
    stuck = false;
  });
  after(async () => {
    await manager.close();
    await server.close();
  });

  for (const [list, member] of Object.values(lists))
    test(`${list} has what is on all pages`, async () => {
      const result = await session[list]({ _meta: { trace: 1 } });
      const names = result[member].map(({ name }) => name);
      assert.deepEqual(names, [`${member} 1`, `${member} 2`, `${member} 3`]);
      assert.ok(!('nextCursor' in result), 'there is nothing to go on with');
      assert.deepEqual(result._meta, { of: 1 });
      assert.deepEqual(
        asked.map(({ params }) => params._meta.trace),
        [1, 1, 1],
        'the params go along with each page',
      );
    });

  test('a cursor asks for one page', async () => {
    const { tools, nextCursor } = await session.listTools({ cursor: '2' });
    assert.deepEqual([tools.length, nextCursor, asked.length], [1, '3', 1]);
  });

  test('a list of one page is one request', async () => {
    pages = 1;
    assert.equal((await session.listTools()).tools.length, 1);
    assert.equal(asked.length, 1);
  });

  for (const none of ['', null])
    test(`${JSON.stringify(none)} as a cursor ends a list`, async () => {
      end = none;
      assert.equal((await session.listTools()).tools.length, 3);
      assert.equal(asked.length, 3);
    });

  test('a server that gives the same page again has no more', async () => {
    stuck = true;
    const { tools } = await session.listTools();
    assert.deepEqual(
      tools.map(({ name }) => name),
      ['tools 1', 'tools 2'],
    );
  });

  test('a hundred pages are read, and no more', async () => {
    pages = 100;
    assert.equal((await session.listTools()).tools.length, 100);
    pages = Number.POSITIVE_INFINITY;
    asked = [];
    await assert.rejects(session.listTools(), (error) => error instanceof McpError && error.code === 'limit_exceeded');
    assert.equal(asked.length, 100);
  });

  test('`maxTotalTimeout` bounds all pages, `timeout` each', async () => {
    pages = 50;
    delay = 40;
    const options = { timeout: 30_000, maxTotalTimeout: 1_500 };
    await assert.rejects(session.listTools({}, options), { code: 'request_timeout' });
    assert.ok(asked.length > 1 && asked.length < 50, `${asked.length} pages were asked for`);
    pages = 4;
    assert.equal((await session.listTools({}, { timeout: 30_000 })).tools.length, 4);
  });

  test('a signal ends it between pages', async () => {
    pages = Number.POSITIVE_INFINITY;
    const controller = new AbortController();
    delay = 5;
    const listed = session.listTools({}, { signal: controller.signal });
    while (asked.length < 3) await new Promise(setImmediate);
    controller.abort();
    await assert.rejects(listed, { code: 'cancelled' });
    assert.ok(asked.length < 100);
  });

  test('a client on a transport reads its pages itself', async () => {
    pages = 2;
    const client = new Client({ name: 'c', version: '1' });
    await client.connect(manager.transport('ada', 's'));
    const page = await client.request({ method: 'tools/list', params: {} });
    assert.deepEqual([page.tools.length, page.nextCursor], [1, '2']);
    await client.close();
  });

  test('a method’s name does for a message', async () => {
    const page = await session.request('tools/list', { cursor: '2' });
    assert.deepEqual([page.tools[0].name, page.nextCursor], ['tools 2', '3']);
    const { content } = await session.request('tools/call', { name: 'read' }, { timeout: 30_000 });
    assert.equal(content[0].text, 'read ran');
    await assert.rejects(session.request('tools/call', { name: 'read' }, { timeout: -1 }), { code: 'config_error' });
    await assert.rejects(session.request('no/such'), { code: 'rpc_error' });
    assert.equal((await session.request({ method: 'tools/call', params: { name: 'read' } })).content.length, 1);
  });
});
