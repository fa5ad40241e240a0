// Our client and the servers of the interop matrix that need only Node, and the table written by `make interop`.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, describe, test } from 'node:test';
import { frameworkSteps, open, steps } from '../../interop/matrix.mjs';
import { frameworks, peers } from '../../interop/peers/index.mjs';
import { expected, render } from '../../interop/table.mjs';

for (const peer of peers.filter(({ quick }) => quick)) {
  describe(peer.name, { timeout: 180_000 }, () => {
    let run;
    before(async () => (run = await open(peer)));
    after(() => run?.close());
    for (const [name, step] of Object.entries(steps)) {
      test(name, { skip: peer.missing?.[name] ?? false }, () => step(run));
    }
  });
}

describe('docs/interop.md', () => {
  test('is what `make interop` writes when no step fails', async () => {
    const rowsOf = (all, names) =>
      all.map((peer) => ({ peer, cells: Object.fromEntries(names.map((step) => [step, expected(peer, step)])) }));
    assert.equal(
      await readFile(new URL('../../../docs/interop.md', import.meta.url), 'utf8'),
      render(rowsOf(peers, Object.keys(steps)), rowsOf(frameworks, frameworkSteps)),
      'run `make interop`',
    );
  });
});
