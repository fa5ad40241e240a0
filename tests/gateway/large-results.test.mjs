// Results that are too large for an RPC call between the entry and a session's object, which are sent as a body of its own.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { clients, textOf } from './clients.mjs';
import { sender } from './http.mjs';
import { page, startStack } from './stack.mjs';

const LARGE = 3_000_000; // characters

for (const [kind, args, type] of [
  ['as JSON', ['--json-response'], 'application/json'],
  ['by streams', [], 'text/event-stream'],
]) {
  describe(`a large result of a server that answers ${kind}`, () => {
    let stack;
    before(async () => (stack = await startStack({ server: args })));
    after(() => stack?.stop());

    test('has the type of a small one, for pages, too', async () => {
      const ada = sender(stack.url);
      const session = await ada.open();
      const seen = [];
      for (const bytes of [1, LARGE]) {
        const headers = { Origin: page };
        const response = await ada.call(session, 'big', { bytes }, { headers });
        await response.text();
        const { date, ...rest } = Object.fromEntries(response.headers);
        seen.push(rest);
      }
      const [small, large] = seen.map(({ 'content-length': _, 'transfer-encoding': __, ...rest }) => rest);
      assert.equal(large['content-type'], type);
      assert.deepEqual(large, small);
    });

    for (const [name, connect] of Object.entries(clients))
      test(`reaches ${name}`, async () => {
        const client = await connect(stack.url);
        assert.equal(textOf(await client.call('big', { bytes: LARGE })).length, LARGE);
        await client.end();
      });
  });
}
