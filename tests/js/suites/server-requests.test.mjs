// Server requests in the course of a session, with the official SDK's server (v1): samples, forms, URLs, roots, tasks.
import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { until } from '../helpers/until.mjs';
import { startAskingServer } from '../servers/asking-server.mjs';

const packageEntry = process.env.MCP_TETHER_PACKAGE
  ? pathToFileURL(process.env.MCP_TETHER_PACKAGE)
  : new URL('../../../pkg/node.js', import.meta.url);
const { McpManager } = await import(packageEntry);

describe('requests of the server', { timeout: 120_000 }, () => {
  let server;
  let manager;
  let session;
  before(async () => (server = await startAskingServer()));
  after(() => server.close());

  beforeEach(async () => {
    const capabilities = { sampling: {}, elicitation: { form: {}, url: {} }, roots: { listChanged: true } };
    manager = new McpManager(
      { mcpServers: { s: { url: server.url, sessionConfig: { retryDelay: 40 } } } },
      { env: {}, log: () => {}, capabilities },
    );
    // Requests that come on the GET stream need it to be open, which a first connect does not wait for.
    const listening = new Promise((resolve) => manager.events.addEventListener('streamOpened', resolve));
    session = await manager.connect('u', 's');
    await listening;
  });
  afterEach(() => manager.close({ terminate: true }));

  /** Makes the server send a request; returns our handler's result, or `{ code, message, data }`. */
  async function asked(method, params, on) {
    const { content } = await session.callTool({ name: 'ask', arguments: { method, params, on } });
    return JSON.parse(content[0].text);
  }

  const sampling = { messages: [{ role: 'user', content: { type: 'text', text: 'Hm?' } }], maxTokens: 9 };
  const sample = { role: 'assistant', content: { type: 'text', text: 'Aha.' }, model: 'test' };

  for (const name of ['setRequestHandler', 'setNotificationHandler']) {
    test(`${name} refuses what is no method or no handler at once`, () => {
      for (const [given, message] of [
        [[undefined, () => ({})], 'method: must be a string'],
        [[{ method: 'roots/list' }, () => ({})], 'method: must be a string'],
        [['roots/list'], 'handler: must be a function'],
        [['elicitation/create', {}], 'handler: must be a function'],
      ])
        assert.throws(() => session[name](...given), { name: 'McpError', code: 'config_error', message });
    });
  }

  for (const on of ['post', 'get']) {
    test(`a handler's result is the answer, on the ${on.toUpperCase()} stream`, async () => {
      session.setRequestHandler('sampling/createMessage', ({ method, params }) => {
        assert.deepEqual({ method, maxTokens: params.maxTokens }, { method: 'sampling/createMessage', maxTokens: 9 });
        return sample;
      });
      assert.deepEqual(await asked('sampling/createMessage', sampling, on), sample);
    });

    test(`a handler's error is sent as the error, on the ${on.toUpperCase()} stream`, async () => {
      const refusals = [
        [new Error('the user said no'), { code: -32603, message: /the user said no/ }],
        [
          Object.assign(new Error('the user said no'), { code: -1, data: { why: 'busy' } }),
          { code: -1, message: /the user said no/, data: { why: 'busy' } },
        ],
        [Object.assign(new Error('no'), { code: 'ENOENT' }), { code: -32603, message: /no/ }],
        [
          { code: 7, message: 'thrown as it is' },
          { code: 7, message: /thrown as it is/ },
        ],
      ];
      for (const [thrown, { message, ...wanted }] of refusals) {
        session.setRequestHandler('sampling/createMessage', () => {
          throw thrown;
        });
        const { message: received, ...error } = await asked('sampling/createMessage', sampling, on);
        assert.deepEqual(error, wanted);
        assert.match(received, message);
      }
    });
  }

  test('a call right after a recovery finds the GET stream open: this server buffers nothing', async () => {
    const slow = await startAskingServer({ streamDelay: 100 });
    const plain = new McpManager(
      { mcpServers: { s: { url: slow.url, timeout: 30_000, sessionConfig: { retryDelay: 40 } } } },
      { env: {}, log: () => {} },
    );
    session = await plain.connect('u', 's');
    session.setRequestHandler('sampling/createMessage', () => sample);
    await slow.forgetSessions();
    assert.deepEqual(await asked('sampling/createMessage', sampling, 'get'), sample);
    await plain.close();
    await slow.close();
  });

  test('a request without a handler is answered −32601', async () => {
    assert.equal((await asked('sampling/createMessage', sampling)).code, -32601);
    assert.equal((await asked('unknown/method', {})).code, -32601);
    assert.deepEqual(await asked('ping'), {});
  });

  test('the server cancels a request: the handler’s signal is aborted, and the call continues', async () => {
    let signal;
    session.setRequestHandler(
      'sampling/createMessage',
      (_request, extra) => new Promise(() => (signal = extra.signal)),
    );
    const controller = new AbortController();
    const call = session.callTool(
      { name: 'ask', arguments: { method: 'sampling/createMessage', params: sampling } },
      { signal: controller.signal },
    );
    await until(() => signal, 'the handler is called');
    server.forgetSessions();
    controller.abort();
    await assert.rejects(call, { code: 'cancelled' });
    await session.ping();
    assert.equal(signal.aborted, true);
  });

  describe('forms', () => {
    const requestedSchema = {
      type: 'object',
      properties: {
        name: { type: 'string', default: 'unnamed' },
        age: { type: 'integer', default: 30 },
        score: { type: 'number', default: 0 },
        member: { type: 'boolean', default: false },
        tier: { type: 'string', enum: ['gold', 'tin'], default: 'tin' },
        tags: { type: 'array', items: { type: 'string', enum: ['a', 'b'] }, default: ['a'] },
        comment: { type: 'string' },
      },
    };
    const form = { message: 'Who are you?', requestedSchema };
    const defaults = { name: 'unnamed', age: 30, score: 0, member: false, tier: 'tin', tags: ['a'] };

    test('fields left out of an accepted form get the default of the schema', async () => {
      const answers = [
        [
          { action: 'accept', content: {} },
          { action: 'accept', content: defaults },
        ],
        [{ action: 'accept' }, { action: 'accept', content: defaults }],
        [
          { action: 'accept', content: { name: '', age: 0, member: true } },
          { action: 'accept', content: { ...defaults, name: '', age: 0, member: true } },
        ],
        [{ action: 'decline' }, { action: 'decline' }],
        [{ action: 'cancel' }, { action: 'cancel' }],
      ];
      for (const [given, answer] of answers) {
        const kept = structuredClone(given);
        session.setRequestHandler('elicitation/create', async () => given);
        assert.deepEqual(await asked('elicitation/create', form), answer);
        assert.deepEqual(given, kept, 'the handler’s own object is not changed');
      }
    });

    test('a mode that was not declared is answered −32602, and the handler is not called', async () => {
      session.setRequestHandler('elicitation/create', () => ({ action: 'accept', content: {} }));
      assert.equal((await asked('elicitation/create', { mode: 'smell', message: 'Sniff.' })).code, -32602);
      const plain = new McpManager(
        { mcpServers: { s: { url: server.url } } },
        { env: {}, log: () => {}, capabilities: { elicitation: {} } },
      );
      const other = await plain.connect('u', 's');
      other.setRequestHandler('elicitation/create', () => assert.fail('asked'));
      const params = { mode: 'url', message: 'Go.', url: 'https://example.com', elicitationId: 'e' };
      const { content } = await other.callTool({ name: 'ask', arguments: { method: 'elicitation/create', params } });
      assert.equal(JSON.parse(content[0].text).code, -32602);
      await plain.close({ terminate: true });
    });
  });

  describe('URLs', () => {
    test('a handler is called with the URL, and its answer is sent unchanged', async () => {
      const visit = {
        mode: 'url',
        message: 'Please sign in.',
        url: 'https://example.com/sign-in',
        elicitationId: 'e-1',
      };
      const seen = [];
      session.setRequestHandler('elicitation/create', ({ params }) => {
        seen.push(params.url);
        return { action: 'accept' };
      });
      assert.deepEqual(await asked('elicitation/create', visit), { action: 'accept' });
      assert.deepEqual(seen, [visit.url]);
    });

    test('−32042 names the URLs; after `elicitation/complete` the same call goes through', async () => {
      const complete = new Promise((resolve) =>
        session.setNotificationHandler('notifications/elicitation/complete', resolve),
      );
      const error = await session.callTool({ name: 'pay' }).then(assert.fail, (reason) => reason);
      assert.deepEqual({ code: error.code, rpcCode: error.rpcCode }, { code: 'rpc_error', rpcCode: -32042 });
      const [{ mode, url, elicitationId }] = error.data.elicitations;
      assert.deepEqual({ mode, elicitationId }, { mode: 'url', elicitationId: 'payment' });
      await fetch(url);
      assert.equal((await complete).params.elicitationId, elicitationId);
      assert.match((await session.callTool({ name: 'pay' })).content[0].text, /thank you/);
    });
  });

  test('roots: requested at the start, at every change, and again from the recovered session', async () => {
    // A server of its own: the session of the other one would recover, too, and be asked as well.
    const asking = await startAskingServer();
    const plain = new McpManager(
      { mcpServers: { s: { url: asking.url, sessionConfig: { retryDelay: 40 } } } },
      { env: {}, log: () => {} },
    );
    const own = await plain.connect('roots', 's');
    let roots = [{ uri: 'file:///one' }];
    own.setRequestHandler('roots/list', () => ({ roots }));
    const reported = () => asking.counts.roots;

    // The handler came after the first handshake; the next one declares it.
    await asking.forgetSessions();
    await own.ping();
    assert.deepEqual(asking.counts.capabilities.at(-1), { roots: { listChanged: true } });
    await until(() => reported().length === 1, 'the server requests roots');
    roots = [{ uri: 'file:///two' }];
    await own.notification({ method: 'notifications/roots/list_changed' });
    await until(() => reported().length === 2, 'the server requests them again');
    roots = [{ uri: 'file:///three' }];
    await asking.forgetSessions();
    await own.ping();
    await until(() => reported().length === 3, 'the server requests them from the recovered session');
    assert.deepEqual(reported(), [['file:///one'], ['file:///two'], ['file:///three']]);
    await plain.close({ terminate: true });
    await asking.close();
  });

  describe('tasks of 2025-11-25', () => {
    const start = (key, ms) =>
      session.request({
        method: 'tools/call',
        params: { name: 'work', arguments: { key, ms }, task: { ttl: 60_000 } },
      });
    const taskRequest = (method, params, options) => session.request({ method, params }, options);

    test('a call as a task is followed, awaited and listed', async () => {
      const { task } = await start('followed', 150);
      assert.equal(task.status, 'working');
      assert.equal((await taskRequest('tasks/get', { taskId: task.taskId })).taskId, task.taskId);
      // `tasks/result` waits for the task: longer than the server's own `timeout`, if configured.
      const result = await taskRequest('tasks/result', { taskId: task.taskId }, { timeout: 600_000 });
      assert.match(result.content[0].text, /worked 150 ms/);
      assert.equal(result._meta['io.modelcontextprotocol/related-task'].taskId, task.taskId);
      assert.equal((await taskRequest('tasks/get', { taskId: task.taskId })).status, 'completed');
      assert.ok((await taskRequest('tasks/list')).tasks.some(({ taskId }) => taskId === task.taskId));
      assert.equal(server.counts.executions.followed, 1);
    });

    test('a task is cancelled, once', async () => {
      const { task } = await start('cancelled', 5_000);
      assert.equal((await taskRequest('tasks/cancel', { taskId: task.taskId })).status, 'cancelled');
      await assert.rejects(taskRequest('tasks/cancel', { taskId: task.taskId }), {
        code: 'rpc_error',
        rpcCode: -32602,
      });
      await assert.rejects(taskRequest('tasks/get', { taskId: 'nothing' }), { code: 'rpc_error', rpcCode: -32602 });
    });

    test('a call that has to be a task fails with a hint', async () => {
      await assert.rejects(session.callTool({ name: 'work', arguments: { key: 'plain', ms: 1 } }), {
        code: 'rpc_error',
        rpcCode: -32601,
      });
      assert.equal(server.counts.executions.plain, undefined);
    });
  });
});
