// An idle object is evicted by workerd after some seconds: whoever comes back goes on all the same.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { clients, textOf } from './clients.mjs';
import { messageOf, sender } from './http.mjs';
import { startNetwork } from './network.mjs';
import { pythonClients } from './python-clients.mjs';
import { startStack } from './stack.mjs';

const bare = async (url) => {
  const ada = sender(url);
  const session = await ada.open();
  let id = 0;
  return {
    session: () => session,
    call: async (name, args) => (await messageOf(await ada.call(session, name, args, { id: ++id }))).result,
    end: () => ada.send('DELETE', { headers: { 'Mcp-Session-Id': session } }),
  };
};

describe('a client that was away, until its object was evicted', { concurrency: true }, () => {
  for (const [name, connect] of Object.entries({
    'one that sends bare requests': bare,
    ...clients,
    ...pythonClients,
  })) {
    test(`${name} goes on with its session, without a handshake`, { timeout: 400_000 }, async (t) => {
      const stack = await startStack({ vars: { REST_AFTER: 1_000 } });
      t.after(() => stack.stop());
      // An open GET stream keeps the object where it is. So this is a machine that goes to sleep: its connections break.
      const network = await startNetwork(stack.url);
      const client = await connect(network.url);
      const session = client.session();
      assert.equal(textOf(await client.call('increment', { key: name })), '1');
      const isEvicted = () =>
        stack.lines.some((line) => line.includes('sessionRevived') && line.includes('"here":false'));
      let turns = 1;
      // Looking wakes it up, so each look waits longer than the one before. That a stream's client has gone is seen by writing to it, now and then.
      for (let seconds = 60; !isEvicted(); seconds += 20) {
        assert.ok(seconds < 120, 'it is never evicted');
        network.down();
        await wait(seconds * 1_000);
        network.up();
        turns += 1;
        assert.equal(textOf(await client.call('increment', { key: name })), String(turns), 'once each');
        assert.equal(client.session(), session);
      }
      const { initialize, sessions } = await stack.counts();
      assert.deepEqual({ initialize, sessions }, { initialize: 1, sessions: 1 }, 'the server notices nothing');
      await client.end();
      await network.close();
    });
  }
});
