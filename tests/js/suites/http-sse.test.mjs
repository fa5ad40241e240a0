// HTTP+SSE of 2024-11-05 against the official SDK's server (v1), in Node and in a page: configured, and guessed from a
// refused POST.
import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { openPage } from '../helpers/browsers/chromium.mjs';
import { mainPath } from '../helpers/http-sse/main-path.mjs';
import { until } from '../helpers/until.mjs';
import { startHttpSseServer } from '../servers/http-sse-server.mjs';
import { startSdkServer } from '../servers/sdk-server.mjs';
import { startChildServer } from '../servers/shared/child-server.mjs';
import { findFreePort, listen } from '../servers/shared/listen.mjs';

const packageEntry = process.env.MCP_TETHER_PACKAGE
  ? pathToFileURL(process.env.MCP_TETHER_PACKAGE)
  : new URL('../../../pkg/node.js', import.meta.url);
const mcp = await import(packageEntry);
const { McpManager } = mcp;

function newManager(url, server = {}) {
  return new McpManager(
    { mcpServers: { s: { url, sessionConfig: { retryAttempts: 8, retryDelay: 40 }, ...server } } },
    { env: {}, log: () => {} },
  );
}

const settled = (call) =>
  call.then(
    (result) => ({ result }),
    (error) => ({ error }),
  );

for (const [name, config] of Object.entries({ configured: { type: 'sse' }, guessed: {} })) {
  describe(`HTTP+SSE, ${name}`, { timeout: 60_000 }, () => {
    let server;
    let manager;
    let session;
    before(async () => (server = await startHttpSseServer()));
    after(() => server.close());
    beforeEach(async () => {
      manager = newManager(server.url, config);
      session = await manager.connect('ada', 's');
    });
    afterEach(async () => {
      await manager.close();
      await until(() => server.openStreams() === 0, 'the stream is closed');
    });

    test('connects, lists, calls, gets notifications and answers requests', async () => {
      const seen = await mainPath(mcp, { url: server.url, ...config });
      assert.deepEqual(seen, {
        kind: 'stateful',
        sessionId: 'undefined',
        version: '2025-11-25',
        echo: 'hello',
        steps: [1, 2, 3],
        heard: ['a log message'],
        asked: 'hello grace',
        fails: true,
        code: 'rpc_error',
        state: 'terminated',
      });
    });

    test('cancels at the server', async () => {
      const stop = new AbortController();
      const call = settled(
        session.callTool(
          { name: 'slow', arguments: { ms: 20_000, key: `cancelled ${name}` } },
          { signal: stop.signal },
        ),
      );
      await until(() => server.counts.calls.slow > 0, 'the tool runs');
      stop.abort();
      assert.equal((await call).error.code, 'cancelled');
      await until(() => server.counts.methods['notifications/cancelled'] > 0, 'the server is notified');
      assert.equal(
        (await session.callTool({ name: 'echo', arguments: { text: 'still here' } })).content[0].text,
        'still here',
      );
    });

    test('a stream that is cut costs one handshake, and only safe calls are retried', async () => {
      await session.setLoggingLevel('debug');
      await session.subscribeResource({ uri: 'test://counter' });
      await session.listTools();
      const before = structuredClone(server.counts);
      const key = `cut ${name}`;
      const unsafe = settled(session.callTool({ name: 'slow', arguments: { ms: 400, key } }));
      await until(() => server.counts.calls.slow > (before.calls.slow ?? 0), 'the tool runs');
      server.cutStreams();
      const outcome = await unsafe;
      assert.equal(outcome.error?.code, 'outcome_unknown');
      const updates = [];
      session.setNotificationHandler('notifications/resources/updated', (message) => updates.push(message));
      await session.callTool({ name: 'increment', arguments: { key } });
      assert.equal(server.counts.calls.slow, (before.calls.slow ?? 0) + 1, 'it did not run again');
      assert.equal(server.counts.streams, before.streams + 1);
      assert.equal(server.counts.initialize, before.initialize + 1);
      await until(() => updates.length > 0, 'the subscription was restored');
      assert.equal(session.generation, 2);
    });

    test('a session that the server forgot is replaced at the next call', async () => {
      const before = server.counts.initialize;
      server.forgetSessions();
      const key = `forgotten ${name}`;
      const results = await Promise.all(
        [1, 2, 3].map(() => session.callTool({ name: 'increment', arguments: { key } })),
      );
      assert.deepEqual(results.map(({ content }) => content[0].text).sort(), ['1', '2', '3']);
      assert.equal(server.counts.initialize, before + 1);
    });
  });
}

describe('HTTP+SSE, the process killed', { timeout: 60_000 }, () => {
  for (const [name, config] of Object.entries({ configured: { type: 'sse' }, guessed: {} })) {
    test(`${name}: the session comes back, and the call in flight gets outcome_unknown`, async () => {
      const port = await findFreePort();
      const program = fileURLToPath(new URL('../servers/http-sse-server.mjs', import.meta.url));
      const server = await startChildServer({
        name: 'the HTTP+SSE server',
        args: [program, '--port', String(port)],
        port,
      });
      const manager = newManager(`http://127.0.0.1:${port}/sse`, config);
      try {
        const session = await manager.connect('ada', 's');
        const heard = [];
        const slow = settled(
          session.callTool({ name: 'slow', arguments: { ms: 20_000 } }, { onprogress: (step) => heard.push(step) }),
        );
        await until(() => heard.length > 0, 'the tool runs');
        await server.restart();
        assert.equal((await slow).error.code, 'outcome_unknown');
        assert.equal(
          (await session.callTool({ name: 'increment', arguments: {} })).content[0].text,
          '1',
          'the new process has run it once',
        );
        assert.equal(session.generation, 2);
      } finally {
        await manager.close();
        await server.close();
      }
    });
  }
});

describe('HTTP+SSE, refusals', { timeout: 60_000 }, () => {
  test('an endpoint of another origin gets nothing', async () => {
    let reached = 0;
    const other = await listen((_request, response) => {
      reached += 1;
      response.writeHead(202).end();
    });
    const server = await listen((_request, response) => {
      response.writeHead(200, { 'Content-Type': 'text/event-stream' });
      response.write(`event: endpoint\ndata: ${other.origin}/messages?sessionId=secret-1234\n\n`);
    });
    const manager = newManager(`${server.origin}/sse`, { type: 'sse', headers: { Authorization: 'Bearer secret' } });
    try {
      const { error } = await settled(manager.connect('ada', 's'));
      assert.equal(error.code, 'protocol_error');
      assert.match(error.message, /another origin/);
      assert.doesNotMatch(JSON.stringify(error), /secret/);
      assert.equal(reached, 0);
    } finally {
      await manager.close();
      await Promise.all([server.close(), other.close()]);
    }
  });

  test('a server of Streamable HTTP is not one of HTTP+SSE', async () => {
    const server = await startSdkServer();
    const manager = newManager(server.url, { type: 'sse' });
    try {
      const { error } = await settled(manager.connect('ada', 's'));
      assert.equal(error.code, 'http_error');
      assert.equal(error.status, 400);
    } finally {
      await manager.close();
      await server.close();
    }
  });
});

test('HTTP+SSE in Chromium', { timeout: 60_000 }, async () => {
  const server = await startHttpSseServer();
  const chromium = await openPage();
  try {
    for (const config of [{ type: 'sse' }, {}]) {
      const seen = await chromium.page.evaluate(
        async (settings) => {
          const [{ default: init, ...module }, { mainPath: run }] = await Promise.all([
            import('/pkg/browser.js'),
            import('/tests/helpers/http-sse/main-path.mjs'),
          ]);
          await init();
          return run(module, settings);
        },
        { url: server.url, ...config },
      );
      assert.equal(seen.asked, 'hello grace');
      assert.deepEqual(seen.steps, [1, 2, 3]);
      await until(() => server.openStreams() === 0, 'the stream is closed');
    }
    await chromium.page.evaluate(async (url) => {
      const { McpManager: Manager } = await import('/pkg/browser.js');
      globalThis.manager = new Manager({ mcpServers: { s: { url, type: 'sse', sessionConfig: { retryDelay: 40 } } } });
      globalThis.session = await globalThis.manager.connect('ada', 's');
    }, server.url);
    server.cutStreams();
    const after = await chromium.page.evaluate(async () => {
      const { content } = await globalThis.session.callTool({ name: 'increment', arguments: { key: 'page' } });
      const { generation } = globalThis.session;
      await globalThis.manager.close();
      return [content[0].text, generation];
    });
    assert.deepEqual(after, ['1', 2]);
  } finally {
    await chromium.close();
    await server.close();
  }
});
