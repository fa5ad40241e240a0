// The circuits that users of an isolate share: they open on evidence of two users that a server is out of reach, and on nothing else.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { register } from 'node:module';
import { after, before, describe, test } from 'node:test';
import { SharedCircuit } from '../../gateway/topology/circuit.js';
import { startModernServer } from '../js/servers/modern-server.mjs';
import { findFreePort, listen } from '../js/servers/shared/listen.mjs';
import { sendJson } from '../js/servers/shared/messages.mjs';
import { modernUser } from './broken-replicas.mjs';
import { initializeParams, messageOf, sender } from './http.mjs';
import { startStack } from './stack.mjs';

const COOLDOWN = 60_000; // milliseconds
const names = ['ada', 'bob', 'eve', ...Array.from({ length: 20 }, (_, at) => `user-${at}`)];
const BEARER_TOKENS = Object.fromEntries(names.map((name) => [name, `token-of-${name}`]));

describe('a server that two users cannot reach', () => {
  let stack;
  let answers; // by path: the status of the server, and how many requests it got
  let server;
  let modernPort;
  before(async () => {
    const port = await findFreePort();
    answers = {
      gateway: { status: 502, seen: 0 },
      refuses: { status: 401, seen: 0 },
      unknown: { status: 404, seen: 0 },
      bad: { status: 400, seen: 0 },
    };
    server = await listen((request, response) => {
      const answer = answers[request.url.slice(1)];
      answer.seen += 1;
      if (answer.status < 500) sendJson(response, answer.status, { error: 'no' });
      else response.writeHead(answer.status, { 'Content-Type': 'text/html' }).end('<h1>Bad Gateway</h1>');
    });
    const sessionConfig = { retryDelay: 5, retryAttempts: 0 };
    const config = (url) => ({ url, protocolVersion: '2025-11-25', sessionConfig });
    const servers = { late: config(`http://127.0.0.1:${port}/mcp`) };
    for (const name of Object.keys(answers)) servers[name] = config(`${server.origin}/${name}`);
    modernPort = await findFreePort();
    servers.modern = { url: `http://127.0.0.1:${modernPort}/mcp`, sessionConfig };
    stack = await startStack({
      server: false,
      vars: { BREAKER_COOLDOWN: COOLDOWN, RATE_PER_MINUTE: 0, BEARER_TOKENS },
      servers,
    });
  });
  after(async () => {
    await stack?.stop();
    await server.close();
  });

  const initialize = async (name, path) => {
    const who = sender(new URL(`/${path}/mcp`, stack.url), `token-of-${name}`);
    const response = await who.send('POST', { body: who.rpc('initialize', initializeParams, 'begin') });
    const { status, headers } = response;
    return { status, wait: Number(headers.get('retry-after')), message: await messageOf(response) };
  };

  test('a user who fails again and again closes it to no other', async () => {
    for (let turn = 0; turn < 10; turn += 1)
      assert.ok([502, 503].includes((await initialize('ada', 'gateway')).status));
    const { seen } = answers.gateway;
    assert.equal((await initialize('bob', 'gateway')).status, 502, 'it is tried');
    assert.ok(answers.gateway.seen > seen);
  });

  test('after failures of two, all others get 503 with Retry-After at once', async () => {
    for (const name of ['ada', 'bob']) await initialize(name, 'late');
    assert.equal((await initialize('bob', 'late')).status, 502, 'the third failure');
    for (const name of ['eve', 'user-1', 'user-2']) {
      const { status, wait, message } = await initialize(name, 'late');
      assert.equal(status, 503, name);
      assert.ok(wait >= 1 && wait <= COOLDOWN / 1_000);
      assert.deepEqual([message.id, message.error.code], ['begin', -32000]);
    }
  });

  test('requests of 2026-07-28 are evidence, too, and one that is answered ends it for all', async (t) => {
    const list = (name) => modernUser(sender(new URL('/modern/mcp', stack.url), `token-of-${name}`)).post('tools/list');
    for (const name of ['ada', 'bob', 'eve']) assert.equal((await list(name)).error.code, -32000);
    assert.equal((await initialize('user-3', 'modern')).status, 503, 'no session is opened');
    const lines = () => stack.lines.flatMap((text) => text.split('\n'));
    const opened = lines().find((line) => line.includes('"circuitOpened"') && line.includes('"modern"'));
    assert.equal(JSON.parse(opened).of, 'all');
    const modern = await startModernServer({ port: modernPort });
    t.after(() => modern.close());
    assert.ok((await list('user-4')).result, 'a request is never refused');
    assert.equal((await initialize('user-5', 'modern')).status, 200);
  });

  for (const [path, status] of Object.entries({ refuses: 401, unknown: 404, bad: 400 }))
    test(`a storm of ${status}s closes it to no one`, async () => {
      const found = await Promise.all(names.map((name) => initialize(name, path)));
      assert.ok(found.every(({ status: own }) => own !== 503));
      const { seen } = answers[path];
      assert.notEqual((await initialize('ada', path)).status, 503);
      assert.ok(answers[path].seen > seen, 'the server is asked');
    });
});

describe('a shared circuit', () => {
  let gateway;
  before(async () => {
    const built = new URL('../../target/worker-module/', import.meta.url);
    const rawJson = JSON.stringify(new URL('../../gateway/raw-json.js', import.meta.url).href);
    const resolve = `export const resolve = (name, context, next) =>
      name === 'raw-json' ? { url: ${rawJson}, shortCircuit: true } : next(name, context)`;
    register(`data:text/javascript,${encodeURIComponent(resolve)}`);
    const { initSync } = await import(new URL('slim.js', built).href);
    initSync(await readFile(new URL('mcp_tether_bg.wasm', built)));
    const { Gateway } = await import(new URL('mcp_tether.js', built).href);
    gateway = new Gateway({ mcpServers: { s: { url: 'http://server.test/mcp' } } }, {}, [], 0);
  });
  const failing = (circuit, user, count, at = 0) => {
    for (let turn = 0; turn < count; turn += 1) circuit.failed('s', user, at + turn);
  };

  test('needs three failures of two users, and one success forgets them', () => {
    const circuit = new SharedCircuit(gateway, 30_000);
    failing(circuit, 'ada', 100);
    assert.equal(circuit.admit('s', 100), 0);
    failing(circuit, 'bob', 1, 100);
    assert.ok(circuit.admit('s', 101) > 0);
    assert.equal(circuit.admit('other', 101), 0);
    circuit.worked('s');
    assert.equal(circuit.admit('s', 102), 0);
    for (const user of ['ada', 'bob']) failing(circuit, user, 1, 110);
    assert.equal(circuit.admit('s', 120), 0, 'two failures');
    failing(circuit, 'ada', 1, 120);
    assert.ok(circuit.admit('s', 121) > 0);
  });

  test('does not count what another user met long ago', () => {
    const circuit = new SharedCircuit(gateway, 30_000);
    failing(circuit, 'ada', 10);
    failing(circuit, 'bob', 10, 200_000);
    assert.equal(circuit.admit('s', 200_010), 0);
  });

  test('lets one through after the cooldown, which doubles while that fails', () => {
    const circuit = new SharedCircuit(gateway, 30_000);
    for (const user of ['ada', 'bob', 'eve']) failing(circuit, user, 1);
    assert.equal(circuit.admit('s', 0), 30_000);
    assert.equal(circuit.admit('s', 30_000), 0, 'the canary');
    assert.ok(circuit.admit('s', 30_001) > 0, 'and no other');
    circuit.failed('s', 'eve', 31_000);
    assert.equal(circuit.admit('s', 31_000), 60_000);
  });
});
