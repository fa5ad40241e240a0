// manager.diagnose() in Node, on real servers of every kind, and on servers with one fault each.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer as createTlsServer } from 'node:https';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { describe, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import { eventsOf } from '../../../npm/diagnosis/events.js';
import { verdictOf } from '../../../npm/diagnosis/verdict.js';
import { brokenServers, serving } from '../helpers/diagnose/broken-servers.mjs';
import { initializeResult } from '../servers/faults/healthy.mjs';
import { startHttpSseServer } from '../servers/http-sse-server.mjs';
import { startModernServer } from '../servers/modern-server.mjs';
import { startSdkServer } from '../servers/sdk-server.mjs';
import { findFreePort, listen } from '../servers/shared/listen.mjs';
import { parseJson, readText } from '../servers/shared/messages.mjs';

const run = promisify(execFile);
const packagePath = pathToFileURL(
  resolve(process.env.MCP_TETHER_PACKAGE ?? new URL('../../../pkg/node.js', import.meta.url).pathname),
).href;
const { McpError, McpManager } = await import(packagePath);

const steps = ['reachable', 'initialize', 'sessionHeader', 'reuse', 'terminate', 'cors'];
const patience = { timeout: 60_000 };

async function diagnose(server, options, userId = 'ada') {
  const manager = new McpManager({ mcpServers: { db: server } });
  try {
    return await manager.diagnose('db', userId, options);
  } finally {
    await manager.close();
  }
}

async function all(events) {
  const found = [];
  for await (const event of events) found.push(event);
  return found;
}

const step = (diagnosis, name) => diagnosis.steps.find((one) => one.name === name);
const shown = (diagnosis) => JSON.stringify(diagnosis, undefined, 2);

function assertHealthy(diagnosis) {
  assert.equal(diagnosis.ok, true, shown(diagnosis));
  assert.deepEqual(
    diagnosis.steps.map(({ name }) => name),
    steps,
  );
  for (const { ok, ms, detail, fix } of diagnosis.steps) {
    assert.ok(ok && Number.isInteger(ms) && ms >= 0 && detail.length > 0);
    assert.equal(fix, undefined);
  }
}

describe('healthy servers', () => {
  for (const [name, options] of Object.entries({
    'stateful, answering by streams': { mode: 'stateful' },
    'stateful, answering by JSON': { mode: 'stateful', jsonResponse: true },
    'stateful, with streams that resume': { mode: 'stateful', eventStore: true },
  })) {
    test(name, patience, async (context) => {
      const server = await startSdkServer(options);
      context.after(server.close);
      const diagnosis = await diagnose({ url: server.url });
      assertHealthy(diagnosis);
      assert.equal(diagnosis.kind, 'stateful');
      assert.equal(diagnosis.protocolVersion, '2025-11-25');
      assert.match(step(diagnosis, 'sessionHeader').detail, /^Mcp-Session-Id: [\w-]{8}\.\.\. \(36 characters\)$/);
      assert.equal(
        step(diagnosis, 'terminate').detail,
        'DELETE was answered with 200; afterwards the id is rejected with 404',
      );
      assert.deepEqual(
        { initialize: server.counts.initialize, delete: server.counts.delete },
        { initialize: 2, delete: 2 },
      );
    });
  }

  test('stateless', patience, async (context) => {
    const server = await startSdkServer({ mode: 'stateless' });
    context.after(server.close);
    const diagnosis = await diagnose({ url: server.url });
    assertHealthy(diagnosis);
    assert.equal(diagnosis.kind, 'stateless');
    assert.equal(step(diagnosis, 'terminate').detail, 'not needed: this server keeps no sessions');
    assert.equal(server.counts.delete, 0);
  });

  for (const legacy of ['stateless', 'reject']) {
    test(`of 2026-07-28, older clients: ${legacy}`, patience, async (context) => {
      const server = await startModernServer({ legacy });
      context.after(server.close);
      const diagnosis = await diagnose({ url: server.url });
      assertHealthy(diagnosis);
      assert.equal(diagnosis.kind, 'modern');
      assert.equal(diagnosis.protocolVersion, '2026-07-28');
      for (const name of ['sessionHeader', 'terminate'])
        assert.equal(step(diagnosis, name).detail, 'not needed: this server keeps no sessions');
    });
  }

  for (const type of [undefined, 'sse']) {
    test(`of 2024-11-05, HTTP with SSE, ${type ? 'as configured' : 'found out'}`, patience, async (context) => {
      const server = await startHttpSseServer();
      context.after(server.close);
      const diagnosis = await diagnose({ url: server.url, ...(type && { type }) }, { origin: 'https://app.example' });
      assertHealthy(diagnosis);
      assert.equal(diagnosis.protocolVersion, '2024-11-05');
      assert.equal(server.openStreams(), 0);
    });
  }

  test('whose answers have the id as a text', patience, async (context) => {
    const server = await listen(async (request, response) => {
      const message = parseJson(await readText(request));
      const results = { initialize: () => initializeResult({ message }), 'tools/list': () => ({ tools: [] }) };
      const answer = { jsonrpc: '2.0', id: String(message?.id), result: results[message?.method]?.() ?? {} };
      response.writeHead(200, { 'Content-Type': 'text/event-stream' }).end(`data: ${JSON.stringify(answer)}\n\n`);
    });
    context.after(server.close);
    const diagnosis = await diagnose({ url: server.origin });
    assertHealthy(diagnosis);
    assert.equal(diagnosis.kind, 'stateless');
  });

  test('that accept notifications with an empty event stream (rust-mcp-sdk 1.1)', patience, async (context) => {
    const server = await listen(
      serving(({ request, response, message }) => {
        if (request.method === 'GET') return response.writeHead(405).end();
        if (message && message.id === undefined)
          return response.writeHead(202, { 'Content-Type': 'text/event-stream' }).end();
        return undefined;
      }),
    );
    context.after(server.close);
    assertHealthy(await diagnose({ url: server.origin }));
  });

  // mcp-django-server 0.4.2 answers errors with 400, awslabs-mcp-lambda-handler 0.1.15 with 404.
  for (const status of [200, 400, 404])
    test(`that have no ping, and say so with ${status}`, patience, async (context) => {
      const server = await listen(async (request, response) => {
        if (request.method !== 'POST') return response.writeHead(405).end();
        const message = parseJson(await readText(request));
        if (message.id === undefined) return response.writeHead(202).end();
        const results = { initialize: () => initializeResult({ message }), 'tools/list': () => ({ tools: [] }) };
        const result = results[message.method]?.();
        const outcome = result
          ? { result }
          : { error: { code: -32601, message: `Method not found: ${message.method}` } };
        response
          .writeHead(result ? 200 : status, { 'Content-Type': 'application/json' })
          .end(JSON.stringify({ jsonrpc: '2.0', id: message.id, ...outcome }));
      });
      context.after(server.close);
      const diagnosis = await diagnose({ url: server.origin });
      assertHealthy(diagnosis);
      assert.equal(diagnosis.kind, 'stateless');
    });

  test('the live session of the user is not affected, and its own headers are used', patience, async (context) => {
    const server = await startSdkServer();
    const users = [];
    const strangers = [];
    const gate = await listen((request, response) => {
      // Metadata of logins is public, and other paths are only tried: both without the user's headers.
      (request.url === '/' ? users : strangers).push(request.headers['x-user']);
      response.writeHead(404).end();
    });
    context.after(() => Promise.all([server.close(), gate.close()]));
    const manager = new McpManager(
      {
        mcpServers: {
          db: { url: server.url },
          echo: { url: gate.origin, headers: { 'X-User': '{{USER_ID}} ${TEAM}' } },
        },
      },
      { env: { TEAM: 'blue' } },
    );
    const session = await manager.connect('ada', 'db');
    const { sessionId, generation } = session;
    assertHealthy(await manager.diagnose('db', 'ada'));
    await session.ping();
    assert.deepEqual({ sessionId: session.sessionId, generation: session.generation }, { sessionId, generation });
    assert.equal(manager.getSessionStats().totalSessions, 1);
    await manager.diagnose('echo', 'bob');
    assert.deepEqual(new Set(users), new Set(['bob blue']));
    assert.deepEqual(new Set(strangers), new Set([undefined]));
    await manager.close();
  });

  test('an impossible request is a config_error, and a closed manager sends nothing', patience, async (context) => {
    const server = await startSdkServer();
    context.after(server.close);
    const manager = new McpManager({
      mcpServers: { db: { url: server.url, headers: { 'x-user': '{{USER_ID}}', 'x-team': '{{team}}' } } },
    });
    const refusal = async (...words) => {
      const error = await manager.diagnose(...words).then(
        () => undefined,
        (thrown) => thrown,
      );
      assert.ok(error instanceof McpError, String(error));
      return [error.code, error.message];
    };
    assert.deepEqual(await refusal('other'), ['config_error', 'mcpServers has no server of this name; configured: db']);
    assert.deepEqual(await refusal('db'), [
      'config_error',
      'userId: required, because the headers of db depend on the user',
    ]);
    assert.deepEqual(await refusal('db', 'ada'), [
      'config_error',
      'mcpServers.db.headers.x-team: needs a value for {{team}}: set it in the vars option of connect()',
    ]);
    await manager.connect('ada', 'db', { vars: { team: 'blue' } });
    assertHealthy(await manager.diagnose('db', 'ada')); // the values passed to connect() are known now
    await manager.close();
    assert.equal((await refusal('db', 'ada'))[0], 'closed');
  });
});

test('an event stream is read the same wherever its bytes are cut, with each line ending', async () => {
  for (const end of ['\n', '\r', '\r\n']) {
    const text = ['event: note', 'data: zoë', 'data:', '', ': comment', 'data: second', '', ''].join(end);
    const bytes = new TextEncoder().encode(text);
    for (let size = 1; size <= bytes.length; size += 1) {
      const body = new ReadableStream({
        start(controller) {
          for (let at = 0; at < bytes.length; at += size) controller.enqueue(bytes.slice(at, at + size));
          controller.close();
        },
      });
      assert.deepEqual(
        await all(eventsOf(body)),
        [
          { event: 'note', data: 'zoë\n' },
          { event: 'message', data: 'second' },
        ],
        `${JSON.stringify(end)}, ${size} bytes at a time`,
      );
    }
  }
});

describe('servers with a fault', { concurrency: 8 }, () => {
  for (const [
    name,
    { serve, headers, origin, timeout, step: wrong, detail, fix, asksForLogin, isUsable = false },
  ] of Object.entries(brokenServers)) {
    test(name, patience, async (context) => {
      const server = await listen(serve);
      context.after(server.close);
      const diagnosis = await diagnose(
        { url: `${server.origin}/mcp`, ...(headers && { headers }) },
        { ...(timeout && { timeout }), ...(origin && { origin }) },
      );
      assert.equal(diagnosis.ok, isUsable);
      const first = diagnosis.steps.find((one) => !one.ok || one.fix);
      assert.equal(first.name, wrong, shown(diagnosis));
      for (const [text, wanted] of [
        [first.detail, detail],
        [first.fix, fix],
      ]) {
        if (wanted instanceof RegExp) assert.match(text, wanted);
        else assert.equal(text, wanted);
      }
      assert.ok(!shown(diagnosis).includes('a-secret-token'));
      assert.deepEqual(
        diagnosis.steps.map((one) => one.name),
        asksForLogin ? [...steps, 'authorization'] : steps,
      );
    });
  }

  const notReached = async (url, wanted) => {
    const diagnosis = await diagnose({ url });
    assert.match(`${step(diagnosis, 'reachable').detail} | ${step(diagnosis, 'reachable').fix}`, wanted);
    assert.deepEqual(
      diagnosis.steps.map(({ ok }) => ok),
      steps.map(() => false),
    );
    assert.equal(step(diagnosis, 'cors').detail, 'not tried: the server was not reached');
  };

  test('one transport for all clients, whether or not its session is over', patience, async (context) => {
    const fix = 'Create a transport and a server for each session: this server has one for all.';
    const transport = new StreamableHTTPServerTransport({ sessionIdGenerator: randomUUID });
    await new McpServer({ name: 'one', version: '1.0.0' }).connect(transport);
    const server = await listen((request, response) => transport.handleRequest(request, response));
    context.after(server.close);
    const url = `${server.origin}/mcp`;
    // The session of another client.
    const manager = new McpManager({ mcpServers: { db: { url, protocolVersion: 'legacy' } } });
    context.after(() => manager.close());
    await manager.connect('eve', 'db');
    const beside = step(await diagnose({ url }), 'initialize');
    assert.equal(
      beside.detail,
      'refused with 400 "JSON-RPC error -32600: Invalid Request: Server already initialized"',
    );
    assert.equal(beside.fix, fix);
    await manager.terminate('eve', 'db');
    const after = step(await diagnose({ url }), 'initialize');
    assert.equal(after.detail, 'refused with 404 "JSON-RPC error -32001: Session not found"');
    assert.equal(after.fix, fix);
  });

  test('one transport for all clients, and the diagnosis is the first of them', patience, async (context) => {
    const transport = new StreamableHTTPServerTransport({ sessionIdGenerator: randomUUID });
    await new McpServer({ name: 'one', version: '1.0.0' }).connect(transport);
    const server = await listen((request, response) => transport.handleRequest(request, response));
    context.after(server.close);
    const diagnosis = await diagnose({ url: `${server.origin}/mcp` });
    assert.deepEqual(
      diagnosis.steps.filter(({ ok }) => !ok).map(({ name, detail, fix }) => ({ name, detail, fix })),
      [
        {
          name: 'terminate',
          detail: 'a second session was refused with 404 "JSON-RPC error -32001: Session not found"',
          fix: 'Create a transport and a server for each session: this server has one for all.',
        },
      ],
      shown(diagnosis),
    );
    assert.equal(verdictOf(diagnosis).state, 'broken');
    assert.equal(verdictOf(diagnosis).topic, 'transport');
  });

  test('an HTTP+SSE session that outlives its stream gets a handful of pings', patience, async (context) => {
    const counts = {};
    let stream;
    const server = await listen(async (request, response) => {
      if (request.method === 'GET') {
        stream = response.writeHead(200, { 'Content-Type': 'text/event-stream' });
        return stream.write('event: endpoint\ndata: /message\n\n');
      }
      if (request.url !== '/message') return response.writeHead(404).end();
      const message = parseJson(await readText(request));
      counts[message.method] = (counts[message.method] ?? 0) + 1;
      const result = message.method === 'initialize' ? initializeResult({ message }) : {};
      response.writeHead(202).end();
      return stream.write(`data: ${JSON.stringify({ jsonrpc: '2.0', id: message.id, result })}\n\n`);
    });
    context.after(server.close);
    const diagnosis = await diagnose({ url: server.origin, type: 'sse' }, { timeout: 4_000 });
    assert.equal(step(diagnosis, 'terminate').detail, 'the stream was closed, but its endpoint still answers 202');
    assert.ok(counts.ping >= 3 && counts.ping <= 8, shown(counts));
  });

  test('nothing listens', patience, async () => {
    const port = await findFreePort();
    await notReached(
      `http://127.0.0.1:${port}/mcp`,
      new RegExp(
        `^the connection to 127\\.0\\.0\\.1:${port} was refused: no server listens there \\| Start the server`,
      ),
    );
  });

  test('an unknown name', patience, () =>
    notReached(
      'http://no-such-host.invalid/mcp',
      /^the host name no-such-host\.invalid does not resolve \| Correct the host name/,
    ),
  );

  test('a port that fetch forbids', patience, () =>
    notReached('http://127.0.0.1:9/mcp', /^the Fetch standard forbids this port \| Move the server/),
  );

  test('http instead of https', patience, async (context) => {
    const server = await listen(brokenServers['a web page'].serve);
    context.after(server.close);
    await notReached(server.origin.replace('http:', 'https:'), /does not speak TLS \| Use http:\/\/ in the URL/);
  });

  test('a certificate of an unknown authority', patience, async (context) => {
    const folder = await mkdtemp(join(tmpdir(), 'certificate-'));
    const [key, certificate] = [join(folder, 'key.pem'), join(folder, 'certificate.pem')];
    await run('openssl', [
      'req',
      '-x509',
      '-newkey',
      'rsa:2048',
      '-nodes',
      '-subj',
      '/CN=localhost',
      '-days',
      '2',
      '-keyout',
      key,
      '-out',
      certificate,
    ]);
    const server = createTlsServer(
      { key: await readFile(key), cert: await readFile(certificate) },
      (_request, response) => response.end(),
    );
    await new Promise((done) => server.listen(0, '127.0.0.1', done));
    context.after(async () => {
      server.close();
      await rm(folder, { recursive: true });
    });
    await notReached(
      `https://127.0.0.1:${server.address().port}/mcp`,
      /^the TLS handshake failed \(DEPTH_ZERO_SELF_SIGNED_CERT\) \| Install a certificate of a trusted authority/,
    );
  });

  test('no output contains a secret, whatever the server echoes', patience, async (context) => {
    const secrets = ['t0ken-of-ada', 'key-in-the-query', 'basic-secret'];
    const server = await listen((request, response) => {
      response
        .writeHead(500, { 'X-Echo': 'yes' })
        .end(`you sent ${request.headers.authorization} ${request.headers['x-key']} to ${request.url}`);
    });
    context.after(server.close);
    const headers = { Authorization: `Bearer ${secrets[0]}`, 'X-Key': secrets[2] };
    const diagnosis = await diagnose({ url: `${server.origin}/mcp?key=${secrets[1]}`, headers });
    assert.match(
      step(diagnosis, 'initialize').detail,
      /"you sent Bearer \(hidden\) \(hidden\) to \/mcp\?key=\(hidden\)"/,
    );
    for (const secret of secrets) assert.ok(!shown(diagnosis).includes(secret), secret);
  });

  test('closing the manager ends the diagnosis', patience, async (context) => {
    let arrived;
    const first = new Promise((done) => (arrived = done));
    const server = await listen((_request, response) => {
      arrived();
      setTimeout(() => response.writeHead(404).end(), 50);
    });
    context.after(server.close);
    const manager = new McpManager({ mcpServers: { db: { url: server.origin } } });
    const diagnosis = manager.diagnose('db');
    await first;
    await manager.close();
    await assert.rejects(diagnosis, { code: 'closed' });
  });
});
