// The steps of each client through the gateway, before the official SDK's server: list, call, stream, answer a server
// request, and survive.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { clients, textOf } from './clients.mjs';
import { startStack, until } from './stack.mjs';

/** The tests of clients before a server of one kind: `args` are those of tests/js/servers/sdk-server.mjs. */
export function survive(kind, args, connects = clients) {
  for (const [name, connect] of Object.entries(connects)) {
    describe(`${name} through the gateway, before ${kind}`, () => {
      let stack;
      let initialized;
      before(async () => (stack = await startStack({ server: args })));
      after(() => stack?.stop());

      test('lists, calls, gets progress and logs, answers a server request', async () => {
        const logs = [];
        const client = await connect(stack.url, { log: ({ params }) => logs.push(params.data) });
        assert.match(client.session(), /^[A-Za-z0-9_-]{43}$/);
        assert.ok((await client.list()).tools.some((tool) => tool.name === 'echo'));
        assert.equal(textOf(await client.call('echo', { text: 'hello' })), 'hello');
        assert.equal((await client.call('fail', {})).isError, true);
        if (!args.includes('--json-response')) {
          const steps = [];
          await client.call('slow', { ms: 100 }, { onprogress: ({ progress }) => steps.push(progress) });
          assert.deepEqual(steps, [1, 2, 3, 4, 5]);
        }
        await client.call('notify', {});
        await until(() => logs.includes('a log message'), 'the log message');
        assert.equal(textOf(await client.call('ask', {})), 'hello Ada');
        await client.end();
        await until(async () => (await stack.counts()).delete === 1, 'the DELETE reaches the server');
        assert.equal((await stack.counts()).sessions, 0);
      });

      test('is not affected when the server loses the session', async () => {
        const client = await connect(stack.url);
        const session = client.session();
        await stack.forget();
        assert.equal(textOf(await client.call('echo', { text: 'again' })), 'again');
        assert.equal(client.session(), session);
        await client.end();
      });

      test('survives a server that is killed in the middle of a call, which does not run twice', async () => {
        const client = await connect(stack.url);
        const session = client.session();
        const calls = Array.from({ length: 10 }, (_, turn) => client.call('echo', { text: String(turn) }).then(textOf));
        const unsafe = client.call('slow', { ms: 60_000, key: 'once' }).then(
          () => 'answered',
          (error) => error,
        );
        await until(async () => (await stack.counts()).calls.slow === 1, 'the call runs');
        assert.deepEqual(
          await Promise.all(calls),
          Array.from({ length: 10 }, (_, turn) => String(turn)),
        );
        await stack.server.restart();
        assert.match((await unsafe).message, /its outcome is unknown/);
        assert.equal(textOf(await client.call('echo', { text: 'back' })), 'back');
        assert.equal(client.session(), session);
        const counts = await stack.counts();
        assert.equal(counts.initialize, 1, 'one handshake with the new process');
        assert.equal(counts.calls.slow, undefined, 'the unsafe call is not sent again');
        await client.end();
      });

      test('continues with its id after the gateway was restarted', async () => {
        const client = await connect(stack.url);
        const session = client.session();
        initialized = (await stack.counts()).initialize;
        await stack.restartGateway();
        assert.equal(textOf(await client.call('echo', { text: 'here' })), 'here');
        assert.equal(client.session(), session);
        assert.equal(textOf(await client.call('ask', {})), 'hello Ada');
        assert.equal((await stack.counts()).initialize, initialized, 'no new handshake with the server');
        await client.end();
      });
    });
  }
}
