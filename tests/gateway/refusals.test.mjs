// What the gateway refuses by itself: with the request's id and words that help, counted, and nothing more than necessary.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { Agent, request } from 'node:http';
import { connect } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { listen } from '../js/servers/shared/listen.mjs';
import { eventsOf, initializeParams, messageOf, sender } from './http.mjs';
import { startScriptedSessions } from './scripted-sessions.mjs';
import { adminToken, startStack, until } from './stack.mjs';

const KIBIBYTE = 1024;

/** Sends bytes as they are, and reads the whole answer. */
async function raw(url, head, body = '') {
  const { hostname, port, host, pathname } = new URL(url);
  const socket = connect({ port: Number(port), host: hostname });
  await once(socket, 'connect');
  const lines = [`POST ${pathname} HTTP/1.1`, `Host: ${host}`, 'Connection: close', ...head];
  socket.write(`${lines.join('\r\n')}\r\n\r\n${body}`);
  const chunks = [];
  socket.on('data', (chunk) => chunks.push(chunk)).on('error', () => {});
  await once(socket, 'close');
  return Buffer.concat(chunks).toString('latin1');
}

describe('refusals', () => {
  let server;
  let stack;
  let ada;
  let bob;
  before(async () => {
    server = await startScriptedSessions();
    stack = await startStack({
      servers: { scripted: { url: server.url } },
      vars: { RATE_PER_MINUTE: 60, MAX_BODY_BYTES: 64 * KIBIBYTE, PUBLIC_ORIGIN: 'https://mcp.example.com' },
    });
    ada = sender(`${stack.origin}/scripted/mcp`);
    bob = sender(`${stack.origin}/scripted/mcp`, 'token-of-bob');
  });
  after(async () => {
    await stack?.stop();
    await server.close();
  });

  const restart = (changed) => stack.restartGateway(changed); // the limits are those of an isolate

  test('without authorization servers nothing points at a document that would have to name them', async () => {
    const response = await sender(stack.url, 'wrong').send('POST', { body: ada.rpc('tools/list') });
    assert.equal(response.status, 401);
    assert.equal(response.headers.get('www-authenticate'), 'Bearer error="invalid_token"');
    const document = await fetch(`${stack.origin}/.well-known/oauth-protected-resource/s/mcp`);
    assert.equal(document.status, 404);
  });

  test('with some, the addresses are those that clients use, also behind a proxy that terminates TLS', async () => {
    await restart({ vars: { AUTHORIZATION_SERVERS: 'https://issuer.example' } });
    const response = await sender(stack.url, 'wrong').send('POST', { body: ada.rpc('tools/list') });
    assert.match(
      response.headers.get('www-authenticate'),
      /resource_metadata="https:\/\/mcp\.example\.com\/\.well-known\/oauth-protected-resource\/s\/mcp"/,
    );
    const document = await fetch(`${stack.origin}/.well-known/oauth-protected-resource/s/mcp/`);
    assert.equal((await document.json()).resource, 'https://mcp.example.com/s/mcp');
    await restart();
  });

  test('an endpoint with a slash at its end is the same', async () => {
    const slashed = sender(`${stack.origin}/scripted/mcp/`);
    const session = await slashed.open();
    const { result } = await messageOf(await ada.call(session, 'echo', { text: 'same' }));
    assert.equal(result.content[0].text, 'same');
  });

  test('an unknown revision is answered with one that is then accepted', async () => {
    const response = await ada.send('POST', {
      body: ada.rpc('initialize', { ...initializeParams, protocolVersion: '1999-01-01' }),
    });
    const session = response.headers.get('mcp-session-id');
    const { protocolVersion } = (await response.json()).result;
    const listed = await ada.send('POST', {
      headers: { 'Mcp-Session-Id': session, 'MCP-Protocol-Version': protocolVersion },
      body: ada.rpc('tools/list'),
    });
    assert.equal(listed.status, 200);
  });

  test('the server gets the client’s own initialize, when a session is opened and when it is recovered', async () => {
    const params = {
      protocolVersion: '2025-06-18',
      capabilities: { roots: { listChanged: true }, experimental: { vendor: {} } },
      clientInfo: { name: 'own', version: '7', title: 'Own' },
      _meta: { 'vendor.example/tenant': 'x' },
      vendorOption: [1],
    };
    const session = await ada.open(params);
    server.open.clear();
    await messageOf(await ada.call(session, 'echo', { text: 'x' }));
    const seen = server.seen.filter(({ method, params: given }) => method === 'initialize' && given.vendorOption);
    assert.deepEqual(
      seen.map(({ params: given }) => given),
      [params, params],
    );
  });

  test('an id of null is refused, in a request and in a notification', async () => {
    const session = await ada.open();
    for (const body of [
      { ...ada.rpc('ping'), id: null },
      { ...ada.rpc('notifications/initialized'), id: null },
    ]) {
      const response = await ada.send('POST', { headers: { 'Mcp-Session-Id': session }, body });
      assert.deepEqual([response.status, (await response.json()).error.code], [400, -32600]);
    }
  });

  for (const [what, message] of [
    ['first', (pad) => `{"jsonrpc":"2.0","id":"mine","method":"tools/call","params":{"name":"echo","pad":"${pad}"}}`],
    ['last', (pad) => `{"method":"tools/call","params":{"name":"echo","pad":"${pad}"},"jsonrpc":"2.0","id":"mine"}`],
  ]) {
    test(`a message that is too large is refused with its id, which comes ${what}`, async () => {
      const session = await ada.open();
      const response = await ada.send('POST', {
        headers: { 'Mcp-Session-Id': session },
        body: message('x'.repeat(100 * KIBIBYTE)),
      });
      const { id, error } = await response.json();
      assert.deepEqual([response.status, id], [413, 'mine']);
      assert.match(error.message, /limit/);
    });
  }

  test('a length that is smaller than the body does not get around the limit', async () => {
    const body = JSON.stringify({ ...ada.rpc('initialize', initializeParams), pad: 'x'.repeat(100 * KIBIBYTE) });
    const answer = await raw(
      `${stack.origin}/scripted/mcp`,
      [
        'Authorization: Bearer token-of-ada',
        'Content-Type: application/json',
        'Accept: application/json, text/event-stream',
        'Content-Length: 5',
        'Transfer-Encoding: chunked',
      ],
      `${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`,
    );
    assert.match(answer, /^HTTP\/1\.1 (413|400) /);
  });

  const waiting = ['Content-Type: application/json', 'Accept: application/json, text/event-stream'];
  for (const [what, head, body, status] of [
    ['of a stranger', ['Content-Length: 1000'], '{"jsonrpc"', 401],
    [
      'of a user without a known length',
      [`Authorization: Bearer token-of-ada`, 'Transfer-Encoding: chunked'],
      '5\r\n{"jso\r\n',
      408,
    ],
    [
      'of a user, beyond the limit',
      [`Authorization: Bearer token-of-ada`, 'Content-Length: 9999999'],
      '{"jsonrpc"',
      408,
    ],
  ])
    test(`a body ${what} that stops arriving is not waited for without end`, { timeout: 120_000 }, async () => {
      const answer = await raw(`${stack.origin}/scripted/mcp`, [...waiting, ...head], body);
      assert.match(answer, new RegExp(`^HTTP/1\\.1 ${status} `));
    });

  test('requests that are refused unread leave their connection to the next one', async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const post = (text, headers) =>
      new Promise((resolve, reject) => {
        const all = { Authorization: 'Bearer token-of-ada', 'Content-Type': 'application/json', ...headers };
        const asked = request(stack.url, { method: 'POST', agent, headers: all }, async (response) => {
          await response.resume().toArray();
          resolve([response.statusCode, asked.reusedSocket]);
        });
        asked.on('error', reject).end(text);
      });
    const large = JSON.stringify(sender(stack.url).rpc('tools/list', { text: 'x'.repeat(100 * KIBIBYTE) }));
    assert.deepEqual(await post('{'), [400, false]);
    for (const [status, text, headers] of [
      [413, large],
      [401, large, { Authorization: 'Bearer no' }],
      [406, large, { Accept: 'text/html' }],
      [415, large, { 'Content-Type': 'text/plain' }],
      [403, large, { Origin: 'https://evil.example' }],
      [400, '{'],
    ])
      assert.deepEqual(await post(text, headers), [status, true]);
    agent.destroy();
  });

  test('a request that accepts too little is refused with its id', async () => {
    const response = await ada.send('POST', {
      headers: { Accept: 'application/json' },
      body: ada.rpc('tools/list', {}, 'mine'),
    });
    const { id, error } = await response.json();
    assert.deepEqual([response.status, id], [406, 'mine']);
    assert.match(error.message, /Accept/);
  });

  test('the messages of a batch count, and the request beyond the limit is refused with its id', async () => {
    await restart();
    const session = await ada.open({ ...initializeParams, protocolVersion: '2025-03-26' });
    const batch = (count) => Array.from({ length: count }, (_, at) => ada.rpc('ping', {}, at));
    const send = (body) => ada.send('POST', { headers: { 'Mcp-Session-Id': session }, body });
    assert.equal((await send(batch(40))).status, 200);
    const refused = await send(batch(40));
    assert.equal(refused.status, 429);
    assert.ok(Number(refused.headers.get('retry-after')) >= 1);
    let response;
    do response = await send(ada.rpc('ping', {}, 'mine'));
    while (response.status === 200);
    const { id, error } = await response.json();
    assert.deepEqual([response.status, id], [429, 'mine']);
    assert.match(error.message, /Retry-After/);
    assert.equal((await bob.open()).length, 43, 'another user has a limit of their own');
    await restart();
  });

  test('failed logins are counted, and limited like requests', async () => {
    const wrong = sender(stack.url, 'wrong');
    const statuses = [];
    for (let turn = 0; turn < 70; turn += 1) {
      const response = await wrong.send('POST', { body: ada.rpc('tools/list') });
      await response.text();
      statuses.push(response.status);
    }
    assert.deepEqual([...new Set(statuses)], [401, 429]);
    await ada.open();
    const metrics = await (await sender(stack.url, adminToken).send('GET', { path: '/metrics' })).text();
    assert.ok(Number(/^mcp_tether_logins_failed_total (\d+)$/m.exec(metrics)[1]) >= 70);
    await restart();
  });
});

describe('a gateway without authentication', () => {
  let stack;
  before(async () => {
    stack = await startStack({ vars: { AUTH: 'none', MAX_SESSIONS_PER_USER: 2 } });
  });
  after(() => stack?.stop());

  const from = (address) => {
    const { send, rpc } = sender(stack.url);
    return {
      rpc,
      send: (method, { headers, ...options } = {}) =>
        send(method, { ...options, headers: { Authorization: undefined, 'CF-Connecting-IP': address, ...headers } }),
    };
  };
  const open = async (who) => {
    const response = await who.send('POST', { body: who.rpc('initialize', initializeParams) });
    await response.text();
    return response.headers.get('mcp-session-id');
  };

  test('a stranger neither sees nor ends the sessions of others', async () => {
    const one = from('192.0.2.1');
    const session = await open(one);
    for (const who of [one, from('192.0.2.2')]) {
      const response = await who.send('GET', { path: '/sessions' });
      assert.equal(response.status, 403);
      assert.ok(!(await response.text()).includes('handle'));
    }
    const { createHash } = await import('node:crypto');
    const handle = createHash('sha256').update(session).digest('hex');
    assert.equal((await from('192.0.2.2').send('DELETE', { path: `/sessions/${handle}` })).status, 403);
    const ping = await one.send('POST', { headers: { 'Mcp-Session-Id': session }, body: one.rpc('ping') });
    assert.equal(ping.status, 200);
  });

  test('the sessions of one address do not take the room of another, and a session moves with its client', async () => {
    const session = await open(from('192.0.2.10'));
    for (let turn = 0; turn < 3; turn += 1) await open(from(`2001:db8:1:2::${turn}`));
    for (const address of ['192.0.2.10', '192.0.2.11']) {
      const who = from(address);
      const ping = await who.send('POST', { headers: { 'Mcp-Session-Id': session }, body: who.rpc('ping') });
      assert.equal(ping.status, 200, address);
    }
    await until(async () => (await stack.counts()).delete >= 1, 'one of the network of an address makes room');
  });
});

describe('an issuer of tokens that is out of reach', () => {
  let keys;
  let jwks;
  let isUp = false;
  let stack;
  before(async () => {
    keys = await generateKeyPair('ES256');
    const key = { ...(await exportJWK(keys.publicKey)), kid: 'one', alg: 'ES256', use: 'sig' };
    jwks = await listen((_request, response) =>
      isUp
        ? response.writeHead(200, { 'Content-Type': 'application/json' }).end(JSON.stringify({ keys: [key] }))
        : response.writeHead(503).end(),
    );
    stack = await startStack({
      vars: { AUTH: 'jwt, bearer', JWT_JWKS_URL: `${jwks.origin}/keys`, JWT_ISSUER: 'me', JWT_AUDIENCE: 'you' },
    });
  });
  after(async () => {
    await stack?.stop();
    await jwks.close();
  });

  const tokenOf = (claims, seconds = 60) =>
    new SignJWT({ iss: 'me', aud: 'you', exp: Math.floor(Date.now() / 1_000) + seconds, ...claims })
      .setProtectedHeader({ alg: 'ES256', kid: 'one' })
      .sign(keys.privateKey);

  test('leaves open whether a token is valid: 503, a line, a counter; other ways to log in still work', async () => {
    const token = await tokenOf({ sub: 'eve' });
    const response = await sender(stack.url, token).send('POST', { body: { jsonrpc: '2.0', id: 1, method: 'ping' } });
    assert.equal(response.status, 503);
    assert.ok(Number(response.headers.get('retry-after')) >= 1);
    assert.equal(response.headers.get('www-authenticate'), null);
    await until(() => stack.lines.some((line) => line.includes('keysUnreachable')), 'a line says so');
    assert.ok(!stack.lines.some((line) => line.includes(token)));
    await sender(stack.url).open();
    const metrics = await (await sender(stack.url, adminToken).send('GET', { path: '/metrics' })).text();
    assert.match(metrics, /^mcp_tether_jwks_failures_total 1$/m);
    isUp = true;
    await until(async () => {
      const again = await sender(stack.url, token).send('POST', { body: { jsonrpc: '2.0', id: 1, method: 'ping' } });
      return again.status === 400; // no session: the token is valid
    }, 'it recovers');
  });

  test('a subject that is not text is refused', async () => {
    for (const sub of [7, ['eve'], { name: 'eve' }, true, '']) {
      const response = await sender(stack.url, await tokenOf({ sub })).send('POST', {
        body: { jsonrpc: '2.0', id: 1, method: 'ping' },
      });
      assert.equal(response.status, 401, JSON.stringify(sub));
    }
  });

  test('a GET stream ends with the token that opened it', { timeout: 180_000 }, async () => {
    const short = sender(stack.url, await tokenOf({ sub: 'eve' }, 3));
    const session = await short.open();
    const stream = await short.send('GET', { headers: { 'Mcp-Session-Id': session } });
    for await (const event of eventsOf(stream)) assert.equal(event.data, undefined);
  });
});
