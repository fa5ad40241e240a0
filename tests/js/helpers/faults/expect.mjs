// Compares a row's report with its expectations and with the invariants of every row.
import assert from 'node:assert/strict';
import { pick, secret } from './drive.mjs';

/**
 * @param {object} row with `browser` already merged where it applies
 * @param {object} report from drive()
 * @param {object} counts of the fault server
 */
export function expectRow(row, report, counts) {
  const seen = () =>
    `\noutcomes ${JSON.stringify(report.outcomes.slice(0, 12), null, 1)}\nlog\n  ${report.log.join('\n  ')}\ntrace\n  ${traceOf(counts)}`;
  try {
    expectOutcomes(row.outcomes, report.outcomes);
    for (const [path, wanted] of Object.entries(row.counts ?? {})) expectCount(path, wanted, counts);
    for (const line of row.log ?? [])
      assert.ok(
        report.log.some((logged) => logged.includes(line)),
        `the log lacks "${line}"`,
      );
    if (row.sessionErrors)
      assert.deepEqual(
        report.events.filter(({ type }) => type === 'sessionError').map(({ code }) => code),
        row.sessionErrors,
        'session errors',
      );
    if (row.recoveries !== undefined)
      assert.equal(
        report.events.filter(({ type }) => type === 'recoverySucceeded').length,
        row.recoveries,
        'recoveries',
      );
    for (const [type, times] of Object.entries(row.events ?? {})) {
      assert.equal(report.events.filter((event) => event.type === type).length, times, `events ${type}`);
    }
    if (row.generation !== undefined) assert.equal(report.final.generation, row.generation, 'generation');
    if (row.state !== undefined) assert.equal(report.final.state, row.state, 'state');
    if (row.challenged) assert.match(report.challenges.join('\n'), row.challenged);
    if (row.notifications) expectNotifications(row.notifications, report.notifications);
    expectInvariants(report, counts);
  } catch (error) {
    error.stack += seen();
    throw error;
  }
}

function expectOutcomes(wanted, outcomes) {
  assert.equal(outcomes.length, wanted.length, 'the number of outcomes');
  wanted.forEach((want, index) => {
    for (const [field, value] of Object.entries(want)) {
      const actual = outcomes[index][field];
      const where = `outcome ${index + 1}: ${field}`;
      if (value instanceof RegExp) assert.match(String(actual), value, where);
      else if (Array.isArray(value))
        expectRange(where, actual, value[0], field === 'ms' ? value[1] * PATIENCE : value[1]);
      else assert.deepEqual(actual, value, where);
    }
    if (!outcomes[index].ok) assert.equal(outcomes[index].isMcpError, true, `outcome ${index + 1} is a McpError`);
  });
}

// A busy machine takes longer. Waiting for what never happens takes longer still: until the rows' deadlines.
const PATIENCE = 4;

function expectRange(what, actual, least, most) {
  assert.ok(actual >= least && actual <= most, `${what} is ${actual}, not from ${least} to ${most}`);
}

function expectCount(path, wanted, counts) {
  const executed = Object.values(counts.executions).reduce((sum, times) => sum + times, 0);
  const actual =
    path === 'executed'
      ? executed
      : (pick(counts, path) ?? (typeof wanted === 'number' || 'least' in wanted ? 0 : undefined));
  if (typeof wanted === 'object' && 'least' in wanted) {
    expectRange(path, actual, wanted.least, wanted.most);
  } else {
    assert.deepEqual(actual, wanted, path);
  }
}

function expectNotifications({ least = 0, most = Infinity, inOrder }, notifications) {
  assert.ok(
    notifications.length <= most,
    `${notifications.length} notifications, not ${most}: ${JSON.stringify(notifications)}`,
  );
  assert.ok(notifications.length >= least, `${notifications.length} notifications, not ${least}`);
  const numbers = notifications.map(({ params }) => params.data);
  if (inOrder)
    assert.deepEqual(
      numbers,
      numbers.map((_, index) => numbers[0] + index),
      'each once, in order',
    );
}

/** Invariants of every row. */
function expectInvariants(report, counts) {
  for (const [key, times] of Object.entries(counts.executions)) {
    if (/^c\d+$/.test(key)) assert.ok(times <= 1, `the unsafe call ${key} ran ${times} times`);
  }
  // `fetch` itself may repeat a request that got 421, with the same id (Fetch standard, "HTTP-network-or-cache fetch").
  const answered = counts.trace.filter(({ status }) => status !== 421);
  const ids = answered.filter(({ rpc, id }) => rpc && id !== undefined).map(({ id }) => id);
  assert.equal(new Set(ids).size, ids.length, 'no JSON-RPC id is used twice');
  const initializing = counts.trace.filter(({ rpc }) => rpc === 'initialize');
  assert.ok(
    initializing.every(({ sessionId }) => sessionId === undefined),
    'no handshake carries a session id',
  );
  const output = JSON.stringify([report.outcomes, report.log, report.events]);
  assert.ok(!output.includes(secret), 'no output contains a header value');
  for (const id of Object.keys(counts.sessionIds))
    assert.ok(id === 'none' || id === '' || !output.includes(id), 'no output contains a whole session id');
}

function traceOf({ trace }) {
  return trace
    .slice(0, 40)
    .map(
      ({ at, http, rpc, id, sessionId, status, lastEventId }) =>
        `${at} ${http} ${rpc ?? ''} ${id ?? ''} ${sessionId?.slice(0, 4) ?? '-'} ${status} ${lastEventId ?? ''}`,
    )
    .join('\n  ');
}
