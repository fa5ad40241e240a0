// The circuits that users of an isolate share: they open on evidence of two users that a server is out of reach, and on nothing else.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { startSdkServer } from '../js/servers/sdk-server.mjs';
import { findFreePort, listen } from '../js/servers/shared/listen.mjs';
import { sendJson } from '../js/servers/shared/messages.mjs';
import { initializeParams, messageOf, sender } from './http.mjs';
import { startStack, until } from './stack.mjs';

const names = ['ada', 'bob', 'eve', ...Array.from({ length: 20 }, (_, at) => `user-${at}`)];
const BEARER_TOKENS = Object.fromEntries(names.map((name) => [name, `token-of-${name}`]));

describe('a server that two users cannot reach', () => {
  let stack;
  let answers; // by path: the status of the server, and how many requests it got
  let server;
  let port;
  before(async () => {
    port = await findFreePort();
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
    // A user's own breaker closes at once here, so that a user can fail as often as the test likes.
    stack = await startStack({ vars: { BREAKER_COOLDOWN: 1_500, RATE_PER_MINUTE: 0, BEARER_TOKENS }, servers });
  });
  after(async () => {
    await stack.stop();
    await server.close();
  });

  const initialize = async (name, path) => {
    const who = sender(new URL(`/${path}/mcp`, stack.url), `token-of-${name}`);
    const response = await who.send('POST', { body: who.rpc('initialize', initializeParams, 'begin') });
    const { status, headers } = response;
    return { status, wait: Number(headers.get('retry-after')), message: await messageOf(response) };
  };

  test('a user who fails a hundred times closes it to no other', async () => {
    for (let turn = 0; turn < 100; turn += 1)
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
      assert.ok(wait >= 1 && wait <= 2);
      assert.deepEqual([message.id, message.error.code], ['begin', -32000]);
    }
  });

  test('after the cooldown one of them is the canary, and when the server is back all are let through', async () => {
    const users = names.slice(3, 9);
    const tried = await until(async () => {
      const found = await Promise.all(users.map((name) => initialize(name, 'late')));
      return found.some(({ status }) => status === 502) && found.map(({ status }) => status).sort();
    }, 'a canary is let through');
    assert.deepEqual(tried, [502, ...Array(users.length - 1).fill(503)]);
    const back = await startSdkServer({ port });
    try {
      await until(async () => (await initialize('eve', 'late')).status === 200, 'the canary works');
      const found = await Promise.all(users.map((name) => initialize(name, 'late')));
      assert.deepEqual(
        found.map(({ status }) => status),
        Array(users.length).fill(200),
      );
    } finally {
      await back.close();
    }
  });

  for (const [path, status] of Object.entries({ refuses: 401, unknown: 404, bad: 400 }))
    test(`a storm of ${status}s closes it to nobody`, async () => {
      for (const name of names) assert.notEqual((await initialize(name, path)).status, 503, name);
      const { seen } = answers[path];
      assert.notEqual((await initialize('ada', path)).status, 503);
      assert.ok(answers[path].seen > seen, 'the server is asked');
    });
});
