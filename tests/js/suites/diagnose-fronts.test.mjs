// What answers in place of a server, and servers that differ from the protocol: the doctor puts the right fix first, and
// calls a server usable just if the client works with it.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { createServer as createTcpServer } from 'node:net';
import { describe, test } from 'node:test';
import { diagnose, verdictOf } from '../../../pkg/diagnose.js';
import { McpManager } from '../../../pkg/node.js';
import { brokenServers } from '../helpers/diagnose/broken-servers.mjs';
import { deployments } from '../helpers/diagnose/deployments.mjs';
import { fronts } from '../helpers/diagnose/fronts.mjs';
import { setups } from '../helpers/diagnose/setups.mjs';
import { listen } from '../servers/shared/listen.mjs';

const timeout = 1_000; // of servers that do not answer; all others answer at once

async function verdictOn({ serve, headers = {}, origin, wait = timeout }, context) {
  const server = await listen(serve);
  context.after(server.close);
  const url = `${server.origin}/mcp`;
  const target = { url, headers, protocolVersion: 'auto' };
  const diagnosis = await diagnose(() => target, { timeout: wait, ...(origin && { origin }) });
  return { url, verdict: verdictOf(diagnosis), diagnosis };
}

/** Whether a session can be opened and used. */
async function works(url, headers = {}, wait = 2_000) {
  const settings = { url, headers, timeout: wait, initTimeout: wait };
  const manager = new McpManager({ mcpServers: { s: settings } }, { log: () => {} });
  try {
    const session = await manager.connect('ada', 's');
    await session.ping();
    await session.listTools();
    return true;
  } catch {
    return false;
  } finally {
    await manager.close();
  }
}

describe('the fix that comes first', { concurrency: 4 }, () => {
  for (const [name, { first, isUsable = false, topic, ...row }] of Object.entries({
    ...fronts,
    ...setups,
    ...deployments,
  }))
    test(name, { timeout: 60_000 }, async (context) => {
      const { url, verdict, diagnosis } = await verdictOn(row, context);
      assert.match(verdict.first ?? 'nothing', first ?? /^nothing$/, JSON.stringify(diagnosis, undefined, 2));
      if (topic) assert.equal(verdict.topic, topic);
      const usable = first ? 'advice' : 'good';
      assert.equal(verdict.state, isUsable ? usable : 'broken');
      assert.equal(await works(url, {}, row.wait), isUsable, 'the client');
    });
});

describe('the doctor and the client agree on broken servers', { concurrency: 4 }, () => {
  for (const [name, row] of Object.entries(brokenServers))
    test(name, { timeout: 60_000 }, async (context) => {
      // A page's origin is the page's affair: the client here sends none.
      const { url, verdict, diagnosis } = await verdictOn({ ...row, origin: undefined }, context);
      const usable = await works(url, row.headers);
      assert.equal(verdict.state !== 'broken', usable, JSON.stringify(diagnosis, undefined, 2));
    });
});

/**
 * Listens at a port below those that systems hand out: at one of these, another test's server could answer at the other address.
 * @param {import('node:net').Server} server
 * @param {string} host
 */
async function listenAlone(server, host) {
  for (let tries = 0; tries < 20; tries += 1) {
    const port = 20_000 + Math.floor(Math.random() * 10_000);
    server.listen({ host, port, ipv6Only: true });
    const isListening = await once(server, 'listening').catch(() => undefined);
    if (isListening) return port;
  }
  throw new Error('no port is free');
}

describe('at this machine', () => {
  const handler = (_request, response) => response.writeHead(404).end();
  for (const [address, other] of [
    ['::1', '127.0.0.1'],
    ['127.0.0.1', '[::1]'],
  ])
    test(`a server that listens at ${address} only, and a URL with ${other}`, async (context) => {
      const server = createServer(handler);
      const port = await listenAlone(server, address);
      context.after(() => server.close());
      const target = { url: `http://${other}:${port}/mcp`, headers: {}, protocolVersion: 'auto' };
      const { first, step } = verdictOf(await diagnose(() => target, { timeout }));
      const listens = address === '::1' ? `[::1]:${port}` : `127.0.0.1:${port}`;
      assert.ok(first.startsWith(`Use http://${listens} in the URL`), first);
      assert.match(step.detail, / was refused: the server listens at .* only$/);
    });

  test('a port at which something else than HTTP answers', async (context) => {
    const server = createTcpServer((socket) => socket.end('SSH-2.0-OpenSSH_9.2\r\n'));
    await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
    context.after(() => server.close());
    const target = { url: `http://127.0.0.1:${server.address().port}/mcp`, headers: {}, protocolVersion: 'auto' };
    const { first } = verdictOf(await diagnose(() => target, { timeout }));
    assert.match(first, /^Correct the port in the URL: another program answers there/);
  });

  test('a container whose server listens inside it only: its port is open, and closes each connection', async (context) => {
    const server = createTcpServer((socket) => socket.resetAndDestroy());
    await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
    context.after(() => server.close());
    const target = { url: `http://127.0.0.1:${server.address().port}/mcp`, headers: {}, protocolVersion: 'auto' };
    const { more } = verdictOf(await diagnose(() => target, { timeout }));
    assert.match(more.join(' '), /a container whose server listens at its own 127\.0\.0\.1 instead of 0\.0\.0\.0/);
  });
});

test('where another path has the endpoint, credentials stay at the configured one', async (context) => {
  const seen = [];
  const server = await listen((request, response) => {
    if (request.url !== '/wrong') seen.push(request.headers.authorization);
    if (request.url === '/mcp')
      return response.writeHead(400).end('{"jsonrpc":"2.0","id":null,"error":{"code":-32000}}');
    return response.writeHead(404).end();
  });
  context.after(server.close);
  const headers = { Authorization: 'Bearer a-secret-token' };
  const target = { url: `${server.origin}/wrong`, headers, protocolVersion: 'auto' };
  const { first } = verdictOf(await diagnose(() => target, { timeout }));
  assert.equal(first, `Correct the path of the URL: ${server.origin}/mcp answers as an MCP endpoint does.`);
  assert.deepEqual(new Set(seen), new Set([undefined]));
});
