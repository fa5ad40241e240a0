// Programs and libraries of others through the gateway, each over a restart of the server, a switch to another replica,
// a restart of the Worker and the eviction of its object. None of them may notice: a client that has to open a session
// again is counted at the edge before the gateway.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { startChildServer } from '../js/servers/shared/child-server.mjs';
import { findFreePort } from '../js/servers/shared/listen.mjs';
import { startCountingEdge } from './counting-edge.mjs';
import { moreClients } from './more-clients.mjs';
import { startNetwork } from './network.mjs';
import { startStack, until } from './stack.mjs';

const textOf = ({ content }) => content.at(-1).text;

for (const [name, connect] of Object.entries(moreClients)) {
  describe(`${name} through the gateway`, { timeout: 300_000 }, () => {
    let replicas;
    let balancer;
    let stack;
    before(async () => {
      replicas = await Promise.all([startReplica(), startReplica()]);
      balancer = await startNetwork(replicas[0].url);
      const replicated = { url: balancer.url, sessionConfig: { retryDelay: 100 } };
      stack = await startStack({ servers: { replicated } });
    });
    after(async () => {
      await stack?.stop();
      await balancer?.close();
      await Promise.all((replicas ?? []).map((replica) => replica.close()));
    });

    test('continues after the server was restarted, and no call runs twice', async () => {
      const user = await startUser(connect, stack.url);
      await user.increments('restart', 1);
      await stack.server.restart();
      await user.increments('restart', 1);
      user.isUnaffected();
      const { initialize, calls, executions } = await stack.counts();
      assert.deepEqual([calls.increment, executions.restart], [1, 1]);
      user.isOneEach(initialize);
      await user.end();
    });

    test('gets an error for a call during which the server was killed, and the call does not run again', async () => {
      const user = await startUser(connect, stack.url);
      const before = (await stack.counts()).calls.slow ?? 0;
      const failed = user.call('slow', { ms: 600_000, key: 'once' }).then(
        (result) => JSON.stringify(result),
        (error) => `${error.message} ${error.cause?.message ?? ''}`,
      );
      await until(async () => ((await stack.counts()).calls.slow ?? 0) > before, 'the call runs');
      await stack.server.restart();
      assert.match(await failed, /outcome is unknown|outcome_unknown/);
      await user.increments('killed', 1);
      assert.equal((await stack.counts()).calls.slow, undefined);
      user.isUnaffected();
      await user.end();
    });

    test('continues at another replica, which knows none of its sessions', async () => {
      balancer.moveTo(replicas[0].url);
      const user = await startUser(connect, `${stack.origin}/replicated/mcp`);
      await user.increments('switch', 1);
      const before = await Promise.all(replicas.map(({ counts }) => counts()));
      balancer.moveTo(replicas[1].url);
      await user.increments('switch', 1);
      await user.increments('switch', 2);
      user.isUnaffected();
      const [old, current] = await Promise.all(replicas.map(({ counts }) => counts()));
      assert.deepEqual([old.executions.switch, current.executions.switch], [1, 2]);
      user.isOneEach(current.initialize - before[1].initialize);
      assert.equal(old.initialize, before[0].initialize);
      await user.end();
    });

    test('continues after the Worker was restarted, without a handshake with the server', async () => {
      const user = await startUser(connect, stack.url);
      await user.increments('worker', 1);
      const { initialize } = await stack.counts();
      // As the platform does when it replaces a Worker: connections break, and new ones wait.
      const release = user.hold();
      await stack.restartGateway();
      release();
      await user.increments('worker', 2);
      user.isUnaffected();
      const opensAnother = user.connectsEachTime || user.opensAgain;
      assert.equal((await stack.counts()).initialize - initialize, opensAnother ? 1 : 0);
      await user.end();
    });
  });
}

describe('a client that was away, until its object was evicted', { concurrency: true }, () => {
  for (const [name, connect] of Object.entries(moreClients)) {
    const skip = name === 'mcpdo' && 'it does not return to a session after a broken connection';
    test(`${name} continues without a handshake`, { timeout: 400_000, skip }, async (t) => {
      const stack = await startStack({ vars: { REST_AFTER: 1_000 } });
      t.after(() => stack?.stop());
      const user = await startUser(connect, stack.url);
      await user.increments('evicted', 1);
      const { initialize } = await stack.counts();
      const isEvicted = () =>
        stack.lines.some((line) => line.includes('sessionRevived') && line.includes('"here":false'));
      let turns = 1;
      // As in eviction.all.mjs: an open stream keeps the object alive, and only writing to it detects that its client
      // has gone.
      for (let seconds = 60; !user.connectsEachTime && !isEvicted(); seconds += 20) {
        assert.ok(seconds < 160, 'it is never evicted');
        user.down();
        await wait(seconds * 1_000);
        user.network.up();
        turns += 1;
        await user.increments('evicted', turns);
      }
      if (user.connectsEachTime) await user.increments('evicted', 2);
      user.isUnaffected();
      assert.equal((await stack.counts()).initialize - initialize, user.connectsEachTime ? 1 : 0);
      await user.end();
    });
  }
});

/** A client behind a network and an edge that counts what it sends. */
async function startUser(connect, url) {
  const edge = await startCountingEdge(url);
  const network = await startNetwork(edge.url);
  const client = await connect(network.url);
  const opened = edge.counts.initialize; // some open one to look at the server, and another one to work with
  const user = {
    network,
    connectsEachTime: client.connectsEachTime,
    opensAgain: client.opensAgain,
    calls: 0,
    breaks: 0,
    hold() {
      user.breaks += 1;
      return network.hold();
    },
    down() {
      user.breaks += 1;
      network.down();
    },
    /** The sessions that it may have opened. */
    get sessions() {
      if (user.connectsEachTime) return user.calls;
      return opened + (user.opensAgain ? user.breaks : 0);
    },
    call(name, args) {
      user.calls += 1;
      return client.call(name, args);
    },
    /** Calls a tool that counts its executions. */
    async increments(key, expected) {
      assert.equal(textOf(await user.call('increment', { key })), String(expected), 'it ran once');
    },
    /** Since it is connected it has opened no session, or one for each command, and has heard of no loss. */
    isUnaffected() {
      const { counts, statuses, sessions } = edge;
      assert.equal(counts.initialize, user.sessions, JSON.stringify(counts));
      assert.equal(sessions.size, counts.initialize);
      assert.equal(statuses[404], undefined);
    },
    /** The server got one handshake for each session at most: those that are not used may be left alone. */
    isOneEach(handshakes) {
      assert.ok(handshakes >= 1 && handshakes <= edge.sessions.size, `${handshakes} of ${edge.sessions.size}`);
    },
    async end() {
      await client.end();
      await network.close();
      await edge.close();
    },
  };
  return user;
}

async function startReplica() {
  const port = await findFreePort();
  const program = fileURLToPath(new URL('../js/servers/sdk-server.mjs', import.meta.url));
  const server = await startChildServer({ name: 'a replica', args: [program, '--port', String(port)], port });
  const origin = `http://127.0.0.1:${port}`;
  return {
    url: `${origin}/mcp`,
    counts: async () => (await fetch(`${origin}/control/counts`)).json(),
    close: server.close,
  };
}
