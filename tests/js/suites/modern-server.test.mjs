// The official SDK's server of 2026-07-28 (v2), in its three modes: every operation of a session, and the effect of a
// restart.
import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { until } from '../helpers/until.mjs';
import { startModernServer } from '../servers/modern-server.mjs';

const packageEntry = process.env.MCP_TETHER_PACKAGE
  ? pathToFileURL(process.env.MCP_TETHER_PACKAGE)
  : new URL('../../../pkg/node.js', import.meta.url);
const { McpManager } = await import(packageEntry);

const uri = 'test://counter';
const textOf = ({ content }) => content[0].text;
const newManager = (url, server = {}, options = {}) =>
  new McpManager(
    { mcpServers: { s: { url, sessionConfig: { retryDelay: 40 }, ...server } } },
    { env: {}, log: () => {}, ...options },
  );

for (const responseMode of ['auto', 'sse']) {
  describe(`the official server of 2026-07-28, answers: ${responseMode}`, { timeout: 60_000 }, () => {
    let server;
    let manager;
    let session;
    before(async () => (server = await startModernServer({ responseMode })));
    after(() => server.close());
    beforeEach(async () => {
      manager = newManager(server.url);
      session = await manager.connect('u', 's');
    });
    afterEach(() => manager.close());

    test('connects, lists, calls, reads and gets', async () => {
      assert.deepEqual(
        { kind: session.kind, version: session.protocolVersion },
        { kind: 'modern', version: '2026-07-28' },
      );
      assert.equal(session.getServerVersion().name, 'mcp-tether-modern-server');
      assert.equal(session.getInstructions(), 'A modern server for tests.');
      assert.ok((await session.listTools()).tools.some(({ name }) => name === 'echo'));
      assert.equal(textOf(await session.callTool({ name: 'echo', arguments: { text: 'ünï' } })), 'ünï');
      assert.equal((await session.callTool({ name: 'fail' })).isError, true);
      assert.equal((await session.listResources()).resources[0].uri, uri);
      assert.equal((await session.readResource({ uri })).contents[0].uri, uri);
      assert.equal(
        (await session.getPrompt({ name: 'greeting', arguments: { name: 'Ann' } })).messages[0].content.text,
        'Say hello to Ann.',
      );
      await assert.rejects(session.callTool({ name: 'nothing' }), { code: 'rpc_error', rpcCode: -32602 });
      await assert.rejects(session.request({ method: 'vendor/x' }), { code: 'rpc_error', rpcCode: -32601 });
    });

    test('mirrors arguments into headers that the server reads', async () => {
      await session.listTools();
      const { region, size, header, sizeHeader } = JSON.parse(
        textOf(await session.callTool({ name: 'route', arguments: { region: 'Zürich', size: 7 } })),
      );
      assert.deepEqual({ region, size, sizeHeader }, { region: 'Zürich', size: 7, sizeHeader: '7' });
      assert.equal(header, '=?base64?WsO8cmljaA==?=');
    });

    test('a call before any list reaches a tool with mirrored headers too', async () => {
      assert.equal(
        JSON.parse(textOf(await session.callTool({ name: 'route', arguments: { region: 'eu', size: 1 } }))).region,
        'eu',
      );
    });

    test('answers the server’s input requests, in two rounds', async () => {
      session.setRequestHandler('elicitation/create', ({ params }) => ({
        action: 'accept',
        content: params.message === 'Sure?' ? { name: 'yes' } : {},
      }));
      session.setRequestHandler('sampling/createMessage', () => ({
        role: 'assistant',
        model: 'test',
        content: { type: 'text', text: 'Aha.' },
      }));
      session.setRequestHandler('roots/list', () => ({ roots: [{ uri: 'file:///here' }] }));
      const { first, last } = JSON.parse(textOf(await session.callTool({ name: 'ask' })));
      assert.deepEqual(first.name, { action: 'accept', content: { name: 'unnamed' } }, 'with the form’s default');
      assert.equal(first.sample.content.text, 'Aha.');
      assert.deepEqual(first.roots, { roots: [{ uri: 'file:///here' }] });
      assert.deepEqual(last, { action: 'accept', content: { name: 'yes' } });
    });

    test('progress and log lines arrive', async () => {
      const steps = [];
      const lines = [];
      session.setNotificationHandler('notifications/message', ({ params }) => lines.push(params.data));
      await session.setLoggingLevel('debug');
      await session.callTool(
        { name: 'slow', arguments: { ms: 100 } },
        { onprogress: ({ progress }) => steps.push(progress) },
      );
      await session.callTool({ name: 'log' });
      assert.deepEqual({ steps, lines }, { steps: [1, 2, 3, 4, 5], lines: ['a log message'] });
    });

    test('a cancelled call is stopped at the server', async () => {
      const before = server.counts.aborted;
      const calls = server.counts.calls.slow ?? 0;
      const aborter = new AbortController();
      const call = session.callTool(
        { name: 'slow', arguments: { ms: 30_000, key: 'cancelled' } },
        { signal: aborter.signal },
      );
      const rejected = assert.rejects(call, { code: 'cancelled' });
      await until(() => server.counts.calls.slow > calls, 'the tool runs');
      aborter.abort();
      await rejected;
      await until(() => server.counts.aborted === before + 1, 'the tool is stopped');
      assert.equal(server.counts.executions.cancelled, undefined);
    });

    test('gets change notifications', async () => {
      const heard = [];
      session.onnotification = ({ method }) => heard.push(method);
      await session.subscribeResource({ uri });
      await session.callTool({ name: 'increment', arguments: { key: responseMode } });
      await until(() => heard.includes('notifications/resources/updated'), 'the update');
      await session.callTool({ name: 'change' });
      for (const what of ['tools', 'prompts', 'resources'])
        await until(() => heard.includes(`notifications/${what}/list_changed`), `changed ${what}`);
    });

    test('a restart: calls continue, and the subscription is restored', async () => {
      const heard = [];
      session.setNotificationHandler('notifications/resources/updated', ({ params }) => heard.push(params.uri));
      await session.subscribeResource({ uri });
      const before = server.counts.calls.slow;
      const running = session.callTool({ name: 'slow', arguments: { ms: 5_000, key: 'interrupted' } });
      running.catch(() => {});
      await until(() => server.counts.calls.slow > before, 'the call runs');
      await server.restart();
      await assert.rejects(running, { code: 'outcome_unknown' });
      assert.equal(textOf(await session.callTool({ name: 'echo', arguments: { text: 'still there' } })), 'still there');
      await until(async () => {
        await session.callTool({ name: 'increment', arguments: { key: 'restarted' } });
        return heard.length > 0;
      }, 'updates arrive again');
      assert.equal(session.kind, 'modern');
    });

    test('is never sent what the revision does not have', () => {
      assert.deepEqual(Object.keys(server.counts.http), ['POST']);
      assert.equal(server.counts.sessionHeaders, 0);
      for (const gone of [
        'initialize',
        'ping',
        'logging/setLevel',
        'resources/subscribe',
        'notifications/initialized',
        'notifications/cancelled',
      ]) {
        assert.equal(server.counts.methods[gone], undefined, gone);
      }
    });
  });
}

describe('cacheable lists of the official server', { timeout: 120_000 }, () => {
  let server;
  before(
    async () =>
      (server = await startModernServer({ cacheHints: { 'tools/list': { ttlMs: 60_000, cacheScope: 'private' } } })),
  );
  after(() => server.close());

  test('are fetched once, until the server notifies a change', async () => {
    const manager = newManager(server.url);
    const session = await manager.connect('u', 's');
    let changes = 0;
    session.setNotificationHandler('notifications/tools/list_changed', () => (changes += 1));
    await until(() => server.counts.openStreams === 1, 'the subscription');
    const before = server.counts.methods['tools/list'] ?? 0;
    await session.listTools();
    await session.listTools();
    assert.ok(server.counts.methods['tools/list'] - before <= 1);
    const fetched = server.counts.methods['tools/list'];
    // The stream may be open before the server listens to its own bus.
    await until(() => {
      server.notify.toolsChanged();
      return changes > 0;
    }, 'the change');
    await session.listTools();
    assert.ok(server.counts.methods['tools/list'] > fetched);
    await manager.close();
  });
});

describe('older clients and the official server', { timeout: 120_000 }, () => {
  test('it also serves clients that send initialize, without sessions', async () => {
    const server = await startModernServer({ legacy: 'stateless' });
    const manager = newManager(server.url, { protocolVersion: 'legacy' });
    const session = await manager.connect('u', 's');
    assert.equal(session.kind, 'stateless');
    assert.equal(textOf(await session.callTool({ name: 'echo', arguments: { text: 'old' } })), 'old');
    assert.equal(server.counts.methods['server/discover'], undefined);
    await manager.close();
    await server.close();
  });

  test('or refuses them', async () => {
    const server = await startModernServer({ legacy: 'reject' });
    const old = newManager(server.url, { protocolVersion: 'legacy' });
    await assert.rejects(old.connect('u', 's'));
    assert.equal(server.counts.methods.initialize >= 1, true);
    await old.close();
    const manager = newManager(server.url);
    assert.equal((await manager.connect('u', 's')).kind, 'modern');
    await manager.close();
    await server.close();
  });
});
