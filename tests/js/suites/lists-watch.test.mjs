// Handlers that get the new list, and results held against the schemas of their tools.
import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import { Validator } from '@cfworker/json-schema';
import { CfWorkerJsonSchemaValidator } from '@modelcontextprotocol/client/validators/cf-worker';
import { watchLists } from '../../../pkg/lists.js';
import { McpError, McpManager } from '../../../pkg/node.js';
import { checkOutput } from '../../../pkg/output-schema.js';
import { startScriptedServer } from '../servers/scripted-server.mjs';
import { sendJson } from '../servers/shared/messages.mjs';

const numbers = { type: 'object', properties: { n: { type: 'number' } }, required: ['n'] };

describe('lists and schemas', { timeout: 60_000 }, () => {
  let server;
  let manager;
  let session;
  let tools;
  let result; // of tools/call
  let lists; // how often tools/list was asked
  let stream; // the GET stream
  let refuses; // tools/list with an error
  let forgotten; // ids of sessions that the server knows no more

  before(async () => {
    server = await startScriptedServer(answer);
  });

  function answer({ request, response, message }) {
    if (forgotten.has(request.headers['mcp-session-id'])) {
      response.writeHead(404).end();
      return true;
    }
    if (request.method === 'GET') {
      stream = response.writeHead(200, { 'Content-Type': 'text/event-stream' });
      stream.flushHeaders();
      return true;
    }
    const results = answers[message?.method];
    if (!results) return false;
    const { headers, ...outcome } = results(request);
    sendJson(response, 200, { jsonrpc: '2.0', id: message.id, ...outcome }, headers);
    return true;
  }

  const answers = {
    initialize: () => ({
      result: {
        protocolVersion: '2025-11-25',
        capabilities: { tools: { listChanged: true }, prompts: { listChanged: true } },
        serverInfo: { name: 's', version: '1' },
      },
      headers: { 'Mcp-Session-Id': `session-${Math.random()}` },
    }),
    'tools/list': () => {
      lists++;
      return refuses ? { error: { code: -32603, message: 'not now' } } : { result: { tools } };
    },
    'tools/call': () => ({ result }),
    'prompts/list': ({ headers }) => ({ result: { prompts: [{ name: `of ${headers['mcp-session-id']}` }] } }),
  };

  beforeEach(async () => {
    stream = undefined;
    lists = 0;
    refuses = false;
    forgotten = new Set();
    tools = [{ name: 'count', inputSchema: { type: 'object' }, outputSchema: numbers }];
    result = { content: [], structuredContent: { n: 1 } };
    manager = new McpManager({ mcpServers: { s: { url: server.url, protocolVersion: 'legacy' } } }, { log() {} });
    session = await manager.connect('ada', 's');
  });
  afterEach(() => manager.close());
  after(() => server.close());

  const until = async (condition) => {
    while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5));
  };
  const tell = async (what) => {
    await until(() => stream);
    stream.write(`data: ${JSON.stringify({ jsonrpc: '2.0', method: `notifications/${what}/list_changed` })}\n\n`);
  };

  test('a handler gets the new tools, once for changes that come together', async () => {
    const got = [];
    const heard = [];
    session.setNotificationHandler('notifications/tools/list_changed', () => heard.push(1));
    const onChanged = (error, items) => got.push([error, items.map(({ name }) => name)]);
    const stop = watchLists(manager, session, { tools: { onChanged, debounceMs: 30 } });
    tools = [...tools, { name: 'more', inputSchema: { type: 'object' } }];
    for (let times = 0; times < 5; times++) await tell('tools');
    await until(() => got.length > 0);
    await until(() => heard.length === 5);
    assert.deepEqual(got, [[null, ['count', 'more']]]);
    assert.equal(lists, 1);

    stop();
    await tell('tools');
    await until(() => heard.length === 6);
    await new Promise((resolve) => setTimeout(resolve, 60));
    assert.equal(lists, 1, 'nothing is read after it was stopped');
  });

  test('a handler gets the error of reading, and without autoRefresh nothing is read', async () => {
    const got = [];
    refuses = true;
    const handler = { onChanged: (...args) => got.push(args), debounceMs: 0 };
    watchLists(manager, session, { tools: handler });
    await tell('tools');
    await until(() => got.length > 0);
    assert.ok(got[0][0] instanceof McpError && got[0][0].code === 'rpc_error');
    assert.equal(got[0][1], null);

    const quiet = [];
    const other = await manager.connect('bob', 's');
    stream = undefined;
    await other.callTool({ name: 'count' });
    await until(() => stream);
    const before = lists;
    watchLists(manager, other, {
      tools: { autoRefresh: false, debounceMs: 0, onChanged: (...args) => quiet.push(args) },
    });
    await tell('tools');
    await until(() => quiet.length > 0);
    assert.deepEqual([quiet, lists], [[[null, null]], before]);
  });

  test('lists that are others after a recovery are told', async () => {
    const got = [];
    watchLists(manager, session, { prompts: { debounceMs: 0, onChanged: (_error, items) => got.push(items[0].name) } });
    const old = session.sessionId;
    forgotten.add(old);
    await session.callTool({ name: 'count' });
    await until(() => got.length > 0);
    assert.deepEqual(got, [`of ${session.sessionId}`]);
    assert.notEqual(session.sessionId, old);
  });

  for (const [name, validator] of Object.entries({ Validator, CfWorker: new CfWorkerJsonSchemaValidator() }))
    test(`a result that does not match its schema is an error (${name})`, async () => {
      result = { content: [], structuredContent: { n: 'one' } };
      assert.deepEqual(await session.callTool({ name: 'count' }), result, 'off by default');

      checkOutput(manager, validator);
      const checked = await manager.connect('ada', 's');
      const call = () => checked.callTool({ name: 'count' });
      const rejects = (rpcCode, words) =>
        assert.rejects(call(), (error) => {
          assert.ok(error instanceof McpError);
          assert.deepEqual([error.code, error.rpcCode, error.retryable], ['protocol_error', rpcCode, false]);
          assert.match(error.message, words);
          return true;
        });
      await rejects(-32602, /count.*does not match/s);
      result = { content: [] };
      await rejects(-32600, /no structuredContent/);
      result = { content: [], isError: true };
      assert.deepEqual(await call(), result, 'a failure of the tool needs none');
      result = { content: [], structuredContent: { n: 2 } };
      assert.deepEqual(await call(), result);
      assert.equal(lists, 1, 'the tools were listed once');

      tools = [{ ...tools[0], outputSchema: { type: 'object', properties: { n: { type: 'string' } } } }];
      await tell('tools');
      await until(() => lists === 1);
      let error;
      while (!error)
        error = await call().then(
          () => undefined,
          (thrown) => thrown,
        );
      assert.match(error.message, /does not match/, 'the new schema counts');
    });

  test('a provider may reject a result without a message', async () => {
    checkOutput(manager, { getValidator: () => () => ({ valid: false }) });
    const checked = await manager.connect('ada', 's');
    await assert.rejects(checked.callTool({ name: 'count' }), { code: 'protocol_error' });
  });

  test('an invalid schema is reported before the tool runs; tools without one are not checked', async () => {
    tools = [{ name: 'broken', outputSchema: numbers }, { name: 'free' }];
    checkOutput(manager, {
      getValidator() {
        throw new Error('no such draft');
      },
    });
    const checked = await manager.connect('ada', 's');
    const before = server.seen.filter((kind) => kind === 'tools/call').length;
    await assert.rejects(checked.callTool({ name: 'broken' }), /cannot be used: no such draft/);
    assert.equal(server.seen.filter((kind) => kind === 'tools/call').length, before);
    result = { content: [], structuredContent: { n: 'any' } };
    assert.deepEqual(await checked.callTool({ name: 'free' }), result);
    assert.throws(() => checkOutput(manager, {}), { code: 'config_error' });
  });
});
