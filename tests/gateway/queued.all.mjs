// A call that waits in a session's queue until the limit of that, a minute: the client learns that it was not sent.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { messageOf, sender } from './http.mjs';
import { startStack, until } from './stack.mjs';

test('a call behind one that works on for minutes fails, and never runs', { timeout: 180_000 }, async (t) => {
  const stack = await startStack({ config: { timeout: 40_000, maxConcurrency: 1 } });
  t.after(() => stack.stop());
  const ada = sender(stack.url);
  const session = await ada.open();
  // It reports progress every 20 seconds.
  const working = ada.call(session, 'slow', { ms: 100_000, key: 'works' }, { id: 'works', meta: { progressToken: 1 } });
  await until(async () => (await stack.counts()).calls.slow > 0, 'it is sent');
  const { error } = await messageOf(await ada.call(session, 'slow', { ms: 1, key: 'behind' }, { id: 'behind' }));
  assert.deepEqual([error.data.code, error.data.retryable], ['request_timeout', true]);
  assert.match(error.message, /was not sent/);
  assert.ok((await messageOf(await working)).result);
  assert.equal((await messageOf(await ada.call(session, 'echo', { text: 'after' }))).result.content[0].text, 'after');
  assert.equal((await stack.counts()).executions.behind, undefined);
});
