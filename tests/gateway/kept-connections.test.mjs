// Servers and balancers that reset a connection which was kept open, just as a request is sent on it.
import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { after, before, beforeEach, describe, test } from 'node:test';
import { messageOf, sender } from './http.mjs';
import { startStack } from './stack.mjs';

const VERSION = '2026-07-28';
const meta = { 'io.modelcontextprotocol/protocolVersion': VERSION, 'io.modelcontextprotocol/clientCapabilities': {} };
const KEPT = 5; // connections: more than a request has attempts

describe('a server that resets connections when a request comes on them', () => {
  let server;
  let stack;
  before(async () => {
    server = await startResetting();
    const sessionConfig = { retryDelay: 20 };
    const servers = { old: { url: `${server.origin}/old`, sessionConfig }, modern: { url: `${server.origin}/modern` } };
    stack = await startStack({ server: false, servers, vars: { RATE_PER_MINUTE: 0 } });
  });
  after(async () => {
    await stack?.stop();
    server?.close();
  });
  beforeEach(() => server.reset('nothing'));

  const list = async (session, id) => {
    const ada = sender(new URL('/old/mcp', stack.url));
    const body = ada.rpc('tools/list', {}, id);
    return messageOf(await ada.send('POST', { headers: { 'Mcp-Session-Id': session }, body }));
  };
  const listModern = (id) => {
    const ada = sender(new URL('/modern/mcp', stack.url));
    const headers = { 'MCP-Protocol-Version': VERSION, 'Mcp-Method': 'tools/list' };
    return ada.send('POST', { headers, body: ada.rpc('tools/list', { _meta: meta, cursor: `page ${id}` }, id) });
  };

  test('a session’s reads are answered at once, though all kept connections are reset', async () => {
    const ada = sender(new URL('/old/mcp', stack.url));
    const session = await ada.open();
    const calls = Array.from({ length: KEPT }, (_, id) => ada.call(session, 'slow', {}, { id }));
    for (const call of calls) assert.ok((await messageOf(await call)).result);
    server.reset('kept connections');
    for (let id = 0; id < 5; id += 1) assert.deepEqual((await list(session, id)).result, { tools: [] });
    assert.ok(server.resets() >= KEPT, `${server.resets()} connections were reset`);
  });

  test('a call that may have run fails, and runs at most once', async () => {
    const ada = sender(new URL('/old/mcp', stack.url));
    const session = await ada.open();
    await list(session, 'keep');
    server.reset('kept connections');
    const { error } = await messageOf(await ada.call(session, 'order'));
    assert.equal(error.data.code, 'outcome_unknown');
    assert.equal(server.ran('order'), 0);
  });

  test('reads of 2026-07-28 are answered at once, though all kept connections are reset', async () => {
    const ada = sender(new URL('/old/mcp', stack.url));
    const session = await ada.open();
    const calls = Array.from({ length: KEPT }, (_, id) => ada.call(session, 'slow', {}, { id }));
    for (const call of calls) assert.ok((await messageOf(await call)).result);
    await (await listModern('answered')).json();
    server.reset('kept connections');
    for (let id = 0; id < 5; id += 1) assert.deepEqual((await (await listModern(id)).json()).result, { tools: [] });
    assert.ok(server.resets() >= KEPT, `${server.resets()} connections were reset`);
  });

  test('a read that breaks each connection is repeated a bounded number of times, though others are answered', async () => {
    server.reset('the page poison');
    const others = setInterval(() => listModern('other').then((response) => response.text()), 5);
    const response = await listModern('poison');
    clearInterval(others);
    assert.equal(response.status, 502);
    assert.ok(server.resets() <= 7, `${server.resets()} requests`);
  });

  test('a server that resets every connection gets a bounded number of requests', async () => {
    await (await listModern('keep')).json();
    server.reset('all');
    assert.equal((await listModern('never')).status, 502);
    assert.ok(server.resets() <= 7, `${server.resets()} requests of 2026-07-28`);

    server.reset('nothing');
    const session = await sender(new URL('/old/mcp', stack.url)).open();
    server.reset('all');
    assert.equal((await list(session, 'never')).error.data.code, 'network_error');
    assert.ok(server.resets() <= 16 + 4 * 2, `${server.resets()} requests of a session, its pings among them`);
  });
});

/** Speaks both revisions, on connections that are kept open. */
async function startResetting() {
  let what = 'nothing';
  let resets = 0;
  const ran = [];
  const server = createServer({ noDelay: true }, (socket) => {
    let text = '';
    let answers = 0;
    socket.on('error', () => {});
    socket.setEncoding('utf8').on('data', (more) => {
      const isPoison = what === 'the page poison' && /"page poison"/.test(more);
      if (isPoison || what === 'all' || (what === 'kept connections' && answers > 0)) {
        resets += 1;
        socket.resetAndDestroy();
        return;
      }
      text += more;
      const [head, body] = text.split('\r\n\r\n');
      if (body === undefined || body.length < Number(/content-length: (\d+)/i.exec(head)?.[1] ?? 0)) return;
      text = '';
      answers += 1;
      answer(socket, head, body, ran);
    });
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    origin: `http://127.0.0.1:${server.address().port}`,
    /** 'nothing', 'kept connections', 'the page poison' or 'all' from now on; counts from 0. */
    reset(which) {
      what = which;
      resets = 0;
      ran.length = 0;
    },
    resets: () => resets,
    ran: (name) => ran.filter((other) => other === name).length,
    close: () => server.close(),
  };
}

function answer(socket, head, body, ran) {
  const message = body === '' ? {} : JSON.parse(body);
  const send = (status, text = '', header = '') =>
    socket.write(
      `HTTP/1.1 ${status} Some\r\nContent-Type: application/json\r\n${header}Content-Length: ${text.length}\r\n\r\n${text}`,
    );
  if (message.id === undefined) return send(head.startsWith('GET') ? 405 : 202);
  const { id, method, params } = message;
  const respond = (outcome, header) => send(200, JSON.stringify({ jsonrpc: '2.0', id, ...outcome }), header);
  switch (method) {
    case 'server/discover':
      return respond({ error: { code: -32601, message: 'Method not found' } });
    case 'initialize': {
      const result = { capabilities: { tools: {} }, serverInfo: { name: 'resetting', version: '1' } };
      return respond({ result: { protocolVersion: params.protocolVersion, ...result } }, 'Mcp-Session-Id: one\r\n');
    }
    case 'tools/call':
      ran.push(params.name);
      return setTimeout(() => respond({ result: { content: [] } }), params.name === 'slow' ? 100 : 0);
    default:
      return respond({ result: method === 'tools/list' ? { tools: [] } : {} });
  }
}
