// The fault table in Node: the package run on every path of the fault server, and the server's counts compared.
// ROW=… narrows it to rows whose name contains the text.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { drive } from '../helpers/faults/drive.mjs';
import { expectRow } from '../helpers/faults/expect.mjs';
import { rows } from '../helpers/faults/rows.mjs';
import { until } from '../helpers/until.mjs';
import { startFaultServer } from '../servers/fault-server.mjs';
import { faults } from '../servers/faults/index.mjs';

const packageEntry = process.env.MCP_TETHER_PACKAGE
  ? pathToFileURL(process.env.MCP_TETHER_PACKAGE)
  : new URL('../../../pkg/node.js', import.meta.url);
const mcp = await import(packageEntry);

test('every path of the fault server has a row', () => {
  const driven = new Set(rows.map(({ fault }) => fault));
  assert.deepEqual(
    Object.keys(faults).filter((fault) => !driven.has(fault)),
    [],
  );
  const places = rows.map(({ fault, place, name }) => (place === 'config' ? name : `${fault}/${place}`));
  assert.equal(new Set(places).size, places.length, 'each row has a place of its own');
});

describe('the fault table in Node', { concurrency: 12 }, () => {
  let server;
  before(async () => (server = await startFaultServer()));
  after(() => server.close());

  for (const row of rows.filter(({ name }) => name.includes(process.env.ROW ?? ''))) {
    test(row.name, { timeout: 120_000 }, async () => {
      const path = `/${row.fault}/${row.place ?? 'row'}`;
      const report = await drive(
        mcp,
        row.elsewhere ? { ...row, url: `${server.origin}${row.elsewhere}` } : row,
        server.origin,
      );
      const counts = server.counts(path);
      expectRow(row, report, counts);
      await wait(300);
      assert.equal(server.counts(path).trace.length, counts.trace.length, 'nothing is sent after close()');
      await until(() => server.counts(path).openStreams === 0, 'every stream is closed');
      assert.equal(server.counts(path).openStreams, 0, 'no stream is left open');
    });
  }
});
