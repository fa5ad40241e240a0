// Tokens that expire: the gateway replaces them before a server refuses them, once for all sessions of a user.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { clients, textOf } from './clients.mjs';
import { opening, startWorld, users } from './oauth-world.mjs';
import { until } from './stack.mjs';

test('two sessions get a new token before the old one expires', async (t) => {
  const world = await startWorld({
    as: { lifetime: 14 }, // seconds; the manager replaces tokens that live for more than 10
    server: { needsToken: ({ method } = {}) => method === 'tools/call' },
  });
  t.after(() => world.stop());
  const links = [];
  const open = await Promise.all(
    [1, 2].map(() => clients['the official client v1'](world.url, opening(users.ada, links))),
  );
  const echo = () => Promise.all(open.map((client) => client.call('echo', { text: 'x' })));
  await echo();
  const refusals = world.server.refusals.length;
  const refreshes = () => world.as.count('token', 'refresh_token');
  await until(() => refreshes() > 0 || undefined, 'a refresh');
  for (const result of await echo()) assert.equal(textOf(result), 'x');
  assert.deepEqual([refreshes(), world.server.refusals.length, links.length > 0], [1, refusals, true]);
  assert.equal(world.as.count('authorize'), 1);
  await Promise.all(open.map((client) => client.end()));
});
