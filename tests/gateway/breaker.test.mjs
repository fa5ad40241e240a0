// A server that is out of reach: its user opens no more sessions with it for a while; other users are not affected.
import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { startOutageServer } from '../js/servers/outage-server.mjs';
import { findFreePort } from '../js/servers/shared/listen.mjs';
import { initializeParams, messageOf, sender } from './http.mjs';
import { startStack, until } from './stack.mjs';

const COOLDOWN = 3_000;

describe('a server that is out of reach', () => {
  let stack;
  let ada;
  let bob;
  let lost; // answers until it is out of reach
  let dead; // accepts connections, drops them, and counts
  before(async () => {
    dead = await startDead(await findFreePort());
    lost = await startOutageServer('502');
    const sessionConfig = { retryDelay: 10, retryAttempts: 1 };
    const servers = {
      dead: { url: `http://127.0.0.1:${dead.port}/mcp`, sessionConfig },
      lost: { url: lost.url, sessionConfig },
    };
    stack = await startStack({ vars: { BREAKER_COOLDOWN: COOLDOWN, RATE_PER_MINUTE: 0 }, servers });
    ada = sender(stack.url);
    bob = sender(stack.url, 'token-of-bob');
  });
  after(async () => {
    await stack?.stop();
    dead.close();
    await lost.close();
  });

  const initialize = async (who, path) => {
    const response = await who.send('POST', { path, body: who.rpc('initialize', initializeParams, 'begin') });
    const { status, headers } = response;
    return {
      status,
      wait: Number(headers.get('retry-after')),
      session: headers.get('mcp-session-id'),
      message: await messageOf(response),
    };
  };
  const refused = (who, path) =>
    until(async () => {
      const answer = await initialize(who, path);
      return answer.status === 503 ? answer : assert.equal(answer.status, 502);
    }, 'it is refused at once');

  test('after three failures the server gets no more requests of that user, who gets a Retry-After', async () => {
    for (let turn = 0; turn < 3; turn += 1) assert.equal((await initialize(ada, '/dead/mcp')).status, 502);
    const { wait, session, message } = await refused(ada, '/dead/mcp');
    assert.ok(wait >= 1 && wait <= COOLDOWN / 1_000);
    assert.deepEqual([session, message.id, message.error.code], [null, 'begin', -32000]);
    const seen = dead.connections();
    assert.equal((await initialize(ada, '/dead/mcp')).status, 503);
    assert.equal(dead.connections(), seen);
    const { sessions } = await (await ada.send('GET', { path: '/sessions' })).json();
    assert.deepEqual(sessions, []);
  });

  test('another user continues to try, and this one uses another server', async () => {
    const seen = dead.connections();
    assert.equal((await initialize(bob, '/dead/mcp')).status, 502);
    assert.ok(dead.connections() > seen);
    const session = await ada.open();
    assert.equal((await messageOf(await ada.call(session, 'echo', { text: 'here' }))).result.content[0].text, 'here');
  });

  test('after the pause one request is the canary, and when the server is back all are let through', async () => {
    await stack.server.kill();
    for (let turn = 0; turn < 3; turn += 1) assert.equal((await initialize(ada)).status, 502);
    await refused(ada);
    // While the server is still away, only one of many is let through.
    const tried = await until(async () => {
      const answers = await Promise.all(Array.from({ length: 4 }, () => initialize(ada)));
      return answers.some(({ status }) => status === 502) && answers.map(({ status }) => status).sort();
    }, 'a canary is let through');
    assert.deepEqual(tried, [502, 503, 503, 503]);
    await stack.server.start();
    await until(async () => (await initialize(ada)).status === 200, 'the server is back');
    await until(
      async () => (await Promise.all([initialize(ada), initialize(ada)])).every(({ status }) => status === 200),
      'all may',
    );
  });

  test('an open session with its attempts used up is one failure, however many of its calls wait; after three in a row no session is opened', async () => {
    const path = '/lost/mcp';
    const [of, other] = await Promise.all(
      [bob, ada].map(async (who) => ({
        who,
        session: await sender(new URL(path, stack.url), who === bob ? 'token-of-bob' : undefined).open(),
      })),
    );
    await lost.begin(600_000);
    let id = 0;
    const call = ({ who, session }) =>
      who.send('POST', { path, headers: { 'Mcp-Session-Id': session }, body: who.rpc('tools/list', {}, ++id) });
    const codesOf = (calls) =>
      Promise.all(calls.map(async (response) => (await messageOf(await response)).error.data.code));
    assert.deepEqual(await codesOf(Array.from({ length: 6 }, () => call(other))), Array(6).fill('http_error'));
    assert.equal((await initialize(ada, path)).status, 502, 'one failure');
    for (let turn = 0; turn < 3; turn += 1) assert.deepEqual(await codesOf([call(of)]), ['http_error']);
    assert.equal((await initialize(bob, path)).status, 503, 'the canary');
  });
});

// Accepts connections and sends nothing on them.
function startDead(port) {
  let connections = 0;
  const server = createServer((socket) => {
    connections += 1;
    socket.on('error', () => {}).destroy();
  });
  return new Promise((resolve) =>
    server.listen(port, '127.0.0.1', () =>
      resolve({ port, connections: () => connections, close: () => server.close() }),
    ),
  );
}
