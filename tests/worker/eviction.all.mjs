// An idle object is evicted by workerd after some seconds: whoever comes back goes on all the same.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { messageOf, sender } from './http.mjs';
import { startStack } from './stack.mjs';

test('an evicted object goes on with its session, without a handshake', { timeout: 180_000 }, async () => {
  const stack = await startStack({ vars: { REST_AFTER: 1_000 } });
  const ada = sender(stack.url);
  const session = await ada.open();
  // Looking keeps it awake, so each look waits longer than the one before.
  for (let seconds = 8; !stack.lines.some((line) => line.includes('sessionRevived') && line.includes('"here":false')); seconds += 6) {
    assert.ok(seconds < 40, 'it is never evicted');
    await wait(seconds * 1_000);
    assert.equal((await messageOf(await ada.call(session, 'echo', { text: `after ${seconds} s` }, { id: seconds }))).result.content[0].text, `after ${seconds} s`);
  }
  const { initialize } = await stack.counts();
  assert.equal(initialize, 1);
  await stack.stop();
});
