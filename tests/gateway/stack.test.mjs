// The helpers of these tests.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startStack, until } from './stack.mjs';

test('a gateway that does not start leaves no process behind, which would keep a test from its end', async () => {
  await assert.rejects(startStack({ folder: '/nowhere/' }), /gateway\/dist is missing/);
  const isRunning = () => process.getActiveResourcesInfo().includes('ProcessWrap');
  await until(() => !isRunning(), 'the server has ended');
});

test('a start that workerd refuses leaves no process behind', async () => {
  await assert.rejects(startStack({ port: 1 << 20 }));
  await until(() => !process.getActiveResourcesInfo().includes('ProcessWrap'), 'workerd and the server have ended');
});
