// 2026-07-28 before a server that is hostile, or that sits behind proxies: nothing of one user reaches another by the shared cache, nothing is read without
// a limit, and a response without a JSON-RPC message is not passed on.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { listen } from '../js/servers/shared/listen.mjs';
import { parseJson, readText, sendJson } from '../js/servers/shared/messages.mjs';
import { readUntil } from './http.mjs';
import { page, startStack, until } from './stack.mjs';

const VERSION = '2026-07-28';
const SECRET = 'secret-of-the-gateway';
const MEBIBYTE = 1024 * 1024;
const meta = {
  'io.modelcontextprotocol/protocolVersion': VERSION,
  'io.modelcontextprotocol/clientInfo': { name: 'bare', version: '1' },
  'io.modelcontextprotocol/clientCapabilities': {},
};

/** Sends bytes as fast as they are taken, and counts them. */
function pour(response, counts, total) {
  const chunk = Buffer.alloc(256 * 1024, 'x');
  const write = () => {
    while (counts.sent < total && !response.destroyed) {
      counts.sent += chunk.length;
      if (!response.write(chunk)) return response.once('drain', write);
    }
    return response.end();
  };
  write();
}

const listed = (tools) => ({ resultType: 'complete', cacheScope: 'public', ttlMs: 60_000, tools });

/** By path: what the server does with a request. */
function behaviours(counts) {
  const answer = ({ response, message }, result) => sendJson(response, 200, { jsonrpc: '2.0', id: message.id, result });
  const huge =
    (status, type, delay = 0) =>
    async ({ response }) => {
      counts.sent = 0;
      if (delay > 0) await new Promise((resolve) => setTimeout(resolve, delay));
      response.writeHead(status, { 'Content-Type': type });
      response.write('{"jsonrpc":"2.0","id":1,"result":{"pad":"');
      pour(response, counts, 200 * MEBIBYTE);
    };
  return {
    // An empty page for every cursor, and for everything unknown: so a poisoned entry would show.
    lists(exchange) {
      const { params } = exchange.message;
      const { _meta, ...rest } = params ?? {};
      const isPlain = Object.keys(rest).length === 0 && Object.keys(_meta).every((key) => key in meta);
      answer(
        exchange,
        listed(isPlain && exchange.request.headers['mcp-param-x'] === undefined ? [{ name: 'all' }] : []),
      );
    },
    // Reads the first of two equal members, where JSON.parse reads the last.
    firstWins(exchange) {
      const method = /"method":"([^"]+)"/.exec(exchange.text)[1];
      counts.methods.push(method);
      answer(exchange, listed([]));
    },
    hugeError: huge(500, 'application/json'),
    hugeAnswer: huge(200, 'application/json'),
    hugeLate: huge(200, 'application/json', 2_500),
    html: ({ response }) => response.writeHead(200, { 'Content-Type': 'text/html' }).end('<h1>Sign in</h1>'),
    otherJson: ({ response }) => sendJson(response, 200, { status: 'ok' }),
    empty: ({ response }) => response.writeHead(204).end(),
    echo: ({ request, response }) =>
      response.writeHead(422, { 'Content-Type': 'text/plain' }).end(`you sent ${request.headers.authorization}`),
    moved: ({ response }) => response.writeHead(307, { Location: '/moved/' }).end(),
    'moved/': (exchange) => answer(exchange, { moved: true }),
    away: ({ response }) => response.writeHead(307, { Location: 'http://localhost:9/steal' }).end(),
    late504: ({ response }) =>
      setTimeout(() => response.writeHead(504, { 'Content-Type': 'text/html' }).end('<h1>504</h1>'), 2_500),
    async crlf({ response, message }) {
      response.writeHead(200, { 'Content-Type': 'text/event-stream' });
      response.write(`event: message\r\ndata: {"jsonrpc":"2.0","method":"notifications/message","params":{}}\r\n\r\n`);
      response.on('close', () => {
        counts.closed += 1;
      });
      counts.crlf = () =>
        response.end(
          `event: message\r\ndata: ${JSON.stringify({ jsonrpc: '2.0', id: message.id, result: {} })}\r\n\r\n`,
        );
    },
    legacy: ({ response }) => response.writeHead(200).end(),
  };
}

describe('2026-07-28 before a hostile server', () => {
  const counts = { sent: 0, methods: [], closed: 0, crlf: undefined };
  let server;
  let stack;
  before(async () => {
    const acts = behaviours(counts);
    server = await listen(async (request, response) => {
      const text = await readText(request);
      const { pathname } = new URL(request.url, 'http://localhost');
      await acts[pathname.slice(1)]?.({ request, response, text, message: parseJson(text) });
    });
    const servers = {};
    for (const name of Object.keys(acts).filter((name) => !name.endsWith('/')))
      servers[name] = { url: `${server.origin}/${name}`, headers: { Authorization: `Bearer ${SECRET}` } };
    // A status line that no response may have.
    servers.odd = { url: `http://127.0.0.1:${await oddServer()}/` };
    stack = await startStack({ server: false, servers, vars: { RATE_PER_MINUTE: 0 } });
  });
  after(async () => {
    await stack?.stop();
    await server.close();
    odd?.close();
  });

  let odd;
  let oddStatus = 999;
  async function oddServer() {
    const { createServer } = await import('node:net');
    odd = createServer((socket) =>
      socket
        .on('error', () => {})
        .once('data', () => socket.end(`HTTP/1.1 ${oddStatus} Odd\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`)),
    );
    await new Promise((resolve) => odd.listen(0, '127.0.0.1', resolve));
    return odd.address().port;
  }

  const body = (params = {}, method = 'tools/list', id = 1) => ({
    jsonrpc: '2.0',
    id,
    method,
    params: { ...params, _meta: { ...meta, ...params._meta } },
  });
  const post = (name, message, { token = 'token-of-ada', headers = {}, signal } = {}) =>
    fetch(`${stack.origin}/${name}/mcp`, {
      method: 'POST',
      signal,
      headers: {
        Authorization: `Bearer ${token}`,
        'Content-Type': 'application/json',
        Accept: 'application/json, text/event-stream',
        'MCP-Protocol-Version': VERSION,
        'Mcp-Method': 'tools/list',
        ...headers,
      },
      body: typeof message === 'string' ? message : JSON.stringify(message),
    });
  const text = JSON.stringify(body());
  const twice = (member, value) => text.replace(`"${member}":`, `"${member}":${value},"${member}":`);

  describe('the shared cache', () => {
    for (const [what, message, headers] of [
      ['a cursor that is a number', body({ cursor: 7 })],
      ['an empty cursor', body({ cursor: '' })],
      ['a cursor that is null', body({ cursor: null })],
      ['a cursor of another case', body({ Cursor: 'x' })],
      ['a param that the server knows and the gateway does not', body({ limit: 0 })],
      ['a member of _meta that the server knows and the gateway does not', body({ _meta: { tenant: 'x' } })],
      ['a mirrored header', body(), { 'Mcp-Param-X': 'y' }],
    ]) {
      test(`${what} of one user does not change the list of another`, async () => {
        const sent = await post('lists', message, { headers });
        assert.deepEqual((await sent.json()).result.tools, [], 'the server answers it in its own way');
        const other = await post('lists', body(), { token: 'token-of-bob' });
        assert.deepEqual((await other.json()).result.tools, [{ name: 'all' }]);
      });
    }

    for (const [what, message] of [
      ['the method', twice('method', '"tools/call"')],
      ['the params', twice('params', '{}')],
      ['_meta', twice('_meta', '{}')],
      ['a member of _meta', twice('io.modelcontextprotocol/protocolVersion', '"2025-11-25"')],
      ['the cursor', text.replace('"_meta":', '"cursor":"a","cursor":"b","_meta":')],
      ['the method, in another spelling', text.replace('"method":', '"m\\u0065thod":"tools/call","method":')],
    ]) {
      test(`a message with ${what} twice is refused: its readers could disagree`, async () => {
        counts.methods = [];
        const response = await post('firstWins', message);
        const { id, error } = await response.json();
        assert.deepEqual([response.status, id, error.code], [400, 1, -32600]);
        assert.deepEqual(counts.methods, []);
      });
    }

    test('elsewhere equal members pass as they are', async () => {
      const call = JSON.stringify(body({ name: 'x', arguments: { a: 1 } }, 'tools/call')).replace(
        '"a":1',
        '"a":1,"a":2',
      );
      const response = await post('firstWins', call, { headers: { 'Mcp-Method': 'tools/call', 'Mcp-Name': 'x' } });
      assert.equal(response.status, 200);
    });
  });

  describe('bodies without end', () => {
    test('an error is read up to a limit', async () => {
      const response = await post('hugeError', body());
      assert.equal(response.status, 500);
      assert.equal((await response.json()).error.code, -32000);
      assert.ok(counts.sent < 20 * MEBIBYTE, `${counts.sent} bytes were sent`);
    });

    test('an answer that could be cached is not read into memory', async () => {
      const response = await post('hugeAnswer', body());
      assert.equal(response.status, 200);
      const reader = response.body.getReader();
      await reader.read();
      await new Promise((resolve) => setTimeout(resolve, 500));
      assert.ok(counts.sent < 40 * MEBIBYTE, `${counts.sent} bytes were sent to a client that does not read`);
      await reader.cancel();
    });

    test('a late answer is an error once it is too large', { timeout: 180_000 }, async () => {
      const response = await post('hugeLate', body());
      const last = (await response.text()).match(/^data: (.*)$/m)[1];
      assert.deepEqual([JSON.parse(last).id, JSON.parse(last).error.data.code], [1, 'limit_exceeded']);
      assert.ok(counts.sent < 60 * MEBIBYTE, `${counts.sent} bytes were sent`);
    });
  });

  describe('a response without a JSON-RPC message', () => {
    for (const name of ['html', 'otherJson', 'empty', 'away'])
      test(`${name} becomes an error that says so`, async () => {
        const response = await post(name, body({}, 'tools/list', 'mine'), { headers: { Origin: page } });
        assert.equal(response.status, 502);
        assert.equal(response.headers.get('access-control-allow-origin'), page);
        const { id, error } = await response.json();
        assert.equal(id, 'mine');
        assert.match(error.message, /HTTP status (200|204|307)/);
      });

    for (const status of [101, 999, 600])
      test(`the status ${status} becomes an error that a page can read`, async () => {
        oddStatus = status;
        const response = await post('odd', body(), { headers: { Origin: page } });
        assert.equal(response.status, 502);
        assert.equal(response.headers.get('access-control-allow-origin'), page);
        assert.ok((await response.json()).error.message.length > 0);
      });

    test('a redirect within the origin is followed, one to another origin is not', async () => {
      for (let turn = 0; turn < 2; turn += 1) {
        const response = await post('moved', body());
        assert.deepEqual(await response.json(), { jsonrpc: '2.0', id: 1, result: { moved: true } });
      }
    });

    test('an error that repeats the credentials of the gateway is not passed on', async () => {
      const response = await post('echo', body());
      assert.equal(response.status, 422);
      assert.ok(!(await response.text()).includes(SECRET));
    });

    test('a page of a proxy that comes after the stream has begun becomes a JSON-RPC error', async () => {
      const response = await post('late504', body());
      assert.match(response.headers.get('content-type'), /event-stream/);
      const message = JSON.parse((await response.text()).match(/^data: (.*)$/m)[1]);
      assert.deepEqual([message.id, message.error.data.status], [1, 504]);
    });
  });

  test('a stream with CRLF gets comments while it is silent, and its client’s end is noticed', async () => {
    const aborter = new AbortController();
    const response = await post('crlf', body(), { signal: aborter.signal });
    await readUntil(response.body.getReader(), /\r\n\r\n: keepalive\n\n/);
    aborter.abort();
    await until(() => counts.closed > 0, 'the server notices it');
  });
});
