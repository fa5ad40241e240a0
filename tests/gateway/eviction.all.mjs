// An idle object is evicted by workerd after some seconds: a returning client continues its session.
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
    test(`${name} continues its session without a handshake`, { timeout: 400_000 }, async (t) => {
      const stack = await startStack({ vars: { REST_AFTER: 1_000 } });
      t.after(() => stack.stop());
      // An open GET stream keeps the object alive. So this simulates a machine that goes to sleep: its connections
      // break.
      const network = await startNetwork(stack.url);
      const client = await connect(network.url);
      const session = client.session();
      assert.equal(textOf(await client.call('increment', { key: name })), '1');
      const isEvicted = () =>
        stack.lines.some((line) => line.includes('sessionRevived') && line.includes('"here":false'));
      let turns = 1;
      // Each check wakes it up, so each waits longer than the one before. Only writing to a stream detects that its
      // client has gone, which happens occasionally.
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
      assert.deepEqual({ initialize, sessions }, { initialize: 1, sessions: 1 }, 'the server sees no change');
      await client.end();
      await network.close();
    });
  }
});
