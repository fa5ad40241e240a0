// The fault table in a headless Chromium page, to which every server is cross-origin: each row has an origin of its
// own. ROW=… narrows it.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { openPage } from '../helpers/browsers/chromium.mjs';
import { expectRow } from '../helpers/faults/expect.mjs';
import { forPage, plain } from '../helpers/faults/page.mjs';
import { rows } from '../helpers/faults/rows.mjs';
import { until } from '../helpers/until.mjs';
import { startFaultServer } from '../servers/fault-server.mjs';

describe('the fault table in Chromium', { concurrency: 8 }, () => {
  let chromium;
  before(async () => {
    chromium = await openPage();
    await chromium.page.evaluate(async () => {
      const { default: init, ...mcp } = await import('/pkg/browser.js');
      await init();
      const { drive } = await import('/tests/helpers/faults/drive.mjs');
      globalThis.driveRow = (row, origin) => drive(mcp, row, origin);
    });
  });
  after(() => chromium?.close());

  for (const row of rows.filter(({ name }) => name.includes(process.env.ROW ?? ''))) {
    test(row.name, { timeout: 120_000 }, async () => {
      // A page has six connections to one origin: rows that shared one would wait for each other.
      const server = await startFaultServer();
      try {
        const expected = forPage({ ...row, ...row.browser });
        const path = `/${row.fault}/${row.place ?? 'row'}`;
        const report = await chromium.page.evaluate(
          ([sent, origin]) => globalThis.driveRow(sent, origin),
          [plain(row, server.origin), server.origin],
        );
        const counts = server.counts(path);
        expectRow(expected, report, counts);
        await wait(300);
        assert.equal(server.counts(path).trace.length, counts.trace.length, 'nothing is sent after close()');
        await until(() => server.counts(path).openStreams === 0, 'every stream is closed');
        assert.equal(server.counts(path).openStreams, 0, 'no stream is left open');
      } finally {
        await server.close();
      }
    });
  }
});
