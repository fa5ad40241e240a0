// Servers behind OAuth: the gateway logs each user in at each server, once, whatever their client is.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { clients, textOf } from './clients.mjs';
import { Browser, failureOf, linkIn, opening, startWorld, users } from './oauth-world.mjs';

for (const [name, connect] of Object.entries(clients)) {
  describe(`${name}, before a server that answers nothing without a token`, () => {
    let world;
    before(async () => (world = await startWorld()));
    after(() => world.stop());

    test('two users log in once each, and a restart of the gateway needs no login', async () => {
      for (const [user, token] of Object.entries(users)) {
        world.as.logInAs(user);
        const client = await connect(world.url, { token });
        const error = await failureOf(client.call('echo', { text: 'x' }));
        await client.end();
        const link = linkIn(error.message);
        assert.ok(link?.startsWith(world.origin), error.message);
        const page = await new Browser().logIn(link, token);
        assert.equal(page.status, 200, page.text);
      }
      const open = await Promise.all(Object.values(users).map((token) => connect(world.url, { token })));
      for (const client of open) assert.equal(textOf(await client.call('echo', { text: 'one' })), 'one');
      await world.stack.restartGateway();
      for (const client of open) assert.equal(textOf(await client.call('echo', { text: 'two' })), 'two');
      await Promise.all(open.map((client) => client.end()));
      assert.equal(world.as.count('authorize'), 2);
      const subjects = world.as.log.filter(({ path }) => path === '/register').length;
      assert.equal(subjects, 2, 'one registration for each user');
    });
  });

  describe(`${name}, before a server that asks for a login in the middle`, () => {
    let world;
    before(
      async () => (world = await startWorld({ server: { needsToken: ({ method } = {}) => method === 'tools/call' } })),
    );
    after(() => world.stop());

    test('the call asks for the login, and goes on after it; later calls do not ask', async () => {
      const links = [];
      const client = await connect(world.url, opening(users.ada, links));
      assert.equal(textOf(await client.call('echo', { text: 'first' })), 'first');
      assert.equal(links.length, 1);
      assert.equal(links[0].mode, 'url');
      assert.ok(links[0].url.startsWith(`${world.origin}/oauth/start/`));
      assert.ok(!JSON.stringify(links).includes(users.ada));
      await world.stack.restartGateway();
      assert.equal(textOf(await client.call('echo', { text: 'second' })), 'second');
      const other = await connect(world.url, opening(users.ada, links));
      assert.equal(textOf(await other.call('echo', { text: 'third' })), 'third');
      assert.equal(links.length, 1);
      await Promise.all([client.end(), other.end()]);
    });

    test('ten calls of two sessions ask for one login', async () => {
      const links = [];
      const open = await Promise.all([1, 2].map(() => connect(world.url, opening(users.bob, links))));
      const before = world.as.count('authorize');
      const results = await Promise.all(
        open.flatMap((client) => [1, 2, 3, 4, 5].map((turn) => client.call('echo', { text: String(turn) }))),
      );
      assert.deepEqual(results.map(textOf), ['1', '2', '3', '4', '5', '1', '2', '3', '4', '5']);
      assert.equal(new Set(links.map(({ elicitationId }) => elicitationId)).size, 1);
      assert.equal(world.as.count('authorize') - before, 1);
      await Promise.all(open.map((client) => client.end()));
    });

    test('expired tokens are refreshed once, without the user', async () => {
      const client = await connect(world.url, opening(users.ada, []));
      await client.call('echo', { text: 'before' });
      const [logins, refreshes] = [world.as.count('authorize'), world.as.count('token', 'refresh_token')];
      world.as.expireAll();
      const results = await Promise.all([1, 2, 3].map((turn) => client.call('echo', { text: String(turn) })));
      assert.deepEqual(results.map(textOf), ['1', '2', '3']);
      assert.equal(world.as.count('authorize'), logins);
      assert.equal(world.as.count('token', 'refresh_token') - refreshes, 1);
      await client.end();
    });
  });
}
