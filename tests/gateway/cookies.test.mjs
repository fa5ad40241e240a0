// Cookies of load balancers: each session has its own, they outlive an instance of its object, and those that lead to a dead replica are dropped.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Jar } from '../../gateway/topology/jar.js';
import { startSdkServer } from '../js/servers/sdk-server.mjs';
import { startBalancer } from './balancer.mjs';
import { messageOf, sender } from './http.mjs';
import { startStack } from './stack.mjs';

const path = '/balanced/mcp';

describe('a server with two replicas behind a balancer that sets cookies', () => {
  let replicas;
  let balancer;
  let stack;
  before(async () => {
    replicas = await Promise.all([startSdkServer(), startSdkServer()]);
    balancer = await startBalancer(replicas.map(({ url }) => url));
    const balanced = { url: balancer.url, cookies: true, sessionConfig: { retryDelay: 50 } };
    stack = await startStack({ server: false, servers: { balanced } });
  });
  after(async () => {
    await stack?.stop();
    await balancer.close();
    await Promise.all(replicas.map((replica) => replica.close()));
  });

  const sum = (read) => replicas.reduce((total, { counts }) => total + read(counts), 0);
  const user = (token) => {
    const who = sender(new URL(path, stack.url), token);
    let id = 0;
    return {
      open: () => who.open(),
      call: async (session, name, args) => {
        id += 1;
        const message = await messageOf(await who.call(session, name, args, { id }));
        return message.result?.content[0].text ?? message;
      },
    };
  };

  test('sessions of two users stay at their replicas, with cookies that no other session has', async () => {
    const ada = user();
    const bob = user('token-of-bob');
    const sessions = [];
    for (const who of [ada, bob, ada, bob]) sessions.push([who, await who.open()]);
    for (let turn = 1; turn <= 5; turn += 1)
      for (const [at, [who, session]] of sessions.entries())
        assert.equal(await who.call(session, 'increment', { key: `stays ${at}` }), String(turn));
    assert.equal(
      sum(({ initialize }) => initialize),
      4,
      'no session was recovered',
    );
    assert.equal(
      sum(({ unknownSession }) => unknownSession),
      0,
    );
    assert.deepEqual(balancer.foreign, []);
    assert.ok(
      replicas.every(({ counts }) => counts.initialize > 0),
      'both replicas have some',
    );
  });

  test('another instance of the object has them, too', async () => {
    const ada = user();
    const sessions = [await ada.open(), await ada.open()];
    const before = sum(({ initialize }) => initialize);
    await stack.restartGateway();
    for (const session of sessions) assert.equal(await ada.call(session, 'echo', { text: 'again' }), 'again');
    assert.equal(
      sum(({ initialize }) => initialize),
      before,
    );
    assert.equal(
      sum(({ unknownSession }) => unknownSession),
      0,
    );
    assert.deepEqual(balancer.foreign, []);
  });

  test('a session of a killed replica is recovered once, at the other one', async () => {
    const ada = user();
    const sessions = [await ada.open(), await ada.open()];
    for (const session of sessions) assert.equal(await ada.call(session, 'increment', { key: session }), '1');
    const [dead, other] = replicas[0].counts.executions[sessions[0]] ? replicas : replicas.toReversed();
    assert.deepEqual(
      sessions.map((session) => dead.counts.executions[session]),
      [1, undefined],
      'one each',
    );
    await dead.close();
    const before = other.counts.initialize;
    assert.equal(await ada.call(sessions[0], 'echo', { text: 'back' }), 'back');
    assert.equal(other.counts.initialize, before + 1);
    assert.equal(await ada.call(sessions[0], 'increment', { key: sessions[0] }), '1');
    assert.equal(await ada.call(sessions[1], 'increment', { key: sessions[1] }), '2');
    assert.equal(other.counts.initialize, before + 1);
  });
});

describe('the cookies of a session', () => {
  const url = 'https://mcp.example/mcp';
  const take = (jar, ...cookies) => takeFrom(jar, url, ...cookies);
  const takeFrom = (jar, from, ...cookies) => {
    const headers = new Headers();
    for (const cookie of cookies) headers.append('set-cookie', cookie);
    return jar.take(from, headers);
  };

  test('go back to where they belong, and are stored as text', () => {
    const jar = new Jar();
    take(
      jar,
      'lb=1; Path=/mcp; Secure',
      'far=2; Path=/other',
      'foreign=3; Domain=other.example',
      'wide=4; Domain=example',
    );
    assert.equal(jar.headerFor(url), 'lb=1');
    assert.equal(jar.headerFor('http://mcp.example/mcp'), '');
    assert.equal(jar.headerFor('https://evil.example/mcp'), '');
    assert.equal(new Jar(jar.text).headerFor(url), 'lb=1');
    assert.equal(new Jar('of another version').headerFor(url), '');
  });

  test('may be for a domain with its subdomains, and never for a suffix or an address', () => {
    const at = (host, cookie) => {
      const jar = new Jar();
      takeFrom(jar, `https://${host}/mcp`, cookie);
      return (other) => jar.headerFor(`https://${other}/mcp`);
    };
    const wide = at('a.mcp.acme.com', 'lb=1; Domain=acme.com');
    for (const host of ['a.mcp.acme.com', 'b.acme.com', 'acme.com']) assert.equal(wide(host), 'lb=1', host);
    assert.equal(wide('notacme.com'), '');
    assert.equal(at('acme.com', 'lb=1; Domain=com')('acme.com'), '');
    assert.equal(at('10.0.0.1', 'lb=1; Domain=0.1')('10.0.0.1'), '');
    for (const host of ['10.0.0.1', '[2001:db8::1]', 'localhost', 'mcp', 'acme.co.uk', 'xn--mcp-hoa.example.com'])
      assert.equal(at(host, 'lb=1; Path=/')(host), 'lb=1', host);
  });

  test('have bounds in size and number', () => {
    const jar = new Jar();
    take(jar, `huge=${'x'.repeat(5_000)}`);
    assert.equal(jar.size, 0);
    for (let at = 0; at < 100; at += 1) take(jar, `c${at}=${'x'.repeat(4_000)}`);
    assert.ok(jar.size <= 20 && jar.text.length < 120_000, `${jar.size} cookies, ${jar.text.length} characters`);
    assert.match(jar.headerFor(url), /c99=/);
    take(jar, ...Array.from({ length: 1_000 }, (_, at) => `d${at}=1`));
    assert.ok(jar.size <= 20);
  });
});
