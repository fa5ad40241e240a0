// The fault table in a headless Firefox page. ROW=… narrows it. WebDriver runs one script at a time: rows are started,
// and polled later.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { openPage } from '../helpers/browsers/firefox.mjs';
import { expectRow } from '../helpers/faults/expect.mjs';
import { forPage, plain } from '../helpers/faults/page.mjs';
import { rows } from '../helpers/faults/rows.mjs';
import { startFaultServer } from '../servers/fault-server.mjs';

describe('the fault table in Firefox', { concurrency: 6 }, () => {
  let firefox;
  before(async () => {
    firefox = await openPage();
    await firefox.run(`
      const { default: init, ...mcp } = await import('/pkg/browser.js');
      await init();
      const { drive } = await import('/tests/helpers/faults/drive.mjs');
      window.reports = {};
      window.begin = (name, row, origin) => {
        drive(mcp, row, origin)
          .catch((error) => ({ error: String(error) }))
          .then((report) => (window.reports[name] = report));
      };
    `);
  });
  after(() => firefox?.close());

  for (const row of rows.filter(({ name }) => name.includes(process.env.ROW ?? ''))) {
    test(row.name, { timeout: 90_000 }, async () => {
      const server = await startFaultServer();
      try {
        const path = `/${row.fault}/${row.place ?? 'row'}`;
        await firefox.run('window.begin(...words)', row.name, plain(row, server.origin), server.origin);
        let report;
        while (!report) {
          await wait(100);
          report = await firefox.run('return window.reports[words[0]] ?? null', row.name);
        }
        const counts = server.counts(path);
        expectRow(forPage({ ...row, ...row.browser, ...row.firefox }), report, counts);
        await wait(300);
        assert.equal(server.counts(path).trace.length, counts.trace.length, 'nothing is sent after close()');
      } finally {
        await server.close();
      }
    });
  }
});
