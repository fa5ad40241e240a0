// Logins that wait for `login`: what user interfaces see, and what becomes of the requests.
import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { browser, packageUrl, startWorld } from '../helpers/oauth/world.mjs';

const { McpManager } = await import(packageUrl('node.js'));
const { deferLogin, watchSession } = await import(packageUrl('snapshot.js'));

let world;
let manager;
let auth;
let watched;
let unsubscribe;

beforeEach(() => {
  unsubscribe = () => {};
});
afterEach(async () => {
  unsubscribe();
  await manager.close();
  await world.close();
});

async function open({ server = {}, as = {}, ...options } = {}) {
  world = await startWorld({ as });
  manager = new McpManager(
    { mcpServers: { notes: { url: world.server.url, protocolVersion: 'legacy', ...server } } },
    { env: {}, log() {} },
  );
  auth = world.provider(options);
  watched = watchSession(manager, 'ada', 'notes', { auth });
  unsubscribe = watched.subscribe(() => {});
}

/** Resolves when the snapshot is as wanted. */
const until = (isWanted, from = watched) =>
  new Promise((resolve) => {
    const look = () => {
      if (!isWanted(from.getSnapshot())) return;
      stop();
      resolve(from.getSnapshot());
    };
    const stop = from.subscribe(look);
    look();
  });
const untilState = (wanted) => until(({ state }) => state === wanted);

test('no login within authTimeout: the call fails, and a login connects all the same', async () => {
  await open({ server: { authTimeout: 200 } });
  await untilState('needsLogin');
  await assert.rejects(watched.call('echo'), { code: 'unauthorized' });
  assert.equal(watched.getSnapshot().state, 'needsLogin');
  await watched.login();
  assert.deepEqual([watched.getSnapshot().state, world.logins.length], ['ready', 1]);
});

test('two interfaces of one session: one login for both', async () => {
  await open();
  const other = watchSession(manager, 'ada', 'notes', { auth });
  const stop = other.subscribe(() => {});
  await until(({ state }) => state === 'needsLogin', other);
  await untilState('needsLogin');
  await watched.login();
  await until(({ state }) => state === 'ready', other);
  assert.deepEqual([world.logins.length, world.server.counts.initialize], [1, 1]);
  stop();
});

test('another user of the same provider needs a login of their own', async () => {
  await open();
  await untilState('needsLogin');
  const other = watchSession(manager, 'bob', 'notes', { auth });
  const stop = other.subscribe(() => {});
  await until(({ state }) => state === 'needsLogin', other);
  await watched.login();
  assert.deepEqual([watched.getSnapshot().state, other.getSnapshot().state], ['ready', 'needsLogin']);
  await other.login();
  assert.deepEqual([other.getSnapshot().state, world.logins.length], ['ready', 2]);
  stop();
});

test('a failing login fails what waits, with its error as the cause', async () => {
  const authorize = ({ searchParams }) =>
    `${searchParams.get('redirect_uri')}?${new URLSearchParams({ error: 'access_denied', state: searchParams.get('state'), iss: world.as.issuer })}`;
  await open({ authorize });
  await untilState('needsLogin');
  const call = assert.rejects(watched.call('echo'), ({ code, cause }) => {
    assert.deepEqual([code, cause.code], ['unauthorized', 'access_denied']);
    return true;
  });
  await watched.login();
  await call;
  const { state, loginError } = watched.getSnapshot();
  assert.deepEqual([state, loginError.code], ['needsLogin', 'access_denied']);
});

test('an authorization server that is away is no reason for a login', async () => {
  await open({ as: { lifetime: 3600 } });
  await untilState('needsLogin');
  await watched.login();
  world.as.expireAll();
  world.as.rules.token = () => ({ status: 503, body: {} });
  await assert.rejects(watched.call('echo', { text: 'hello' }), { code: 'unauthorized' });
  assert.equal(watched.getSnapshot().state, 'ready');
  world.as.rules.token = () => undefined;
  await watched.call('echo', { text: 'hello' });
  assert.equal(world.logins.length, 1);
});

test('logins in all: one object per provider; a login before a request needs it', async () => {
  const logins = [];
  await open({ authorize: browser(logins) });
  const deferred = deferLogin(auth);
  assert.equal(deferLogin(auth), deferred);
  const [needed] = await until((all) => all.length > 0, deferred);
  assert.deepEqual(needed, { userId: 'ada', serverName: 'notes' });
  await deferred.login('ada', 'notes');
  await untilState('ready');
  assert.deepEqual(deferred.getSnapshot(), []);
  await deferred.login('ada', 'notes');
  assert.equal(logins.length, 1, 'there is a token');
});
