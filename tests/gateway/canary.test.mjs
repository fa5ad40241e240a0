// A canary: sessions that ask for it by a header, and those of a share of users, are opened there and stay there.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { choicesOf, isForCanary } from '../../gateway/topology/choice.js';
import { Drains } from '../../gateway/topology/drains.js';
import { startModernServer } from '../js/servers/modern-server.mjs';
import { startSdkServer } from '../js/servers/sdk-server.mjs';
import { messageOf, sender } from './http.mjs';
import { startStack } from './stack.mjs';

const VERSION = '2026-07-28';

describe('a server with a canary', () => {
  let stable;
  let canary;
  let modern;
  let stack;
  let servers;
  before(async () => {
    [stable, canary] = await Promise.all([startSdkServer(), startSdkServer()]);
    const cacheHints = { 'tools/list': { ttlMs: 60_000, cacheScope: 'public' } };
    modern = await Promise.all([startModernServer({ cacheHints }), startModernServer({ cacheHints })]);
    servers = {
      two: { url: stable.url, canary: { url: canary.url, header: 'X-Canary: 1' }, sessionConfig: { retryDelay: 50 } },
      modern: { url: modern[0].url, canary: { url: modern[1].url, header: 'X-Canary' } },
    };
    stack = await startStack({ server: false, servers });
  });
  after(async () => {
    await stack?.stop();
    await Promise.all([stable, canary, ...modern].map((server) => server.close()));
  });

  const echo = async (who, session) =>
    (await messageOf(await who.call(session, 'echo', { text: 'here' }))).result.content[0].text;
  const handshakes = () => [stable.counts.initialize, canary.counts.initialize];

  test('sessions opened with the header are there, and only those; they stay, with or without it', async () => {
    const ada = sender(new URL('/two/mcp', stack.url));
    const usual = await ada.open();
    assert.deepEqual(handshakes(), [1, 0]);
    const other = await ada.open(undefined, { 'X-Canary': '2' });
    assert.deepEqual(handshakes(), [2, 0], 'another value');
    const early = await ada.open(undefined, { 'X-Canary': '1' });
    assert.deepEqual(handshakes(), [2, 1]);
    await stack.restartGateway();
    for (const session of [usual, other, early]) assert.equal(await echo(ada, session), 'here');
    assert.deepEqual(handshakes(), [2, 1]);
    assert.deepEqual([stable.counts.calls.echo, canary.counts.calls.echo], [2, 1]);
    await canary.forgetSessions();
    assert.equal(await echo(ada, early), 'here');
    assert.deepEqual(handshakes(), [2, 2], 'it is recovered there');
    for (const session of [usual, other, early]) await ada.send('DELETE', { headers: { 'Mcp-Session-Id': session } });
  });

  test('2026-07-28: each request goes where its header says, and the cache of others has nothing of it', async () => {
    const ada = sender(new URL('/modern/mcp', stack.url));
    const meta = {
      'io.modelcontextprotocol/protocolVersion': VERSION,
      'io.modelcontextprotocol/clientCapabilities': {},
    };
    const list = async (headers) => {
      const sent = { 'MCP-Protocol-Version': VERSION, 'Mcp-Method': 'tools/list', ...headers };
      const response = await ada.send('POST', { headers: sent, body: ada.rpc('tools/list', { _meta: meta }) });
      assert.equal(response.status, 200);
      await response.text();
      return modern.map(({ counts }) => counts.methods['tools/list'] ?? 0);
    };
    assert.deepEqual(await list({ 'X-Canary': 'yes' }), [0, 1]);
    assert.deepEqual(await list({}), [1, 1]);
    assert.deepEqual(await list({}), [1, 1], 'from the cache');
    assert.deepEqual(await list({ 'X-Canary': 'yes' }), [1, 2]);
  });

  test('sessions of a canary that is gone are recovered at the server', async () => {
    const ada = sender(new URL('/two/mcp', stack.url));
    const early = await ada.open(undefined, { 'X-Canary': '1' });
    const [before] = handshakes();
    await canary.close();
    assert.equal(await echo(ada, early), 'here');
    assert.equal(handshakes()[0], before + 1);
  });
});

describe('the choice of an address', () => {
  const addressOf = (text) => ({ text, url: text, isDrained: false });
  const users = Array.from({ length: 10_000 }, (_, at) => `bearer:user ${at}`);
  const topology = (count, percent = 0) => ({
    addresses: Array.from({ length: count }, (_, at) => addressOf(`https://replica-${at}.example/mcp`)),
    canary: { address: addressOf('https://canary.example/mcp'), header: undefined, percent },
  });

  test('spreads users evenly, and a further address moves only those who get it', () => {
    const none = new Drains(new Map());
    const before = users.map((user) => choicesOf(topology(4), user, false, none)[0].text);
    const after = users.map((user) => choicesOf(topology(5), user, false, none)[0].text);
    for (const { text } of topology(4).addresses) {
      const share = before.filter((one) => one === text).length / users.length;
      assert.ok(share > 0.22 && share < 0.28, `${text}: ${share}`);
    }
    const moved = users.filter((_, at) => before[at] !== after[at]);
    assert.ok(moved.length > 1_700 && moved.length < 2_300, `${moved.length} moved`);
    assert.ok(users.every((_, at) => before[at] === after[at] || after[at].includes('replica-4')));
  });

  test('sends the same share of users to the canary each time', () => {
    for (const percent of [0, 5, 50, 100]) {
      const chosen = users.filter((user) => isForCanary(topology(1, percent), user, {}));
      assert.ok(Math.abs(chosen.length / 100 - percent) < 1.5, `${chosen.length} of ${percent} %`);
      assert.deepEqual(
        users.filter((user) => isForCanary(topology(1, percent), user, {})),
        chosen,
      );
    }
  });
});
