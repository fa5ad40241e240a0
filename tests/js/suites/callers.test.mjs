// Objects that belong to callers: their signals, callbacks, names and auth providers.
import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { after, before, describe, test } from 'node:test';
import { McpManager } from '../../../pkg/node.js';
import { startScriptedServer } from '../servers/scripted-server.mjs';
import { sendJson } from '../servers/shared/messages.mjs';

describe('callers', () => {
  let server;
  let manager;
  let lines;
  const held = [];
  const rejections = [];
  const onRejection = (reason) => rejections.push(reason);

  before(async () => {
    process.on('unhandledRejection', onRejection);
    server = await startScriptedServer(({ request, response, message }) => {
      if (request.url === '/locked') {
        sendJson(response, 401, {});
        return true;
      }
      if (message?.params?.name === 'held') return held.push(response);
      if (message?.params?.name !== 'progress') return false;
      const { progressToken } = message.params._meta;
      response.writeHead(200, { 'Content-Type': 'text/event-stream' });
      const progress = { jsonrpc: '2.0', method: 'notifications/progress', params: { progressToken, progress: 1 } };
      const news = { jsonrpc: '2.0', method: 'notifications/message', params: { data: 'x' } };
      const result = { jsonrpc: '2.0', id: message.id, result: { content: [] } };
      response.end([progress, news, result].map((each) => `data: ${JSON.stringify(each)}\n\n`).join(''));
      return true;
    });
    lines = [];
    const config = { url: server.url, protocolVersion: 'legacy' };
    const locked = { ...config, url: `${server.origin}/locked`, authTimeout: 50 };
    manager = new McpManager(
      { mcpServers: { s: config, locked } },
      {
        log: async (_level, line) => {
          lines.push(line);
          throw new Error('the log itself fails');
        },
      },
    );
  });
  after(async () => {
    await manager.close();
    await server.close();
    process.off('unhandledRejection', onRejection);
  });

  const until = async (condition) => {
    while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5));
  };
  const codeOf = (promise) =>
    promise.then(
      () => undefined,
      ({ code }) => code,
    );

  test('callbacks that return rejecting promises are logged, and no rejection is left unhandled', async () => {
    const session = await manager.connect('ada', 's');
    session.setNotificationHandler('notifications/message', () => Promise.reject(new Error('no handler today')));
    await session.callTool(
      { name: 'progress' },
      {
        onprogress: async () => {
          throw new Error('no progress today');
        },
      },
    );
    await until(() => lines.length >= 2 && lines.some((line) => line.includes('no handler today')));
    assert.ok(lines.includes('[MCP] onprogress threw: no progress today'), lines.join('\n'));
    assert.ok(lines.includes('[MCP] a notification handler threw: no handler today'), lines.join('\n'));
    await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual(rejections, []);
  });

  test('a signal has one listener, however many calls share it, and none when they are over', async () => {
    const session = await manager.connect('ada', 's');
    const controller = new AbortController();
    const { signal } = controller;
    const other = new AbortController();
    const calls = Array.from({ length: 50 }, () => session.callTool({ name: 'held' }, { signal }));
    const apart = session.callTool({ name: 'held' }, { signal: other.signal });
    await session.callTool({ name: 'read' }, { signal });
    assert.equal(getEventListeners(signal, 'abort').length, 1);
    assert.equal(getEventListeners(other.signal, 'abort').length, 1);
    controller.abort(new Error('enough'));
    for (const call of calls) {
      const error = await call.catch((reason) => reason);
      assert.equal(error.code, 'cancelled');
      assert.equal(error.cause, signal.reason);
    }
    assert.deepEqual(
      [getEventListeners(signal, 'abort').length, getEventListeners(other.signal, 'abort').length],
      [0, 1],
    );
    other.abort();
    assert.equal(await codeOf(apart), 'cancelled');
    assert.equal(getEventListeners(other.signal, 'abort').length, 0);
    assert.equal(await codeOf(session.callTool({ name: 'read' }, { signal })), 'cancelled', 'and it stays aborted');
  });

  test('a signal can be used again after its calls are settled', async () => {
    const session = await manager.connect('ada', 's');
    const controller = new AbortController();
    await session.callTool({ name: 'read' }, { signal: controller.signal });
    assert.equal(getEventListeners(controller.signal, 'abort').length, 0);
    const call = session.callTool({ name: 'held' }, { signal: controller.signal });
    controller.abort();
    assert.equal(await codeOf(call), 'cancelled');
  });

  for (const [what, ...names] of [
    ['an empty user', '', 's'],
    ['an empty server', 'ada', ''],
    ['a number', 7, 's'],
    ['nothing', undefined, 's'],
    ['no server', 'ada'],
    ['null', null, 's'],
    ['an object', {}, 's'],
  ]) {
    test(`connect with ${what} is a config_error`, async () => {
      const before = manager.getSessionStats();
      assert.equal(await codeOf(manager.connect(...names)), 'config_error');
      assert.deepEqual(manager.getSessionStats(), before);
    });
  }

  test('an auth provider that never settles times out, and its signal is aborted', { timeout: 120_000 }, async () => {
    let signal;
    let answer;
    const token = (context) => {
      signal = context.signal;
      return new Promise((resolve) => (answer = resolve));
    };
    const error = await manager.connect('ada', 'locked', { auth: { token } }).catch((reason) => reason);
    assert.equal(error.code, 'unauthorized');
    assert.match(error.evidence, /HTTP 401.*authTimeout/);
    assert.equal(signal.aborted, true);
    answer('late');
  });
});
