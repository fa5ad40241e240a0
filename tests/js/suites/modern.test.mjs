// Servers of 2026-07-28, and servers of an unclear revision: the package on every path of the modern fault server,
// checked against the server's own counts. ROW=… narrows it to rows whose name contains the text.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { eraRows } from '../helpers/modern/rows-eras.mjs';
import { listenRows } from '../helpers/modern/rows-listens.mjs';
import { resultRows } from '../helpers/modern/rows-results.mjs';
import { roundRows } from '../helpers/modern/rows-rounds.mjs';
import { streamRows } from '../helpers/modern/rows-streams.mjs';
import { Use } from '../helpers/modern/use.mjs';
import { startModernFaultServer } from '../servers/modern-fault-server.mjs';
import { faults } from '../servers/modern-faults/index.mjs';

const packageEntry = process.env.MCP_TETHER_PACKAGE
  ? pathToFileURL(process.env.MCP_TETHER_PACKAGE)
  : new URL('../../../pkg/node.js', import.meta.url);
const mcp = await import(packageEntry);
const rows = [...eraRows, ...resultRows, ...roundRows, ...streamRows, ...listenRows];

test('every path of the modern fault server has a row', () => {
  const driven = new Set(rows.map(({ fault }) => fault));
  assert.deepEqual(
    Object.keys(faults).filter((fault) => !driven.has(fault)),
    [],
  );
  assert.equal(new Set(rows.map(({ name }) => name)).size, rows.length, 'each row has a name of its own');
});

describe('the modern fault table', { concurrency: 8 }, () => {
  let server;
  before(async () => (server = await startModernFaultServer()));
  after(() => server.close());

  rows.forEach((row, index) => {
    test(row.name, { timeout: 120_000, skip: !row.name.includes(process.env.ROW ?? '') }, async () => {
      const use = new Use(mcp, server, `/${row.fault}/${index}`, row);
      try {
        await row.run(use);
        await use.leave();
        checkCounts(row, use.counts);
        checkAlways(row, use.counts);
        await wait(200);
        assert.equal(server.counts(use.path).trace.length, use.counts.trace.length, 'nothing is sent after close()');
      } catch (error) {
        error.stack += `\nlog\n  ${use.log.join('\n  ')}\ntrace\n  ${use.trace()}`;
        throw error;
      } finally {
        await use.leave();
      }
    });
  });
});

function checkCounts(row, counts) {
  const executed = Object.values(counts.executions).reduce((sum, times) => sum + times, 0);
  // The client chooses the number of subscriptions; rows about them check it explicitly.
  const requests = counts.trace.filter(({ http, rpc }) => http === 'POST' && rpc !== 'subscriptions/listen').length;
  const all = { ...counts.rpc, aborted: counts.aborted, initialize: counts.initialize, executed, requests };
  for (const [name, wanted] of Object.entries(row.counts ?? {})) {
    const actual = all[name] ?? 0;
    if (Array.isArray(wanted))
      assert.ok(
        actual >= wanted[0] && actual <= wanted[1],
        `${name} is ${actual}, not from ${wanted[0]} to ${wanted[1]}`,
      );
    else assert.equal(actual, wanted, name);
  }
}

/** Invariants of every row. */
function checkAlways(row, counts) {
  for (const [key, times] of Object.entries(counts.executions)) {
    if (/^c\d+$/.test(key)) assert.ok(times <= 1, `the unsafe call ${key} ran ${times} times`);
  }
  const ids = counts.trace.filter(({ rpc, id }) => rpc && id !== undefined).map(({ id }) => id);
  assert.equal(new Set(ids).size, ids.length, 'no JSON-RPC id is used twice');
  assert.equal(counts.openStreams, 0, 'no stream is left open');
  if (row.legacy) return;
  assert.deepEqual(counts.breaches ?? [], [], 'every request obeys the revision');
  assert.deepEqual(
    Object.keys(counts.sessionIds).filter((id) => id !== 'none'),
    [],
    'there are no sessions',
  );
  assert.deepEqual(
    Object.keys(counts.http).filter((method) => method !== 'POST'),
    [],
    'only POST is used',
  );
  assert.deepEqual(counts.clientAnswers, [], 'the client sends no responses');
  assert.equal(counts.initialize, 0, 'no initialize is sent');
  const notifications = Object.keys(counts.rpc).filter((method) => method.startsWith('notifications/'));
  assert.deepEqual(notifications, [], 'no notification is sent');
}
