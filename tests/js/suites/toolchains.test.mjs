// One toolchain of every way in which the module is found. All of them: `make toolchains`.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { quick, rows } from '../../toolchains/rows.mjs';
import { openTable } from '../../toolchains/table.mjs';

describe('toolchains', () => {
  let table;

  before(async () => {
    table = await openTable();
  });

  after(() => table?.close());

  for (const name of quick) {
    // Its packages may have to be installed first.
    test(name, { timeout: 600_000 }, async () => {
      const row = rows.find((other) => other.name === name);
      assert.equal((await table.run(row)).answer, 'grüße');
    });
  }
});
