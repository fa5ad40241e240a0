// Each runtime has its own errors for a connection that was not established. All of them prove that nothing was sent.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const inPackages = (name) => fileURLToPath(new URL(`../../../node_modules/${name}`, import.meta.url));
const program = fileURLToPath(new URL('../helpers/failures/unsent.mjs', import.meta.url));
const runtimes = {
  [`node ${process.versions.node}`]: [process.execPath],
  'node 22': [inPackages('node-22/bin/node')],
  'node 24': [inPackages('node-24/bin/node')],
  deno: [inPackages('.bin/deno'), 'run', '--no-prompt', '--allow-read', '--allow-net', '--allow-env'],
  bun: [inPackages('.bin/bun')],
};

describe('nothing was sent', () => {
  for (const [name, [runtime, ...words]] of Object.entries(runtimes)) {
    test(name, { timeout: 60_000 }, async () => {
      const { stdout } = await promisify(execFile)(runtime, [...words, program], {
        env: { ...process.env, NO_COLOR: '1' },
      });
      const { refused, noSuchName } = JSON.parse(stdout);
      assert.equal(refused.outcome, 'write ran', 'an unsafe tool is retried');
      assert.equal(refused.ran, 1, 'and runs once');
      assert.ok(refused.failures >= 1);
      assert.equal(noSuchName, 'network_error: the server could not be reached; nothing was sent');
    });
  }
});

describe('a call outlasts Node’s limit of 300 s for headers and bodies', () => {
  for (const [name, [runtime]] of Object.entries(runtimes).filter(([name]) => name.startsWith('node'))) {
    test(name, { timeout: 60_000 }, async () => {
      const { stdout } = await promisify(execFile)(runtime, [
        fileURLToPath(new URL('../helpers/failures/patience.mjs', import.meta.url)),
      ]);
      assert.deepEqual(JSON.parse(stdout), { bare: 'UND_ERR_HEADERS_TIMEOUT', calls: ['late', 'late'], asked: 2 });
    });
  }
});
