// The administrator's paths: the sessions of all users, why one of them recovered, its trace, and its end.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { parseTrace } from '../../npm/devtools/trace.js';
import { startSdkServer } from '../js/servers/sdk-server.mjs';
import { eventsOf, sender } from './http.mjs';
import { adminToken, startStack, until } from './stack.mjs';

const handleOf = (session) => createHash('sha256').update(session).digest('hex');

// With the others, more users than are asked at once.
const long = '名'.repeat(300);
const many = Object.fromEntries(
  Array.from({ length: 22 }, (_, at) => [`${at % 2 ? long : 'user'}-${at}`, `token-of-user-${at}`]),
);

describe('the administrator of the gateway', { timeout: 180_000 }, () => {
  let stack;
  let second;
  let ada;
  let bob;
  before(async () => {
    second = await startSdkServer();
    const BEARER_TOKENS = { ada: 'token-of-ada', bob: 'token-of-bob', ...many };
    stack = await startStack({ servers: { second: { url: second.url } }, vars: { REST_AFTER: 300, BEARER_TOKENS } });
    ada = sender(stack.url);
    bob = sender(`${stack.origin}/second/mcp`, 'token-of-bob');
  });
  after(async () => {
    await stack?.stop();
    await second.close();
  });

  const admin = (path, method = 'GET') => sender(stack.url, adminToken).send(method, { path });
  const read = async (path) => (await admin(path)).json();
  const explain = (handle) => read(`/admin/sessions/${handle}`);
  const list = async (query = '') => {
    const { sessions } = await read(`/admin/sessions${query}`);
    return sessions;
  };

  test('sees the sessions of all users, and those of one user or server', async () => {
    const begun = Date.now();
    const own = handleOf(await ada.open());
    const other = handleOf(await bob.open());
    const all = await until(async () => {
      const found = await list();
      return [own, other].every((wanted) => found.some(({ handle }) => handle === wanted)) && found;
    }, 'both are listed');
    const { openedAt, lastCallAt, ...session } = all.find(({ handle }) => handle === own);
    assert.deepEqual(session, { handle: own, user: 'bearer:ada', server: 's', state: 'ready', recoveries: 0 });
    assert.ok(openedAt >= begun - 1_000 && lastCallAt >= openedAt);
    const hash = createHash('sha256').update('bearer:bob').digest('hex').slice(0, 16);
    for (const query of ['?user=bob', '?user=bearer:bob', `?user=${hash}`, '?server=second', '?server=second&user=bob'])
      assert.deepEqual(
        (await list(query)).map(({ handle }) => handle),
        [other],
        query,
      );
    for (const query of ['?user=nobody', '?server=none', '?user=bob&server=s']) assert.deepEqual(await list(query), []);
  });

  test('learns why a session recovered, also after the gateway was restarted', async () => {
    const session = await ada.open();
    const handle = handleOf(session);
    await (await ada.call(session, 'echo', { text: 'private words' })).text();
    await stack.forget();
    const lost = Date.now();
    await (await ada.call(session, 'echo', { text: 'private words' }, { id: 2 })).text();
    const found = await explain(handle);
    assert.deepEqual(
      [found.user, found.server, found.state, found.protocol],
      ['bearer:ada', 's', 'ready', '2025-11-25'],
    );
    assert.deepEqual(found.client, { name: 'bare', version: '1' });
    assert.deepEqual([found.upstream.generation, found.upstream.kind], [2, 'stateful']);
    assert.equal(found.recoveries.length, 1);
    const [{ at, ms, ...recovery }] = found.recoveries;
    assert.deepEqual(recovery, {
      kind: 'recovery',
      reason: 'session_terminated',
      evidence: 'HTTP status 404',
      outcome: 'recovered',
    });
    assert.ok(at >= lost && at + ms <= Date.now());
    assert.deepEqual(
      found.calls.map(({ method, outcome, recovered }) => [method, outcome, recovered]),
      [
        ['tools/call', 'ok', undefined],
        ['tools/call', 'ok', true],
      ],
    );
    assert.deepEqual(found.waiting, { requests: 0, streams: 0, questions: 0 });
    assert.ok(found.eventLog.maxEvents === 1_000 && found.eventLog.events >= 0);
    assert.ok(found.ageMs >= 0 && found.expires.at > Date.now());
    const listed = (await list()).find(({ handle: of }) => of === handle);
    assert.equal(listed.recoveries, 1);
    await stack.restartGateway();
    const later = await explain(handle);
    assert.deepEqual(later.recoveries, found.recoveries);
    assert.equal(later.upstream.state, 'resting');
    const text = JSON.stringify([found, later]);
    for (const secret of [session, 'private words', 'token-of']) assert.ok(!text.includes(secret), secret);
  });

  test('sees what a session waits for', async () => {
    const session = await ada.open();
    const handle = handleOf(session);
    const stream = await ada.send('GET', { headers: { 'Mcp-Session-Id': session } });
    const call = ada.call(session, 'slow', { ms: 60_000 });
    await until(async () => {
      const { waiting } = await explain(handle);
      return waiting.requests === 1 && waiting.streams === 1;
    }, 'a request and a stream');
    await admin(`/admin/sessions/${handle}`, 'DELETE');
    await (await call).text();
    await stream.body.cancel();
  });

  test('gets a trace that the trace viewer reads', async () => {
    const session = await ada.open();
    const handle = handleOf(session);
    await stack.forget();
    await (await ada.call(session, 'echo', { text: 'private words' })).text();
    await (await ada.call(session, 'no such tool', {}, { id: 2 })).text();
    const text = await (await admin(`/admin/sessions/${handle}/trace`)).text();
    const trace = parseTrace(text);
    const types = trace.events.map(({ type }) => type);
    for (const type of ['sessionCreated', 'sessionError', 'recoveryStarted', 'recoverySucceeded', 'requestSent'])
      assert.ok(types.includes(type), type);
    const settled = trace.events.filter(({ type }) => type === 'requestSettled');
    assert.deepEqual(
      settled.map(({ method, outcome }) => [method, outcome]),
      [
        ['tools/call', 'result'],
        ['tools/call', 'rpc_error'],
      ],
    );
    const error = trace.events.find(({ type }) => type === 'sessionError');
    assert.deepEqual([error.code, error.evidence, error.generation], ['session_terminated', 'HTTP status 404', 1]);
    assert.equal(settled[0].generation, 2);
    assert.equal(trace.sessions.length, 1);
    for (const secret of [session, 'private words', 'token-of', 'bearer:', '"ada"'])
      assert.ok(!text.includes(secret), secret);
  });

  test('ends a session, at the server, too', async () => {
    const session = await ada.open();
    const handle = handleOf(session);
    const stream = await ada.send('GET', { headers: { 'Mcp-Session-Id': session } });
    const events = eventsOf(stream);
    const before = await stack.counts();
    assert.equal((await admin(`/admin/sessions/${handle}`, 'DELETE')).status, 204);
    const after = await stack.counts();
    assert.equal(after.sessions, before.sessions - 1);
    for await (const _ of events); // its streams end
    assert.equal((await ada.call(session, 'echo', { text: 'x' })).status, 404);
    assert.ok(!(await list()).some(({ handle: of }) => of === handle));
    for (const [method, path] of [
      ['GET', ''],
      ['DELETE', ''],
      ['GET', '/trace'],
    ])
      assert.equal((await admin(`/admin/sessions/${handle}${path}`, method)).status, 404);
  });

  test('gets pages, each session once, however many users and sessions there are', async () => {
    const users = Object.keys(many).map((name) => sender(`${stack.origin}/second/mcp`, many[name]));
    const opened = await Promise.all(users.map((user) => user.open()));
    opened.push(...(await Promise.all(Array.from({ length: 5 }, () => bob.open()))));
    const all = await list();
    const names = [...new Set(all.map(({ user }) => user))].slice(0, 20);
    const asked = all.filter(({ user }) => names.includes(user)).length; // a page that ends with the users asked at once
    for (const limit of [4, asked, 100]) {
      const seen = [];
      let query = `?limit=${limit}`;
      do {
        const { sessions, cursor } = await read(`/admin/sessions${query}`);
        assert.ok(sessions.length <= limit);
        seen.push(...sessions.map(({ handle }) => handle));
        query = cursor === undefined ? undefined : `?limit=${limit}&cursor=${encodeURIComponent(cursor)}`;
      } while (query !== undefined);
      assert.equal(new Set(seen).size, seen.length);
      assert.deepEqual(
        opened.map(handleOf).filter((handle) => !seen.includes(handle)),
        [],
      );
    }
    for (const query of ['cursor=x', 'cursor=%00', `cursor=${btoa('[1]')}`, `cursor=${'A'.repeat(3_000)}`])
      assert.equal((await admin(`/admin/sessions?${query}`)).status, 400, query);
    for (const limit of ['0', '101', '1e9', '-1', 'x', ''])
      assert.equal((await admin(`/admin/sessions?limit=${limit}`)).status, 400, limit);
  });

  test('is no one else: users, strangers and guesses get 401, and guesses are limited', async () => {
    const handle = handleOf(await ada.open());
    const paths = ['/admin/sessions', `/admin/sessions/${handle}`, `/admin/sessions/${handle}/trace`];
    for (const path of paths) {
      for (const token of ['token-of-ada', 'guess', `${adminToken}x`]) {
        const { status, headers } = await sender(stack.url, token).send('GET', { path });
        assert.deepEqual([status, headers.get('www-authenticate')], [401, 'Bearer']);
      }
      assert.equal((await fetch(new URL(path, stack.url))).status, 401);
    }
    assert.equal((await sender(stack.url, 'guess').send('DELETE', { path: paths[1] })).status, 401);
    assert.equal((await explain(handle)).handle, handle);
    await stack.restartGateway({ vars: { RATE_PER_MINUTE: 5 } });
    const guesses = Array.from({ length: 30 }, () => sender(stack.url, 'guess').send('GET', { path: paths[0] }));
    const statuses = (await Promise.all(guesses)).map(({ status }) => status);
    assert.ok(statuses.includes(429));
    await stack.restartGateway({ vars: { ADMIN_TOKEN: '' } });
    assert.equal((await admin('/admin/sessions')).status, 401);
  });
});
