// What `mcp-tether-gateway dev` listens with: requests that workerd answers with a bare 500 are refused or served, all others reach it as they are.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { Front } from '../../gateway/package/front.mjs';
import { initializeParams, readUntil, sender } from './http.mjs';
import { startStack, until } from './stack.mjs';

const initialize = JSON.stringify(sender('').rpc('initialize', initializeParams));
const ours = [
  'Authorization: Bearer token-of-ada',
  'Content-Type: application/json',
  'Accept: application/json, text/event-stream',
];

describe('in front of workerd', () => {
  let stack;
  let front;
  let host;
  before(async () => {
    stack = await startStack({ vars: { RATE_PER_MINUTE: 0 } });
    front = new Front();
    await front.listen(0);
    front.lead(Number(new URL(stack.origin).port));
    host = `127.0.0.1:${front.port}`;
  });
  after(async () => {
    front?.close();
    await stack?.stop();
  });

  function open() {
    const socket = connect({ port: front.port, host: '127.0.0.1', noDelay: true });
    socket.on('error', () => {});
    return once(socket, 'connect').then(() => socket);
  }

  /** Writes parts of a request, and reads its answer, which has a length. */
  async function exchange(socket, ...parts) {
    for (const part of parts) await new Promise((written) => socket.write(part, 'latin1', written));
    const signal = AbortSignal.timeout(60_000);
    for (let text = ''; ; ) {
      const [chunk] = await once(socket, 'data', { signal });
      text += chunk;
      const [head, body] = text.split('\r\n\r\n');
      if (body === undefined) continue;
      const length = Number(/^content-length: (\d+)/im.exec(head)?.[1] ?? 0);
      if (Buffer.byteLength(body) >= length) return { status: Number(head.split(' ')[1]), head, body };
    }
  }
  async function alone(...parts) {
    const socket = await open();
    const answer = await exchange(socket, ...parts);
    socket.destroy();
    return answer;
  }
  const lines = (...all) => [...all, '', ''].join('\r\n');
  const bare = (first, ...fields) => lines(first, `Host: ${host}`, 'Connection: close', ...fields);
  const post = (first, ...fields) =>
    lines(first, 'Connection: close', ...ours, `Content-Length: ${initialize.length}`, ...fields) + initialize;

  const served = {
    'a target in absolute form': () => post(`POST http://${host}/s/mcp HTTP/1.1`, `Host: ${host}`),
    'one with another Host, which does not count': () => post(`POST http://${host}/s/mcp HTTP/1.1`, 'Host: a b'),
    'one with the name of a proxy': () => post('POST https://mcp.example/s/mcp?a=b HTTP/1.1', 'Host: mcp.example'),
    'one in HTTP/1.0': () => post(`POST http://${host}/s/mcp HTTP/1.0`),
    'a path': () => post('POST /s/mcp HTTP/1.1', `Host: ${host}`),
    'a path with a query': () => post('POST /s/mcp?a=http://b HTTP/1.1', `Host: ${host}`),
    'a field in two lines': () => post('POST /s/mcp HTTP/1.1', `Host: ${host}`, 'X-A: b\r\n c'),
    'the same length twice': () =>
      post('POST /s/mcp HTTP/1.1', `Host: ${host}`, `Content-Length: ${initialize.length}`).replace(
        `Content-Length: ${initialize.length}\r\n`,
        '',
      ),
  };
  for (const [what, request] of Object.entries(served))
    test(`${what} reaches the endpoint, in one piece and in many`, async () => {
      for (const parts of [[request()], request()]) {
        const { status, body } = await alone(...parts);
        assert.equal(status, 200, body);
        assert.equal(JSON.parse(body).result.protocolVersion, initializeParams.protocolVersion);
      }
    });

  test('a connection with targets in absolute form is kept, and each of them is read', async () => {
    const socket = await open();
    for (const path of ['/healthz', '/readyz', '/healthz']) {
      const { status, body } = await exchange(
        socket,
        lines(`GET http://${host}${path} HTTP/1.1`, `Host: ${host}`, 'X-A: b'),
      );
      assert.deepEqual([status, JSON.parse(body).ready], [200, true]);
    }
    socket.destroy();
  });

  const refused = {
    'CONNECT to a host': [405, () => bare('CONNECT mcp.example:443 HTTP/1.1')],
    'CONNECT to a path': [405, () => bare('CONNECT /s/mcp HTTP/1.1')],
    '* with another method than OPTIONS': [400, () => bare('GET * HTTP/1.1')],
    'a path without its slash': [400, () => bare('GET healthz HTTP/1.1')],
    'another scheme': [400, () => bare(`GET ftp://${host}/healthz HTTP/1.1`)],
    'an URL without a host': [400, () => bare('GET http:///healthz HTTP/1.1')],
    'an URL with a password': [400, () => bare(`GET http://a:b@${host}/healthz HTTP/1.1`)],
    'two hosts': [400, () => bare('GET /healthz HTTP/1.1', 'Host: b.example')],
    'a host that is none': [400, () => lines('GET /healthz HTTP/1.1', 'Host: a b/c', 'Connection: close')],
    'a port that is none': [400, () => lines('GET /healthz HTTP/1.1', 'Host: a:99999', 'Connection: close')],
    'no host': [400, () => lines('GET /healthz HTTP/1.1', 'Connection: close')],
    'two lengths': [400, () => post('POST /s/mcp HTTP/1.1', `Host: ${host}`, 'Content-Length: 3')],
    'a length that is none': [400, () => bare('POST /s/mcp HTTP/1.1', 'Content-Length: -1')],
    'an encoding that is not known': [501, () => bare('POST /s/mcp HTTP/1.1', 'Transfer-Encoding: gzip, chunked')],
    'white space before a colon': [400, () => bare('GET /healthz HTTP/1.1', 'X-A : b')],
    'a head of 100 KB': [431, () => bare('GET /healthz HTTP/1.1', `X-A: ${'a'.repeat(100_000)}`)],
    'a method that is not known': [501, () => bare('FOO /healthz HTTP/1.1')],
  };
  for (const [what, [status, request]] of Object.entries(refused))
    test(`${what} is refused with ${status}`, async () => {
      const answer = await alone(request());
      assert.equal(answer.status, status, answer.head);
      assert.notEqual(answer.body, '');
    });

  test('OPTIONS * is answered, and other OPTIONS are those of the gateway', async () => {
    const { status, head } = await alone(bare('OPTIONS * HTTP/1.1'));
    assert.equal(status, 204);
    assert.match(head, /\r\nAllow: .*POST/);
    assert.match((await alone(bare('OPTIONS /healthz HTTP/1.1'))).head, /^HTTP\/1\.1 204 .*\r\nallow: /is);
  });

  test('none of them was an error of workerd', () => {
    assert.deepEqual(
      stack.lines.filter((line) => /uncaught|"level":"error"/i.test(line)),
      [],
    );
  });

  test('streams pass, and a client that leaves one has left it', async () => {
    const ada = sender(`http://${host}/s/mcp`);
    const session = await ada.open();
    const stream = await ada.send('GET', { headers: { 'Mcp-Session-Id': session } });
    const reader = stream.body.getReader();
    await ada.call(session, 'notify', {});
    await reader.read();
    await reader.cancel();
    const slow = await ada.call(session, 'slow', { ms: 300, key: 'front' }, { meta: { progressToken: 1 } });
    await readUntil(slow.body.getReader(), /"result"/);
  });

  test('without workerd clients wait, and are served when it is there', async () => {
    front.lead();
    const waiting = fetch(`http://${host}/healthz`);
    await stack.restartGateway();
    front.lead(Number(new URL(stack.origin).port));
    assert.equal((await waiting).status, 200);
    await until(async () => (await fetch(`http://${host}/healthz`)).ok, 'the next is served too');
  });
});

test('a Host that names no host is a fault of the request, also without this front', async (t) => {
  const stack = await startStack({ server: false });
  t.after(() => stack.stop());
  for (const path of ['/s/mcp', '/healthz', '/']) {
    const socket = connect(Number(new URL(stack.origin).port), '127.0.0.1');
    socket.write(`GET ${path} HTTP/1.1\r\nHost: a:99999\r\nAccept: text/html\r\nConnection: close\r\n\r\n`);
    const [text] = await once(socket.setEncoding('utf8'), 'data');
    socket.destroy();
    assert.match(text, /^HTTP\/1\.1 400 /, path);
  }
  assert.deepEqual(
    stack.lines.filter((line) => line.includes('"error"')),
    [],
  );
});
