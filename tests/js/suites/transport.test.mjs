// manager.transport(): the official SDK's own clients, v1 and v2, over our sessions, against real servers and the fault
// server.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { after, before, describe, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { Client as Client2, StreamableHTTPClientTransport as Http2 } from '@modelcontextprotocol/client';
import { Client as Client1 } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport as Http1 } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { ElicitRequestSchema, LoggingMessageNotificationSchema } from '@modelcontextprotocol/sdk/types.js';
import { until } from '../helpers/until.mjs';
import { startFaultServer } from '../servers/fault-server.mjs';
import { startSdkServer } from '../servers/sdk-server.mjs';

const packageEntry = process.env.MCP_TETHER_PACKAGE
  ? pathToFileURL(process.env.MCP_TETHER_PACKAGE)
  : new URL('../../../pkg/node.js', import.meta.url);
const { McpManager } = await import(packageEntry);

/** The differences between the two majors of the SDK. */
const sdks = {
  v1: {
    Client: Client1,
    Http: Http1,
    call: (client, params, options) => client.callTool(params, undefined, options),
    onElicit: (client, handler) => client.setRequestHandler(ElicitRequestSchema, handler),
    onLog: (client, handler) => client.setNotificationHandler(LoggingMessageNotificationSchema, handler),
  },
  v2: {
    Client: Client2,
    Http: Http2,
    call: (client, params, options) => client.callTool(params, options),
    onElicit: (client, handler) => client.setRequestHandler('elicitation/create', handler),
    onLog: (client, handler) => client.setNotificationHandler('notifications/message', handler),
  },
};

const textOf = ({ content }) => content[0].text;
const echo = (text) => ({ name: 'echo', arguments: { text } });

function newManager(url, options = {}) {
  const { server, ...rest } = options;
  return new McpManager(
    { mcpServers: { s: { url, sessionConfig: { retryDelay: 40 }, ...server } } },
    { env: {}, log: () => {}, ...rest },
  );
}

for (const [name, sdk] of Object.entries(sdks)) {
  const newClient = (capabilities = {}) =>
    new sdk.Client({ name: `official-${name}`, version: '7.8.9' }, { capabilities });

  for (const mode of ['stateful', 'stateless']) {
    describe(`the official client ${name} and a ${mode} server`, () => {
      let server;
      let manager;
      before(async () => {
        server = await startSdkServer({ mode });
        manager = newManager(server.url);
      });
      after(async () => {
        await manager.close();
        await server.close();
      });

      async function connected(capabilities, user = 'u') {
        const client = newClient(capabilities);
        await client.connect(manager.transport(user, 's'));
        return client;
      }

      test('connects, lists, calls and pings', async () => {
        const client = await connected();
        assert.equal(client.getServerVersion().name, 'mcp-tether-test-server');
        assert.equal(client.getInstructions(), 'A server for tests.');
        assert.ok(client.getServerCapabilities().tools);
        assert.ok((await client.listTools()).tools.some((tool) => tool.name === 'echo'));
        assert.equal(textOf(await sdk.call(client, echo('hello'))), 'hello');
        assert.deepEqual(await client.ping(), {});
        await client.close();
      });

      test('passes results and errors on unchanged', async () => {
        const client = await connected();
        assert.equal((await sdk.call(client, { name: 'fail', arguments: {} })).isError, true);
        const error = await client.readResource({ uri: 'test://nothing' }).then(assert.fail, (reason) => reason);
        assert.equal(error.code, -32002);
        assert.match(error.message, /no such resource: test:\/\/nothing/);
        await client.close();
      });

      test('reports progress under the client’s own token', async () => {
        const client = await connected();
        const steps = [];
        client.onerror = (error) => assert.fail(error);
        await sdk.call(client, { name: 'slow', arguments: { ms: 100 } }, { onprogress: (step) => steps.push(step) });
        assert.deepEqual(
          steps.map(({ progress }) => progress),
          [1, 2, 3, 4, 5],
        );
        assert.equal(steps[0].message, 'step 1 of 5');
        await client.close();
      });

      test('asks for progress only if the client does', async () => {
        const asked = [];
        const recorded = (url, init) => {
          const { method, params } = init.body ? JSON.parse(init.body) : {};
          if (method === 'tools/call') asked.push(params._meta?.progressToken !== undefined);
          return fetch(url, init);
        };
        const own = newManager(server.url, { fetch: recorded });
        const client = newClient();
        await client.connect(own.transport('asking', 's'));
        await sdk.call(client, echo('a'));
        await sdk.call(client, echo('b'), { onprogress: () => {} });
        assert.deepEqual(asked, [false, true]);
        await client.close();
        await own.close();
      });

      test('names the client’s request that a message belongs to', async () => {
        const transport = manager.transport('related', 's');
        const heard = [];
        transport.onmessage = (message, extra) => heard.push({ ...message, about: extra.relatedRequestId });
        const answered = (id) =>
          until(() => heard.some((message) => message.id === id && !message.method), `an answer to ${id}`);
        await transport.start();
        const client = { name: 'bare', version: '1' };
        transport.send({
          id: 'hello',
          method: 'initialize',
          params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: client },
        });
        await answered('hello');
        transport.send({
          id: 'slow',
          method: 'tools/call',
          params: { name: 'slow', arguments: { ms: 20 }, _meta: { progressToken: 1 } },
        });
        await answered('slow');
        const steps = heard.filter(({ method }) => method === 'notifications/progress');
        assert.deepEqual(
          steps.map(({ about }) => about),
          ['slow'],
        );
        await transport.close();
      });

      test('names the cause of local errors only', async () => {
        const transport = manager.transport('causes', 's');
        const answers = new Map();
        transport.onmessage = (message, { cause }) =>
          message.id && !message.method && answers.set(message.id, { ...message, cause });
        const answer = async (message) => {
          transport.send(message);
          await until(() => answers.has(message.id), `an answer to ${message.id}`);
          return answers.get(message.id);
        };
        await transport.start();
        const client = { name: 'bare', version: '1' };
        const hello = await answer({
          id: 'hello',
          method: 'initialize',
          params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: client },
        });
        assert.equal(hello.cause, undefined);
        const theirs = await answer({ id: 'theirs', method: 'no/such/method' });
        assert.deepEqual([theirs.error.code, theirs.cause], [-32601, undefined]);
        const cyclic = {};
        cyclic.self = cyclic;
        const ours = await answer({
          id: 'ours',
          method: 'tools/call',
          params: { name: 'echo', arguments: { cyclic } },
        });
        assert.equal(ours.error.code, 1000);
        assert.equal(ours.cause.code, ours.error.data.code);
        await transport.close();
      });

      test('cancels a call at the server, for a signal and for the client’s own timeout', async () => {
        const client = await connected();
        client.onerror = (error) => assert.fail(error);
        const ms = 30_000;
        const aborter = new AbortController();
        for (const options of [{ signal: aborter.signal }, { timeout: 500 }]) {
          const started = performance.now();
          const calls = server.counts.calls.slow ?? 0;
          const call = sdk.call(client, { name: 'slow', arguments: { ms, key: `${name}-cancelled` } }, options);
          const rejected = assert.rejects(call);
          await until(() => server.counts.calls.slow > calls, 'the tool runs');
          aborter.abort();
          await rejected;
          assert.ok(performance.now() - started < ms);
        }
        await until(() => server.counts.methods['notifications/cancelled'] >= 2, 'both cancellations reach the server');
        if (mode === 'stateful') assert.equal(server.counts.executions[`${name}-cancelled`], undefined);
        assert.equal(textOf(await sdk.call(client, echo('goes on'))), 'goes on');
        await client.close();
      });

      test('keeps equal ids of several clients apart', async () => {
        const clients = await Promise.all([connected(), connected(), connected({}, 'v')]);
        const answers = await Promise.all(
          clients.flatMap((client, who) =>
            Array.from({ length: 20 }, (_, turn) => sdk.call(client, echo(`${who}:${turn}`)).then(textOf)),
          ),
        );
        assert.deepEqual(
          answers,
          clients.flatMap((_, who) => Array.from({ length: 20 }, (__, turn) => `${who}:${turn}`)),
        );
        await Promise.all(clients.map((client) => client.close()));
      });
    });
  }

  describe(`the official client ${name} on a session that is lost`, () => {
    let server;
    before(async () => (server = await startSdkServer()));
    after(() => server.close());

    test('the SDK’s own transport fails every call, ours with the one changed line recovers', async () => {
      const manager = newManager(server.url);
      const theirs = newClient();
      const ours = newClient();
      await theirs.connect(new sdk.Http(new URL(server.url)));
      await ours.connect(manager.transport('forgotten', 's'));
      await server.forgetSessions();
      for (let turn = 0; turn < 2; turn += 1) {
        await assert.rejects(sdk.call(theirs, echo('lost')), /session/i);
        assert.equal(textOf(await sdk.call(ours, echo('kept'))), 'kept');
      }
      await Promise.all([theirs.close(), ours.close(), manager.close()]);
    });

    test('sessionId is the current one, also after a loss', async () => {
      const manager = newManager(server.url);
      const client = newClient();
      const transport = manager.transport('u', 's');
      assert.equal(transport.sessionId, undefined);
      await client.connect(transport);
      const first = transport.sessionId;
      assert.match(first, /^[0-9a-f-]{36}$/);
      await server.forgetSessions();
      await client.ping();
      assert.match(transport.sessionId, /^[0-9a-f-]{36}$/);
      assert.notEqual(transport.sessionId, first);
      await client.close();
      assert.equal(transport.sessionId, undefined);
      await manager.close();
    });

    test('a server restart affects only a call that may have run', async () => {
      let restarting = await startSdkServer();
      const manager = newManager(restarting.url);
      const client = newClient();
      await client.connect(manager.transport('u', 's'));
      await restarting.close();
      const during = client.listTools();
      await wait(30);
      restarting = await startSdkServer({ port: restarting.port });
      assert.ok((await during).tools.length > 0);
      assert.equal(textOf(await sdk.call(client, { name: 'increment', arguments: { key: 'once' } })), '1');
      assert.equal(restarting.counts.initialize, 1);
      await client.close();
      await manager.close();
      await restarting.close();
    });
  });

  describe(`server messages to the official client ${name}`, () => {
    let server;
    before(async () => (server = await startSdkServer()));
    after(() => server.close());

    test('notifications reach every client of the session, and the session’s own handlers', async () => {
      const manager = newManager(server.url);
      const heard = [];
      const listening = new Promise((resolve) =>
        manager.events.addEventListener('streamOpened', ({ detail }) => detail.stream === 'listen' && resolve()),
      );
      const clients = [newClient(), newClient()];
      for (const [who, client] of clients.entries()) {
        sdk.onLog(client, ({ params }) => heard.push([who, params.data]));
        await client.connect(manager.transport('u', 's'));
      }
      const session = await manager.connect('u', 's');
      session.setNotificationHandler('notifications/message', ({ params }) => heard.push(['session', params.data]));
      await listening;
      await sdk.call(clients[0], { name: 'notify', arguments: {} });
      await until(() => heard.length === 3, 'three receive it');
      assert.deepEqual(heard.sort(), [
        [0, 'a log message'],
        [1, 'a log message'],
        ['session', 'a log message'],
      ]);
      await clients[1].close();
      await sdk.call(clients[0], { name: 'notify', arguments: {} });
      await until(() => heard.length === 5, 'two receive it');
      await manager.close();
    });

    test('the client declares its capabilities and its name, and answers server requests, also after a recovery', async () => {
      const hellos = [];
      const manager = newManager(server.url, {
        clientInfo: { name: 'manager', version: '1' },
        fetch(url, init) {
          const { method, params } = JSON.parse(init.body ?? '{}');
          if (method === 'initialize') hellos.push(params);
          return fetch(url, init);
        },
      });
      const asked = [];
      const able = newClient({ elicitation: { form: { applyDefaults: true } } });
      sdk.onElicit(able, ({ params }) => {
        asked.push(params.message);
        return { action: 'accept', content: { name: 'Ada' } };
      });
      await able.connect(manager.transport('u', 's'));
      const unable = newClient();
      await unable.connect(manager.transport('u', 's'));
      assert.equal(textOf(await sdk.call(able, { name: 'ask', arguments: {} })), 'hello Ada');
      await server.forgetSessions();
      assert.equal(textOf(await sdk.call(unable, { name: 'ask', arguments: {} })), 'hello Ada');
      assert.equal(asked.length, 2);
      assert.equal(hellos.length, 2);
      for (const { capabilities, clientInfo } of hellos) {
        assert.deepEqual(capabilities, { elicitation: { form: { applyDefaults: true } } });
        assert.deepEqual(clientInfo, { name: `official-${name}`, version: '7.8.9' });
      }
      await manager.close();
    });

    test('of several capable clients, the one with a running call gets a server request', async () => {
      const manager = newManager(server.url);
      const clients = await Promise.all(
        ['Ada', 'Bea', 'Cleo'].map(async (who) => {
          const client = newClient({ elicitation: {} });
          sdk.onElicit(client, () => ({ action: 'accept', content: { name: who } }));
          await client.connect(manager.transport('u', 's'));
          return client;
        }),
      );
      for (const [turn, who] of ['Ada', 'Bea', 'Cleo'].entries()) {
        assert.equal(textOf(await sdk.call(clients[turn], { name: 'ask', arguments: {} })), `hello ${who}`);
      }
      await manager.close();
    });

    test('an error thrown by a handler is sent as the client’s error', async () => {
      const manager = newManager(server.url);
      const client = newClient({ elicitation: {} });
      sdk.onElicit(client, () => {
        throw Object.assign(new Error('the user is away'), { code: -32042 });
      });
      await client.connect(manager.transport('u', 's'));
      const error = await sdk.call(client, { name: 'ask', arguments: {} }).then(assert.fail, (reason) => reason);
      assert.match(error.message, /the user is away/);
      assert.equal(error.code, -32042);
      await manager.close();
    });
  });

  describe(`the official client ${name}, closed`, () => {
    let server;
    before(async () => (server = await startSdkServer()));
    after(() => server.close());

    test('close() ends this client only', async () => {
      const manager = newManager(server.url);
      const [first, second] = [newClient(), newClient()];
      let closed = 0;
      const transport = manager.transport('u', 's');
      transport.onclose = () => (closed += 1);
      await first.connect(transport);
      await second.connect(manager.transport('u', 's'));
      const running = sdk.call(first, { name: 'slow', arguments: { ms: 30_000 } });
      running.catch(() => {});
      await until(() => server.counts.calls.slow === 1, 'the tool runs');
      await first.close();
      await transport.close();
      await assert.rejects(running, /closed/i);
      await assert.rejects(transport.send({ jsonrpc: '2.0', id: 1, method: 'ping' }), /closed/);
      assert.equal(closed, 1);
      assert.equal(textOf(await sdk.call(second, echo('still here'))), 'still here');
      assert.equal(manager.getSessionStats().totalSessions, 1);
      assert.equal(server.counts.delete, 0);
      // The next client joins the remaining session.
      await first.connect(manager.transport('u', 's'));
      assert.equal(textOf(await sdk.call(first, echo('back'))), 'back');
      assert.equal(manager.getMetrics().created, 1);
      await manager.close();
    });

    test('terminateSession() ends the session, and notifies every client of it', async () => {
      const manager = newManager(server.url);
      const [first, second] = [newClient(), newClient()];
      const closed = [];
      first.onclose = () => closed.push('first');
      second.onclose = () => closed.push('second');
      const transport = manager.transport('u', 's');
      await first.connect(transport);
      await second.connect(manager.transport('u', 's'));
      const before = server.counts.delete;
      await transport.terminateSession();
      assert.equal(server.counts.delete, before + 1);
      const error = await second.ping().then(assert.fail, (reason) => reason);
      assert.match(error.message, /the application ended the session/);
      assert.deepEqual([error.code, error.data?.code], [1000, 'closed']);
      assert.deepEqual(closed, ['first', 'second']);
      await manager.close();
    });

    test('closing the manager closes waiting clients', async () => {
      const manager = newManager(server.url);
      const client = newClient();
      let closed = 0;
      client.onclose = () => (closed += 1);
      await client.connect(manager.transport('u', 's'));
      const calls = server.counts.calls.slow ?? 0;
      const running = sdk.call(client, { name: 'slow', arguments: { ms: 30_000 } });
      running.catch(() => {});
      await until(() => server.counts.calls.slow > calls, 'the tool runs');
      await manager.close();
      await assert.rejects(running);
      await until(() => closed === 1, 'onclose is called');
    });

    test('a handshake that fails is an error of connect(), and the same client may retry', async () => {
      const away = await startSdkServer();
      await away.close();
      const manager = newManager(away.url, { server: { sessionConfig: { retryAttempts: 1, retryDelay: 10 } } });
      const client = newClient();
      const error = await client.connect(manager.transport('u', 's')).then(assert.fail, (reason) => reason);
      assert.deepEqual([error.code, error.data.code, error.data.serverName], [1000, 'network_error', 's']);
      const back = await startSdkServer({ port: away.port });
      await client.connect(manager.transport('u', 's'));
      assert.deepEqual(await client.ping(), {});
      await manager.close();
      await back.close();
      await assert.rejects(newClient().connect(manager.transport('u', 's')), /closed/);
    });

    test('an unknown server is a config_error', async () => {
      const manager = newManager(server.url);
      const error = await newClient()
        .connect(manager.transport('u', 'unknown'))
        .then(assert.fail, (reason) => reason);
      assert.equal(error.data.code, 'config_error');
      await manager.close();
    });
  });

  describe(`the official client ${name} and the fault server`, { concurrency: 8 }, () => {
    let faults;
    before(async () => (faults = await startFaultServer()));
    after(() => faults.close());

    async function meet(path, settings, options) {
      const place = `/${path}/transport-${name}`;
      const manager = newManager(faults.url(place, settings), options);
      const client = newClient();
      await client.connect(manager.transport('u', 's'));
      return {
        manager,
        client,
        call: (tool, sdkOptions) => sdk.call(client, { name: tool, arguments: { key: 'k' } }, sdkOptions),
        forget: () => faults.forget(place),
        counts: () => faults.counts(place),
        end: () => manager.close(),
      };
    }

    test('lost-404: concurrent calls are all answered after one handshake', async () => {
      const { call, forget, counts, end } = await meet('lost-404');
      await forget();
      const results = await Promise.all(Array.from({ length: 10 }, () => call('unsafe')));
      assert.deepEqual(
        results.map(textOf).sort(),
        Array.from({ length: 10 }, (_, turn) => `unsafe k: ${turn + 1}`).sort(),
      );
      assert.equal(counts().executions.k, 10);
      assert.equal(counts().initialize, 2);
      await end();
    });

    test('stream-resume: the answer comes on the resumed stream, once', async () => {
      const { call, counts, end } = await meet('stream-resume');
      const steps = [];
      assert.equal(textOf(await call('unsafe', { onprogress: (step) => steps.push(step) })), 'unsafe k: 1');
      assert.equal(counts().executions.k, 1);
      assert.deepEqual(
        steps.map(({ progress, total }) => [progress, total]),
        [[1, 10]],
      );
      await end();
    });

    test('stream-ends-unanswered: the client gets outcome_unknown', async () => {
      const { client, call, counts, end } = await meet('stream-ends-unanswered');
      const reported = [];
      client.onerror = (error) => reported.push(error.code);
      const error = await call('unsafe').then(assert.fail, (reason) => reason);
      assert.equal(error.code, 1000);
      assert.equal(error.data.code, 'outcome_unknown');
      assert.equal(error.data.retryable, false);
      assert.ok(error.data.evidence);
      assert.equal(counts().executions.k, 1);
      assert.deepEqual(reported, ['outcome_unknown']);
      await end();
    });

    test('server-request-unknown: a request goes to the client whose call it came with, or is refused', async () => {
      const { manager, client, call, counts, end } = await meet('server-request-unknown');
      await call('unsafe');
      assert.equal(counts().clientAnswers[0].error.code, -32601);
      const clients = [client, newClient(), newClient()];
      for (const [who, each] of clients.entries()) {
        each.fallbackRequestHandler = async ({ method }) => ({ method, who });
        if (each !== client) await each.connect(manager.transport('u', 's'));
      }
      await Promise.all(clients.map((each) => sdk.call(each, { name: 'unsafe', arguments: {} })));
      const answers = counts()
        .clientAnswers.slice(1)
        .map(({ result }) => result);
      assert.deepEqual(
        answers.sort((one, other) => one.who - other.who),
        [0, 1, 2].map((who) => ({ method: 'unknown/method', who })),
      );
      await end();
    });
  });
}

test('a v2 client that first requests a newer revision falls back to initialize', async () => {
  const server = await startSdkServer();
  const manager = newManager(server.url);
  const client = new Client2({ name: 'auto', version: '1' }, { versionNegotiation: { mode: 'auto' } });
  await client.connect(manager.transport('u', 's'));
  assert.equal(textOf(await client.callTool(echo('hello'))), 'hello');
  await manager.close();
  await server.close();
});

test('a client of an older revision is answered in that one', async () => {
  const server = await startSdkServer();
  const manager = newManager(server.url);
  const transport = manager.transport('u', 's');
  const answer = new Promise((resolve) => (transport.onmessage = resolve));
  await transport.start();
  const params = { protocolVersion: '2025-03-26', capabilities: {}, clientInfo: { name: 'old', version: '1' } };
  await transport.send(
    { jsonrpc: '2.0', id: 'first', method: 'initialize', params },
    { resumptionToken: 'x', onresumptiontoken() {}, relatedRequestId: 9 },
  );
  const { id, result } = await answer;
  assert.equal(id, 'first');
  assert.equal(result.protocolVersion, '2025-03-26');
  assert.equal(manager.getSessionInfo('u', 's').protocolVersion, '2025-11-25');
  await manager.close();
  await server.close();
});

test('client.connect(manager.transport(…)) compiles in strict TypeScript, with both majors', async () => {
  const workspace = fileURLToPath(new URL('../../..', import.meta.url));
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['node_modules/typescript/bin/tsc', '--project', 'tests/js/types/transport'],
    { cwd: workspace },
  ).catch((error) => error);
  assert.equal(stdout, '');
});
