// Python's official clients before servers behind OAuth: two users log in once each.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { textOf } from './clients.mjs';
import { Browser, startWorld, users } from './oauth-world.mjs';
import { pythonClients } from './python-clients.mjs';

for (const [name, connect] of Object.entries(pythonClients)) {
  describe(`${name} before a server behind OAuth`, () => {
    test('that asks in the middle: the call goes on after the login', async (t) => {
      const world = await startWorld({ server: { needsToken: ({ method } = {}) => method === 'tools/call' } });
      t.after(() => world.stop());
      const logins = [];
      const open = (token) => (link) => logins.push(new Browser().logIn(link, token));
      for (const token of Object.values(users)) {
        const client = await connect(world.url, { token, open: open(token) });
        assert.equal(textOf(await client.call('echo', { text: 'first' })), 'first');
        await world.stack.restartGateway();
        assert.equal(textOf(await client.call('echo', { text: 'second' })), 'second');
        await client.end();
      }
      for (const { status, text } of await Promise.all(logins)) assert.equal(status, 200, text);
      assert.deepEqual([logins.length, world.as.count('authorize')], [2, 2]);
    });

    test('that answers nothing without a token: the session opens, its first call asks for the login and goes on', async (t) => {
      const world = await startWorld();
      t.after(() => world.stop());
      const logins = [];
      for (const token of Object.values(users)) {
        const open = (link) => logins.push(new Browser().logIn(link, token));
        const client = await connect(world.url, { token, open });
        assert.equal(textOf(await client.call('echo', { text: 'x' })), 'x');
        await client.end();
      }
      for (const { status, text } of await Promise.all(logins)) assert.equal(status, 200, text);
      assert.deepEqual([logins.length, world.as.count('authorize')], [2, 2]);
    });
  });
}
