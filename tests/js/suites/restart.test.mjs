// The table at the top of the README is the one that `make compare` writes, and mcp-tether loses no call in it.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { describe, test } from 'node:test';
import { measureRestarts, restartTable, tableIn, withTable } from '../bench/compare/restart.mjs';

const each = 3;
const readme = await readFile(new URL('../../../README.md', import.meta.url), 'utf8');
const numbersHidden = (table) => table.replaceAll(/\d+ of \d+/g, 'n of n');

describe('the calls after one restart of the server', () => {
  test('the README has what is measured, in the form in which it is written', async () => {
    const rows = await measureRestarts(each);

    for (const { tethered } of rows) assert.equal(tethered, each);
    assert.equal(numbersHidden(tableIn(readme)), numbersHidden(restartTable(rows, each)));
  });

  test('its table is the first thing under the headline and leaves no number out', () => {
    const counts = [...tableIn(readme).matchAll(/\| (\d+) of (\d+) \| (\d+) of (\d+) \|$/gm)].map((row) =>
      row.slice(1).map(Number),
    );
    assert.equal(counts.length, tableIn(readme).split('\n').length - 4);
    for (const [own, ofOwn, tethered, ofTethered] of counts) {
      assert.ok(own <= ofOwn);
      assert.equal(tethered, ofTethered);
    }
    const [, afterTitle] = readme.split(/^# .*\n+\*\*.*\n+/);
    assert.ok(afterTitle?.startsWith(tableIn(readme)));
  });

  test('writing it changes nothing else', () => {
    const before = `# Title\n\n${tableIn(readme)}\n\nMore: $& $1.\n`;
    const table = tableIn(readme).replace('| 0 of', '| 1 of');
    assert.equal(withTable(before, table), before.replace('| 0 of', '| 1 of'));
    assert.throws(() => withTable('# Title', table), /lacks/);
  });
});
