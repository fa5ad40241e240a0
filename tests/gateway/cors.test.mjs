// CORS over the wire: every method and every status, for pages of allowed and of other origins.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { initializeParams, sender } from './http.mjs';
import { page, startStack } from './stack.mjs';

const stranger = 'https://evil.example';
const large = JSON.stringify({
  jsonrpc: '2.0',
  id: 1,
  method: 'tools/list',
  params: { text: 'x'.repeat(5 * 1024 * 1024) },
});

const pings = (count) => Array.from({ length: count }, (_, id) => ({ jsonrpc: '2.0', id, method: 'ping' }));

// The requests, and the status of each response. `session`: with the id of a live one.
const rows = [
  {
    name: 'initialize',
    method: 'POST',
    status: 200,
    body: { jsonrpc: '2.0', id: 1, method: 'initialize', params: initializeParams },
  },
  { name: 'a call', method: 'POST', status: 200, session: true, body: { jsonrpc: '2.0', id: 2, method: 'tools/list' } },
  {
    name: 'a notification',
    method: 'POST',
    status: 202,
    session: true,
    body: { jsonrpc: '2.0', method: 'notifications/roots/list_changed' },
  },
  { name: 'no JSON', method: 'POST', status: 400, session: true, body: '{' },
  { name: 'no session', method: 'POST', status: 400, body: { jsonrpc: '2.0', id: 2, method: 'tools/list' } },
  { name: 'no session', method: 'GET', status: 400 },
  { name: 'no session', method: 'DELETE', status: 400 },
  { name: 'a wrong token', method: 'POST', status: 401, token: 'wrong', body: {} },
  { name: 'a wrong token', method: 'GET', status: 401, token: 'wrong' },
  { name: 'a wrong token', method: 'DELETE', status: 401, token: 'wrong' },
  {
    name: 'an unknown session',
    method: 'POST',
    status: 404,
    headers: { 'Mcp-Session-Id': 'x'.repeat(43) },
    body: { jsonrpc: '2.0', id: 2, method: 'tools/list' },
  },
  { name: 'an unknown session', method: 'GET', status: 404, headers: { 'Mcp-Session-Id': 'x'.repeat(43) } },
  { name: 'an unknown session', method: 'DELETE', status: 404, headers: { 'Mcp-Session-Id': 'x'.repeat(43) } },
  { name: 'an unknown server', method: 'POST', status: 404, path: '/nothing/mcp', body: {} },
  { name: 'an unknown path', method: 'GET', status: 404, path: '/nothing' },
  { name: 'PUT', method: 'PUT', status: 405, body: {} },
  { name: 'PATCH', method: 'PATCH', status: 405, body: {} },
  { name: 'the wrong Accept', method: 'POST', status: 406, headers: { Accept: 'text/html' }, body: {} },
  { name: 'the wrong Accept', method: 'GET', status: 406, headers: { Accept: 'application/json' } },
  { name: 'a large body', method: 'POST', status: 413, body: large },
  { name: 'no media type', method: 'POST', status: 415, headers: { 'Content-Type': 'text/plain' }, body: '{}' },
  { name: 'large headers', method: 'GET', status: 431, headers: { 'X-Large': 'x'.repeat(20_000) } },
  {
    name: 'a server that is not there',
    method: 'POST',
    status: 502,
    path: '/down/mcp',
    body: { jsonrpc: '2.0', id: 1, method: 'initialize', params: initializeParams },
  },
  { name: 'a delete', method: 'DELETE', status: 200, session: true },
  // Its messages count: of single requests, a busy machine does not send more in a minute than are allowed.
  { name: 'too many messages', method: 'POST', status: 429, token: 'token-of-bob', times: 400, body: pings(100) },
];

describe('CORS over the wire', () => {
  let stack;
  before(
    async () =>
      (stack = await startStack({
        vars: { RATE_PER_MINUTE: 300, AUTHORIZATION_SERVERS: 'https://issuer.example' },
        servers: { down: { url: 'http://127.0.0.1:9/mcp', sessionConfig: { retryAttempts: 0 } } },
      })),
  );
  after(() => stack?.stop());

  for (const { name, method, status, session, token, headers = {}, body, path, times = 1 } of rows) {
    test(`${status}: ${method} with ${name}`, async () => {
      const ada = sender(stack.url, token);
      const own = session ? { 'Mcp-Session-Id': await ada.open() } : {};
      const send = (origin) => ada.send(method, { headers: { ...own, ...headers, Origin: origin }, body, path });
      const foreign = await send(stranger);
      assert.equal(foreign.status, 403);
      assert.equal(foreign.headers.get('access-control-allow-origin'), null);
      assert.match(foreign.headers.get('vary'), /Origin/);
      await foreign.text();
      const response = await untilStatus(status, times, () => send(page));
      assert.equal(response.status, status);
      expectReadable(response.headers);
      if (status === 401)
        assert.match(
          response.headers.get('www-authenticate'),
          /^Bearer resource_metadata="http.*\/\.well-known\/oauth-protected-resource\/s\/mcp", error="invalid_token"$/,
        );
      if (status === 405) assert.match(response.headers.get('allow'), /POST/);
      if (status === 429) assert.ok(Number(response.headers.get('retry-after')) >= 1);
    });
  }

  test('a GET stream', async () => {
    const ada = sender(stack.url);
    const session = await ada.open();
    const response = await ada.send('GET', { headers: { 'Mcp-Session-Id': session, Origin: page } });
    assert.deepEqual([response.status, response.headers.get('access-control-allow-origin')], [200, page]);
    await response.body.cancel();
  });

  test('preflights, for each path and method, without a token', async () => {
    for (const path of [
      '/s/mcp',
      '/nothing/mcp',
      '/healthz',
      '/sessions',
      `/sessions/${'0'.repeat(64)}`,
      '/.well-known/oauth-protected-resource/s/mcp',
      '/metrics',
    ]) {
      for (const method of ['POST', 'GET', 'DELETE']) {
        const ask = (origin) =>
          fetch(new URL(path, stack.url), {
            method: 'OPTIONS',
            headers: {
              Origin: origin,
              'Access-Control-Request-Method': method,
              'Access-Control-Request-Headers':
                'authorization, mcp-session-id, last-event-id, mcp-param-region, x-other',
            },
          });
        const response = await ask(page);
        assert.equal(response.status, 204, path);
        assert.equal(response.headers.get('access-control-allow-origin'), page);
        const allowed = response.headers.get('access-control-allow-headers').toLowerCase().split(', ');
        for (const name of [
          'authorization',
          'content-type',
          'accept',
          'mcp-session-id',
          'mcp-protocol-version',
          'last-event-id',
          'mcp-method',
          'mcp-name',
          'mcp-param-region',
        ])
          assert.ok(allowed.includes(name), name);
        assert.ok(!allowed.includes('x-other'));
        assert.ok(Number(response.headers.get('access-control-max-age')) > 0);
        if (path.endsWith('/s/mcp') && !path.startsWith('/.'))
          assert.ok(response.headers.get('access-control-allow-methods').includes(method));
        const foreign = await ask(stranger);
        assert.deepEqual([foreign.status, foreign.headers.get('access-control-allow-origin')], [403, null], path);
      }
    }
  });
});

/** The first response with this status, or the last of all. */
async function untilStatus(status, times, send) {
  let response;
  for (let time = 0; time < times; time += 1) {
    response = await send();
    await response.text();
    if (response.status === status) break;
  }
  return response;
}

/** The page may read the response and the headers that its client needs. */
function expectReadable(headers) {
  assert.equal(headers.get('access-control-allow-origin'), page);
  assert.match(headers.get('vary'), /Origin/);
  const exposed = headers.get('access-control-expose-headers').toLowerCase().split(', ');
  for (const wanted of ['mcp-session-id', 'retry-after', 'www-authenticate'])
    assert.ok(exposed.includes(wanted), wanted);
}
