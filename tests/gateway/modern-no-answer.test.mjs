// 2026-07-28 before proxies and servers whose response has no JSON-RPC message: the client gets a JSON-RPC error that says whether its request may have run.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { listen } from '../js/servers/shared/listen.mjs';
import { parseJson, readText } from '../js/servers/shared/messages.mjs';
import { messageOf, sender } from './http.mjs';
import { startScriptedSessions } from './scripted-sessions.mjs';
import { startStack } from './stack.mjs';

const VERSION = '2026-07-28';
const meta = {
  'io.modelcontextprotocol/protocolVersion': VERSION,
  'io.modelcontextprotocol/clientInfo': { name: 'bare', version: '1' },
  'io.modelcontextprotocol/clientCapabilities': {},
};
const PAGE = '<html><body><h1>Bad Gateway</h1></body></html>';
const json = { 'Content-Type': 'application/json' };
const html = { 'Content-Type': 'text/html' };
const stream = { 'Content-Type': 'text/event-stream' };
const answerTo = ({ id }) => JSON.stringify({ jsonrpc: '2.0', id, result: { content: [] } });
const whole = (status, headers, text) => (response) => response.writeHead(status, headers).end(text);

// What is sent, and what is known of the request then: of a call, and of a read.
const unknown = ['outcome_unknown', 'http_error'];
const lost = ['outcome_unknown', 'network_error'];
const final = ['http_error', 'http_error'];
const failures = {
  'a 502 with a page': [whole(502, html, PAGE), 502, unknown],
  'a 502 with JSON of a proxy': [whole(502, json, '{"message":"Bad gateway"}'), 502, unknown],
  'a 502 with a page of 1 MB': [whole(502, html, PAGE.padEnd(1_000_000)), 502, unknown],
  'a 502 without a body': [whole(502, {}), 502, unknown],
  'a 502 with a page that says it is an event stream': [whole(502, stream, PAGE), 502, unknown],
  'a 503 with text': [whole(503, { 'Content-Type': 'text/plain' }, 'no healthy upstream'), 503, unknown],
  'a 503 that says when to try again': [whole(503, { ...html, 'Retry-After': '7' }, PAGE), 503, final],
  'a 500 with truncated JSON': [whole(500, json, '{"jsonrpc":"2.0","id":1,"err'), 500, unknown],
  'a 500 that breaks off': [cut(500, '{"jsonrpc":"2.0","id":1,"err'), 500, unknown],
  'a 429 with text': [whole(429, { 'Content-Type': 'text/plain' }, 'slow down'), 429, final],
  'a 413 with a page': [whole(413, html, PAGE), 413, final],
  'a 422 with JSON of a framework': [whole(422, json, '{"detail":"no"}'), 422, final],
  'a redirect to a page': [whole(302, { Location: 'https://login.example/' }), 502, final],
  'a 200 with a page': [whole(200, html, PAGE), 502, unknown],
  'a 200 with truncated JSON': [whole(200, json, '{"jsonrpc":"2.0","id":1,"res'), 502, unknown],
  'a 200 that breaks off': [cut(200, '{"jsonrpc":"2.0","id":1,"res'), 502, lost],
  'a 200 with broken gzip': [whole(200, { ...json, 'Content-Encoding': 'gzip' }, 'not gzip'), 502, lost],
  'a 200 without a body': [whole(200, json), 502, unknown],
  'a 200 with an answer to another request': [whole(200, json, answerTo({ id: 'other' })), 502, unknown],
  'a 200 with an array': [whole(200, json, `[${answerTo({ id: 1 })}]`), 502, unknown],
  'a 202': [whole(202, {}), 502, unknown],
  'a 204': [whole(204, {}), 502, unknown],
  // workerd does not read on after it.
  'a 103 before the answer': [
    (response, message) => {
      response.writeEarlyHints({ link: '</style.css>; rel=preload' });
      response.writeHead(200, json).end(answerTo(message));
    },
    502,
    unknown,
  ],
  'a connection that is closed without a response': [(response) => response.destroy(), 502, lost],
};

// The body is shorter than it was said to be.
function cut(status, text) {
  return (response) => {
    response.writeHead(status, { ...json, 'Content-Length': '1000' });
    response.write(text, () => response.destroy());
  };
}

const error = ({ id }) => JSON.stringify({ jsonrpc: '2.0', id, error: { code: -32602, message: 'of the tool' } });
// Responses with a message, in unusual ways: it reaches the client.
const messages = {
  'an error with status 400': [(response, message) => response.writeHead(400, json).end(error(message)), 400],
  'an error whose type is text': [
    (response, message) => response.writeHead(422, { 'Content-Type': 'text/plain' }).end(error(message)),
    422,
  ],
  'an error with status 500 in an event stream of several lines': [
    (response, message) =>
      response
        .writeHead(500, stream)
        .end(`event: message\ndata: ${error(message).replace(',"error"', '\ndata: ,"error"')}\n\n`),
    500,
  ],
  'an error without its id': [(response) => response.writeHead(200, json).end(error({ id: null })), 200],
  'an answer whose type is a page': [(response, message) => response.writeHead(200, html).end(answerTo(message)), 200],
};

describe('2026-07-28 and responses without a JSON-RPC message', () => {
  const behaviours = [...Object.values(failures), ...Object.values(messages)].map(([behave]) => behave);
  let server;
  let stack;
  before(async () => {
    server = await listen(async (request, response) => {
      const message = parseJson(await readText(request));
      if (message.method === 'server/discover') {
        const result = { resultType: 'complete', supportedVersions: [VERSION], capabilities: {} };
        response.writeHead(200, json).end(JSON.stringify({ jsonrpc: '2.0', id: message.id, result }));
        return;
      }
      behaviours[Number(request.url.slice(1))](response, message);
    });
    const servers = Object.fromEntries(behaviours.map((_, at) => [`b${at}`, { url: `${server.origin}/${at}` }]));
    stack = await startStack({ server: false, servers, vars: { RATE_PER_MINUTE: 0 } });
  });
  after(async () => {
    await stack?.stop();
    await server.close();
  });

  const post = (behave, method, headers = {}) =>
    fetch(`${stack.origin}/b${behaviours.indexOf(behave)}/mcp`, {
      method: 'POST',
      headers: {
        Authorization: 'Bearer token-of-ada',
        ...json,
        Accept: 'application/json, text/event-stream',
        'MCP-Protocol-Version': VERSION,
        'Mcp-Method': method,
        ...(method === 'tools/call' && { 'Mcp-Name': 'pay' }),
        ...headers,
      },
      body: JSON.stringify({
        jsonrpc: '2.0',
        id: 1,
        method,
        params: { ...(method === 'tools/call' && { name: 'pay', arguments: {} }), _meta: meta },
      }),
    });

  for (const [what, [behave, status, [ofCall, ofRead]]] of Object.entries(failures))
    for (const [method, code] of [
      ['tools/call', ofCall],
      ['tools/list', ofRead],
      ['resources/read', ofRead],
    ])
      test(`${method}, ${what}: ${code}`, async () => {
        const response = await post(behave, method);
        assert.equal(response.status, status);
        assert.match(response.headers.get('content-type'), /^application\/json/);
        const { jsonrpc, id, error } = await response.json();
        assert.equal(jsonrpc, '2.0');
        assert.ok(id === 1 || id === null);
        assert.equal(error.data.code, code, JSON.stringify(error));
        assert.equal(/may have run/.test(error.message), code === 'outcome_unknown', error.message);
        if (code === 'outcome_unknown') assert.equal(error.data.retryable, false);
      });

  for (const [what, [behave, status]] of Object.entries(messages))
    test(`${what} reaches the client`, async () => {
      const response = await post(behave, 'tools/call');
      assert.equal(response.status, status);
      const { id, result, error } = await response.json();
      assert.equal(id, 1);
      assert.ok(result?.content ?? error.message === 'of the tool');
    });

  test('Retry-After passes', async () => {
    const [pause] = failures['a 503 that says when to try again'];
    assert.equal((await post(pause, 'tools/call')).headers.get('retry-after'), '7');
  });

  test('a client that accepts JSON alone, or streams alone, is refused: a late answer is a stream', async () => {
    for (const Accept of ['application/json', 'text/event-stream'])
      assert.equal((await post(failures['a 502 with a page'][0], 'tools/call', { Accept })).status, 406);
  });
});

test('up to 2025-11-25, the outcome of a call that is answered with a 103 is unknown, too', async (t) => {
  const server = await startScriptedSessions();
  const stack = await startStack({ server: false, servers: { scripted: { url: server.url } } });
  t.after(async () => {
    await stack?.stop();
    await server.close();
  });
  const ada = sender(`${stack.origin}/scripted/mcp`);
  const session = await ada.open();
  server.act = ({ method }, response) => {
    if (method === 'tools/call') response.writeEarlyHints({ link: '</style.css>; rel=preload' });
  };
  const { error } = await messageOf(await ada.call(session, 'pay'));
  assert.equal(error.data.code, 'outcome_unknown', JSON.stringify(error));
  assert.equal(server.seen.filter(({ method }) => method === 'tools/call').length, 1);
});
