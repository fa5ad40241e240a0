// The helpers of these tests.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { endProcess } from './end-process.mjs';
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

test('a process that has ended, ends late or does not start is not waited for without end', async () => {
  const program = (code) => spawn(process.execPath, ['-e', code], { stdio: ['pipe', 'pipe', 'ignore'] });
  const over = program('');
  await once(over, 'exit');
  await endProcess(over, () => assert.fail('it has ended'));

  const deaf = program(`process.on('SIGTERM', () => {}); setInterval(() => {}, 1_000); console.log('begun')`);
  await once(deaf.stdout, 'data');
  await endProcess(deaf, () => deaf.kill('SIGTERM'));
  assert.equal(deaf.signalCode, 'SIGKILL');

  const missing = spawn('/nowhere/program');
  await once(missing, 'error');
  await endProcess(missing, () => {});
});
