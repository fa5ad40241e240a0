// A server, or one of its addresses, that takes no new sessions: open ones go on. And mistakes in these settings.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { startDrainable } from './drainable-servers.mjs';
import { initializeParams, messageOf, sender } from './http.mjs';

const VERSION = '2026-07-28';

describe('a server that is drained', () => {
  let replicas;
  let modern;
  let stack;
  let servers;
  let stop;
  before(async () => ({ replicas, modern, stack, servers, stop } = await startDrainable()));
  after(() => stop?.());

  const user = (path, token) => sender(new URL(`/${path}/mcp`, stack.url), token);
  const echo = async (who, session) =>
    (await messageOf(await who.call(session, 'echo', { text: 'here' }))).result.content[0].text;
  // The configuration of the running stack is changed as by a deployment: another process, the same storage.
  const deploy = async (changed) => {
    Object.assign(servers, changed);
    await stack.restartGateway();
  };

  test('an address: its sessions go on there, and new ones are opened at another', async () => {
    const ada = user('pair');
    const session = await ada.open();
    const [own, other] = replicas[0].counts.initialize > 0 ? replicas : replicas.toReversed();
    await deploy({ pair: { ...servers.pair, drain: [own.url] } });
    assert.equal(await echo(ada, session), 'here');
    assert.deepEqual([own.counts.initialize, other.counts.initialize], [1, 0]);
    const next = await ada.open();
    assert.equal(await echo(ada, next), 'here');
    assert.deepEqual([own.counts.initialize, other.counts.initialize], [1, 1]);
    // Removed at last: the session of the second address is recovered at the first.
    await deploy({ pair: { url: servers.pair.url } });
    for (const each of [session, next]) assert.equal(await echo(ada, each), 'here');
    assert.equal(replicas[0].counts.initialize, 2);
  });

  test('a server: new sessions get 503 with Retry-After and words, open ones go on', async () => {
    const ada = user('one');
    const session = await ada.open();
    await deploy({ one: { ...servers.one, drain: true } });
    assert.equal(await echo(ada, session), 'here');
    const refused = await ada.send('POST', { body: ada.rpc('initialize', initializeParams, 'begin') });
    const { id, error } = await refused.json();
    assert.deepEqual([refused.status, refused.headers.get('retry-after'), id], [503, '30', 'begin']);
    assert.match(error.message, /drained.*Retry-After/);
    const { sessions } = await (await ada.send('GET', { path: '/sessions' })).json();
    assert.equal(sessions.filter(({ serverName }) => serverName === 'one').length, 1);
    await deploy({ one: { url: servers.one.url } });
    assert.equal(await echo(ada, await ada.open()), 'here');
  });

  test('a server of 2026-07-28 gets no requests', async () => {
    const ada = user('modern');
    const meta = {
      'io.modelcontextprotocol/protocolVersion': VERSION,
      'io.modelcontextprotocol/clientCapabilities': {},
    };
    const list = () =>
      ada.send('POST', {
        headers: { 'MCP-Protocol-Version': VERSION, 'Mcp-Method': 'tools/list' },
        body: ada.rpc('tools/list', { _meta: meta }, 7),
      });
    assert.equal((await list()).status, 200);
    await deploy({ modern: { ...servers.modern, drain: true } });
    const refused = await list();
    assert.deepEqual([refused.status, (await refused.json()).id], [503, 7]);
  });

  test('mistakes in these settings are all named, without values', async () => {
    const wrong = {
      cookies: 'yes',
      replicas: ['ftp://secret.example/mcp', 7],
      drain: ['https://secret.example'],
      canary: { percent: 101, header: 'no header', of: 1 },
      maxConcurrency: 0,
      locationHint: 'moon',
    };
    await stack.restartGateway({ config: wrong });
    const { status } = await fetch(`${stack.origin}/readyz`);
    assert.equal(status, 503);
    const line = stack.lines.findLast((text) => text.includes('"setup"')) ?? '';
    for (const words of [
      'mcpServers.s.cookies: must be true or false',
      'mcpServers.s.replicas[0]: must start with http:// or https://',
      'mcpServers.s.replicas[1]: ',
      'mcpServers.s.drain: must be true, false, or a list of addresses',
      'mcpServers.s.canary.url: is missing',
      'mcpServers.s.canary.percent: must be a number from 0 to 100',
      'mcpServers.s.canary.of: is unknown',
      'mcpServers.s.canary.header: must be a header such as',
      'mcpServers.s.maxConcurrency: must be a whole number from 1 to 10000',
      'mcpServers.s.locationHint: must be one of wnam, enam, sam, weur, eeur, apac, oc, afr, me',
    ])
      assert.ok(line.includes(words), `${words}\n${line}`);
    assert.ok(!line.includes('secret.example'));
    await stack.restartGateway();
  });
});
