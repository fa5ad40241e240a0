// 2026-07-28 through the gateway: requests are self-contained and streamed straight through; older clients still get a
// session.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { createMCPClient } from '@ai-sdk/mcp';
import { Client as Client2, StreamableHTTPClientTransport as Http2 } from '@modelcontextprotocol/client';
import { startModernServer } from '../js/servers/modern-server.mjs';
import { clients, textOf } from './clients.mjs';
import { initializeParams, readUntil, sender } from './http.mjs';
import { page, startStack, until } from './stack.mjs';

const authorization = { Authorization: 'Bearer token-of-ada' };
const VERSION = '2026-07-28';

describe('2026-07-28 through the gateway', () => {
  let modern;
  let stack;
  let url;
  before(async () => {
    modern = await startModernServer({
      legacy: 'reject',
      cacheHints: {
        'tools/list': { ttlMs: 60_000, cacheScope: 'public' },
        'prompts/list': { ttlMs: 60_000, cacheScope: 'private' },
      },
    });
    stack = await startStack({
      servers: { modern: { url: modern.url, headers: { 'X-User': '{{USER_ID}}' } } },
      vars: { BEARER_TOKENS: { ada: 'token-of-ada', bob: 'token-of-bob', 名前: 'token-of-a-name' } },
    });
    url = `${stack.origin}/modern/mcp`;
  });
  after(async () => {
    await stack?.stop();
    await modern.close();
  });

  const meta = { 'io.modelcontextprotocol/protocolVersion': VERSION, 'io.modelcontextprotocol/clientCapabilities': {} };
  const body = (method, params = {}, id = 1) => ({ jsonrpc: '2.0', id, method, params: { ...params, _meta: meta } });
  const post = (message, headers = {}, options = {}) =>
    fetch(url, {
      method: 'POST',
      headers: {
        ...authorization,
        'Content-Type': 'application/json',
        Accept: 'application/json, text/event-stream',
        'MCP-Protocol-Version': VERSION,
        'Mcp-Method': message.method,
        ...headers,
      },
      body: JSON.stringify(message),
      ...options,
    });

  async function modernClient(options = {}) {
    const client = new Client2(
      { name: 'modern', version: '1' },
      { capabilities: { elicitation: { form: {} } }, versionNegotiation: { mode: 'auto' } },
    );
    await client.connect(new Http2(new URL(options.url ?? url), { requestInit: { headers: authorization } }));
    return client;
  }

  test('the official client v2 discovers, lists, calls and gets progress, without a session', async () => {
    const client = await modernClient();
    assert.ok((await client.listTools()).tools.some(({ name }) => name === 'echo'));
    assert.equal(textOf(await client.callTool({ name: 'echo', arguments: { text: 'hello' } })), 'hello');
    const steps = [];
    await client.callTool(
      { name: 'slow', arguments: { ms: 100 } },
      { onprogress: ({ progress }) => steps.push(progress) },
    );
    assert.deepEqual(steps, [1, 2, 3, 4, 5]);
    assert.deepEqual(
      JSON.parse(textOf(await client.callTool({ name: 'route', arguments: { region: 'eu', size: 7 } }))).header,
      'eu',
    );
    await client.close();
    assert.equal(modern.counts.sessionHeaders, 0);
  });

  test('headers that differ from the body are refused', async () => {
    const call = body('tools/call', { name: 'echo', arguments: { text: 'x' } });
    for (const headers of [
      { 'Mcp-Name': 'other' },
      { 'Mcp-Method': 'tools/list', 'Mcp-Name': 'echo' },
      {},
      { 'Mcp-Name': 'echo', 'MCP-Protocol-Version': '2025-11-25' },
    ]) {
      const response = await post(call, headers);
      const { error, id } = await response.json();
      assert.deepEqual([response.status, error.code, id], [400, -32020, 1], JSON.stringify(headers));
    }
    assert.equal((await post(call, { 'Mcp-Name': 'echo' })).status, 200);
  });

  test('a page may leave out the headers that mirror the body: they are added', async () => {
    const call = body('tools/call', { name: 'route', arguments: { region: 'eu west', size: 3 } });
    const response = await post(call, { Origin: page });
    assert.equal(response.headers.get('access-control-allow-origin'), page);
    const text = await response.text();
    const message = JSON.parse(text.startsWith('{') ? text : text.match(/^data: (.*)$/m)[1]);
    assert.deepEqual(JSON.parse(textOf(message.result)), {
      region: 'eu west',
      size: 3,
      header: 'eu west',
      sizeHeader: '3',
    });
  });

  test('a user whose name no header can have gets an error that says so, with the id, as with a session', async () => {
    const response = await post(body('tools/list', {}, 'named'), { Authorization: 'Bearer token-of-a-name' });
    const { id, error } = await response.json();
    assert.deepEqual([response.status, id, error.code, error.data.code], [200, 'named', 1000, 'config_error']);
    assert.match(error.message, /^mcpServers\.modern\.headers\.x-user: has a non-ASCII character/);
    const session = await sender(url, 'token-of-a-name').send('POST', {
      body: { jsonrpc: '2.0', id: 'named', method: 'initialize', params: initializeParams },
    });
    assert.equal((await session.json()).error.message, error.message);
  });

  test('a client that disconnects cancels', async () => {
    const aborted = modern.counts.aborted;
    const aborter = new AbortController();
    const gone = post(
      body('tools/call', { name: 'slow', arguments: { ms: 30_000, key: 'gone' } }),
      { 'Mcp-Name': 'slow' },
      { signal: aborter.signal },
    );
    const calls = modern.counts.calls.slow ?? 0;
    await until(() => (modern.counts.calls.slow ?? 0) > calls, 'the call runs');
    aborter.abort();
    await assert.rejects(gone);
    await until(() => modern.counts.aborted > aborted, 'the server sees the cancellation');
  });

  test('public results are cached while they are fresh, private ones never', async () => {
    const before = { ...modern.counts.methods };
    for (const user of ['token-of-ada', 'token-of-bob', 'token-of-ada']) {
      const response = await post(body('tools/list', {}, user), { Authorization: `Bearer ${user}` });
      const { id, result } = await response.json();
      assert.equal(id, user);
      assert.ok(result.ttlMs <= 60_000 && result.tools.length > 3);
    }
    assert.ok((modern.counts.methods['tools/list'] ?? 0) - (before['tools/list'] ?? 0) <= 1);
    await post(body('prompts/list'));
    await post(body('prompts/list'));
    assert.equal(modern.counts.methods['prompts/list'] - (before['prompts/list'] ?? 0), 2);
  });

  test('a change notification invalidates the cache', async () => {
    const aborter = new AbortController();
    const listen = await post(
      body('subscriptions/listen', { notifications: { toolsListChanged: true } }, 'l'),
      {},
      { signal: aborter.signal },
    );
    assert.equal(listen.status, 200);
    const reader = listen.body.getReader();
    await reader.read(); // the acknowledgement
    const lists = modern.counts.methods['tools/list'];
    await post(body('tools/list'));
    assert.equal(modern.counts.methods['tools/list'], lists, 'it is served from the cache');
    await post(body('tools/call', { name: 'change', arguments: {} }), { 'Mcp-Name': 'change' });
    await readUntil(reader, /tools\/list_changed/);
    await post(body('tools/list'));
    assert.equal(modern.counts.methods['tools/list'], lists + 1);
    aborter.abort();
    await until(() => modern.counts.openStreams === 0, 'the stream to the server ends too');
  });

  test('the client’s token, cookies and session never reach the server', async (t) => {
    const seen = [];
    const { listen } = await import('../js/servers/shared/listen.mjs');
    const server = await listen((request, response) => {
      seen.push(request.headers);
      response
        .writeHead(200, { 'Content-Type': 'application/json', 'Set-Cookie': 'a=b', 'Mcp-Session-Id': 'x' })
        .end('{"jsonrpc":"2.0","id":1,"result":{}}');
    });
    const spied = await startStack({
      servers: {
        spy: { url: `${server.origin}/mcp`, headers: { 'X-User': '{{USER_ID}}', Authorization: 'Bearer ${KEY}' } },
      },
      vars: { KEY: 'of-the-gateway' },
    });
    t.after(() => spied.stop());
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    const message = body('tools/list');
    const response = await fetch(`${spied.origin}/spy/mcp`, {
      method: 'POST',
      headers: {
        ...authorization,
        Cookie: 'c=d',
        'Mcp-Session-Id': 'mine',
        'Content-Type': 'application/json',
        'MCP-Protocol-Version': VERSION,
        'Mcp-Method': 'tools/list',
        'Mcp-Param-Other': 'kept',
        traceparent,
      },
      body: JSON.stringify(message),
    });
    assert.equal(response.status, 200);
    assert.equal(response.headers.get('set-cookie'), null);
    assert.equal(response.headers.get('mcp-session-id'), null);
    const [headers] = seen;
    assert.equal(headers.authorization, 'Bearer of-the-gateway');
    assert.equal(headers['x-user'], 'ada');
    assert.equal(headers['mcp-param-other'], 'kept');
    assert.equal(headers.traceparent, traceparent);
    assert.ok(
      !JSON.stringify(seen).includes('token-of-ada') &&
        headers.cookie === undefined &&
        headers['mcp-session-id'] === undefined,
    );
    await server.close();
  });

  test('before a server of older revisions, the error lets a client fall back to a session', async () => {
    const legacy = stack.url;
    const response = await fetch(legacy, {
      method: 'POST',
      headers: {
        ...authorization,
        'Content-Type': 'application/json',
        'MCP-Protocol-Version': VERSION,
        'Mcp-Method': 'tools/list',
      },
      body: JSON.stringify(body('tools/list')),
    });
    const { error, id } = await response.json();
    assert.deepEqual([response.status, error.code, id], [400, -32022, 1]);
    assert.deepEqual(error.data, { supported: ['2025-11-25', '2025-06-18', '2025-03-26'], requested: VERSION });
    const client = await modernClient({ url: legacy });
    assert.equal(textOf(await client.callTool({ name: 'echo', arguments: { text: 'fell back' } })), 'fell back');
    await client.close();
  });

  test('before a server of older revisions, a discovery is answered as such a server does', async () => {
    const response = await fetch(stack.url, {
      method: 'POST',
      headers: {
        ...authorization,
        'Content-Type': 'application/json',
        'MCP-Protocol-Version': VERSION,
        'Mcp-Method': 'server/discover',
      },
      body: JSON.stringify(body('server/discover')),
    });
    const { error } = await response.json();
    assert.deepEqual([response.status, error.code], [400, -32000]);
    assert.deepEqual(error.data, { supported: ['2025-11-25', '2025-06-18', '2025-03-26'], requested: VERSION });
  });

  test('the AI SDK falls back to a session; it would not after −32022', async () => {
    const client = await createMCPClient({ transport: { type: 'http', url: stack.url, headers: authorization } });
    const { echo } = await client.tools();
    assert.equal(textOf(await echo.execute({ text: 'fell back' }, { messages: [], toolCallId: 'c' })), 'fell back');
    await client.close();
  });

  for (const [name, connect] of Object.entries(clients).filter(([name]) => name !== 'our own client')) {
    test(`${name} of 2025-11-25 has a session before a server that has none`, async () => {
      const client = await connect(url);
      assert.match(client.session(), /^[A-Za-z0-9_-]{43}$/);
      assert.equal(textOf(await client.call('echo', { text: 'bridged' })), 'bridged');
      const steps = [];
      await client.call('slow', { ms: 100 }, { onprogress: ({ progress }) => steps.push(progress) });
      assert.deepEqual(steps, [1, 2, 3, 4, 5]);
      await client.end();
    });
  }
});
