// Test files that run side by side give different ports to their child processes.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { promisify } from 'node:util';

const MANY = 300;
const program = `
  import { findFreePort } from ${JSON.stringify(new URL('../servers/shared/listen.mjs', import.meta.url).href)};
  const ports = [];
  while (ports.length < ${MANY}) ports.push(await findFreePort());
  console.log(JSON.stringify(ports));
  // A port is its process's until that ends: so each waits for the others.
  process.stdin.resume();
`;

test('no port is found by two processes', { timeout: 120_000 }, async () => {
  const running = Array.from({ length: 4 }, () => {
    const ended = promisify(execFile)(process.execPath, ['--input-type=module', '--eval', program]);
    const printed = new Promise((resolve, reject) => {
      ended.child.stdout.once('data', resolve);
      ended.catch(reject);
    });
    return { ended, printed };
  });
  await Promise.all(running.map(({ printed }) => printed));
  for (const { ended } of running) ended.child.stdin.end();
  const found = (await Promise.all(running.map(({ ended }) => ended))).flatMap(({ stdout }) => JSON.parse(stdout));
  assert.equal(new Set(found).size, 4 * MANY);
});
