// `await using`: a manager is closed, a session object lets go of nothing but itself.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { McpError, McpManager } from '../../../pkg/node.js';
import { startScriptedServer } from '../servers/scripted-server.mjs';

const isClosed = (error) => error instanceof McpError && error.code === 'closed';

describe('disposal', () => {
  let server;
  let isHeld;
  const held = [];
  const make = () =>
    new McpManager({ mcpServers: { s: { url: server.url, protocolVersion: 'legacy' } } }, { log() {} });

  before(async () => {
    server = await startScriptedServer(({ response, message }) => {
      if (message?.method !== 'tools/call' || !isHeld) return false;
      held.push({ response, id: message.id });
      return true;
    });
  });
  after(() => server.close());

  test('of a session object: the session stays, nothing is sent', async () => {
    const manager = make();
    const kept = await manager.connect('ada', 's');
    const session = await manager.connect('ada', 's');
    const heard = [];
    session.setNotificationHandler('notifications/message', (notification) => heard.push(notification));
    const sent = server.seen.length;

    await session[Symbol.asyncDispose]();

    await manager.idle();
    assert.equal(server.seen.length, sent, 'no DELETE, and nothing else');
    assert.equal(kept.state, 'ready');
    assert.equal((await kept.callTool({ name: 'read' })).content.length, 1);
    assert.equal(manager.getSessionStats().totalSessions, 1);
    assert.equal((await manager.connect('ada', 's')).generation, 1, 'the next connect finds the same session');
    await manager.close({ terminate: true });
  });

  test('of a session object: its calls are answered, its use afterwards is `closed`', async () => {
    const manager = make();
    const session = await manager.connect('ada', 's');
    isHeld = true;
    const call = session.callTool({ name: 'write' });
    while (held.length === 0) await new Promise(setImmediate);
    isHeld = false;
    const disposals = [session[Symbol.asyncDispose](), session[Symbol.asyncDispose]()];
    await Promise.all(disposals);
    await session[Symbol.asyncDispose]();
    const { response, id } = held.pop();
    response.writeHead(200, { 'Content-Type': 'application/json' });
    response.end(JSON.stringify({ jsonrpc: '2.0', id, result: { content: [] } }));
    assert.deepEqual(await call, { content: [] });

    await assert.rejects(async () => session.callTool({ name: 'read' }), isClosed);
    await assert.rejects(session.listTools(), isClosed);
    assert.throws(() => session.state, isClosed);
    assert.equal((await (await manager.connect('ada', 's')).listTools()).tools.length, 2, 'the module is unharmed');
    await manager.close();
  });

  test('of a session object from within its own handlers', async () => {
    const manager = make();
    const session = await manager.connect('ada', 's');
    manager.events.addEventListener('requestSent', () => session[Symbol.asyncDispose](), { once: true });
    assert.equal((await session.callTool({ name: 'read' })).content.length, 1);
    assert.throws(() => session.state, isClosed);
    await manager.close();
  });

  test('of a manager: it is closed', async () => {
    const manager = make();
    const session = await manager.connect('ada', 's');
    await manager[Symbol.asyncDispose]();
    assert.equal(session.state, 'closed');
    await assert.rejects(manager.connect('ada', 's'), isClosed);
  });
});
