// What is cached of a server is shared only by users whom the server admits in the same way.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { listen } from '../js/servers/shared/listen.mjs';
import { parseJson, readText, sendJson } from '../js/servers/shared/messages.mjs';
import { sender } from './http.mjs';
import { Browser, linkIn, startWorld, users } from './oauth-world.mjs';
import { startStack } from './stack.mjs';

const VERSION = '2026-07-28';
const meta = { 'io.modelcontextprotocol/protocolVersion': VERSION };

/** A server of 2026-07-28 whose results are all public. */
async function startPublicServer(answer = () => undefined) {
  const seen = [];
  const listening = await listen(async (request, response) => {
    const { id, method } = parseJson(await readText(request));
    seen.push(method);
    const own = answer(request);
    if (own) return sendJson(response, own.status, own.body);
    const lists = {
      'tools/list': { tools: [{ name: 'secret' }] },
      'resources/read': { contents: [{ uri: 'x:', text: 'secret' }] },
    };
    const result = {
      resultType: 'complete',
      cacheScope: 'public',
      ttlMs: 60_000,
      supportedVersions: [VERSION],
      ...lists[method],
    };
    return sendJson(response, 200, { jsonrpc: '2.0', id, result });
  });
  return { url: `${listening.origin}/mcp`, seen, close: listening.close };
}

/** The text that a user gets. */
async function read(url, token, method = 'tools/list', params = {}) {
  const { send, rpc } = sender(url, token);
  const headers = {
    'MCP-Protocol-Version': VERSION,
    'Mcp-Method': method,
    ...(params.uri && { 'Mcp-Name': params.uri }),
  };
  return (await send('POST', { headers, body: rpc(method, { ...params, _meta: meta }) })).text();
}

describe('a public result of a server behind OAuth', () => {
  const open = async (t, server = {}) => {
    const inner = await startPublicServer();
    const world = await startWorld({ inner, server });
    t.after(() => world.stop());
    return { world, inner };
  };
  const logIn = async (world, user, method, params) => {
    world.as.logInAs(user);
    const link = linkIn(await read(world.url, users[user], method, params));
    const page = await new Browser().logIn(link, users[user]);
    assert.equal(page.status, 200, page.text);
  };

  test('is cached, and not given to a user who has not logged in', async (t) => {
    const { world, inner } = await open(t);
    await logIn(world, 'ada');
    for (let turn = 0; turn < 2; turn += 1) assert.match(await read(world.url, users.ada), /"secret"/);
    assert.deepEqual(inner.seen, ['tools/list'], 'the second is from the cache');
    const refused = await read(world.url, users.bob);
    assert.ok(!refused.includes('secret'), refused);
    assert.ok(linkIn(refused));
  });

  test('is not given to a user whose token the server refuses', async (t) => {
    const { world } = await open(t, { accepts: ({ subject }) => subject === 'ada' });
    await logIn(world, 'ada');
    await logIn(world, 'bob');
    assert.match(await read(world.url, users.ada), /"secret"/);
    assert.ok(!(await read(world.url, users.bob)).includes('secret'));
  });

  test('is not given to a user without its scope', async (t) => {
    const scope = ({ params } = {}) => (params?.uri === 'x:secret' ? 'secrets' : undefined);
    const { world } = await open(t, { scope });
    const about = ['resources/read', { uri: 'x:secret' }];
    await logIn(world, 'ada', ...about);
    await logIn(world, 'ada', ...about);
    assert.match(await read(world.url, users.ada, ...about), /"secret"/);
    await logIn(world, 'bob');
    assert.ok(!(await read(world.url, users.bob, ...about)).includes('"text":"secret"'));
  });

  test('is not given after the user has signed out', async (t) => {
    const { world } = await open(t);
    await logIn(world, 'ada');
    assert.match(await read(world.url, users.ada), /"secret"/);
    const headers = { Authorization: `Bearer ${users.ada}` };
    assert.equal((await fetch(`${world.origin}/oauth/login/notes`, { method: 'DELETE', headers })).status, 204);
    assert.ok(!(await read(world.url, users.ada)).includes('secret'));
  });
});

test('a public result is not given to a user whom the server refuses by the credentials of the configuration', async (t) => {
  const inner = await startPublicServer(({ headers }) =>
    headers.authorization === 'User ada' ? undefined : { status: 403, body: { error: 'no' } },
  );
  const of = (user) => ({ url: inner.url, headers: { Authorization: `User ${user}` } });
  const stack = await startStack({ servers: { own: of('{{USER_ID}}'), same: of('ada') } });
  t.after(async () => {
    await stack.stop();
    await inner.close();
  });
  const url = `${stack.origin}/own/mcp`;
  for (let turn = 0; turn < 2; turn += 1) assert.match(await read(url, users.ada), /"secret"/);
  assert.ok(!(await read(url, users.bob)).includes('secret'));
  const before = inner.seen.length;
  for (const token of Object.values(users)) assert.match(await read(`${stack.origin}/same/mcp`, token), /"secret"/);
  assert.equal(inner.seen.length, before + 1, 'one request for both');
});
