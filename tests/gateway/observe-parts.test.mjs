// The bounds of what is kept for the operator.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { exposition } from '../../gateway/observe/exposition.js';
import { BOUNDS, Histograms } from '../../gateway/observe/histograms.js';
import { History } from '../../gateway/observe/history.js';
import { classOf, nameOf, outcomeOfCode, outcomeOfStatus } from '../../gateway/observe/outcomes.js';

const noStorage = { exec: () => ({ toArray: () => [], one: () => ({}) }) };
const request = (at) => ({ at, method: 'ping', outcome: 'ok', ms: 1 });

describe('what is kept for the operator has bounds', () => {
  test('a session keeps its last 50 requests, in their order', () => {
    const history = new History(noStorage);
    for (let at = 0; at < 30; at += 1) history.add(request(at));
    assert.deepEqual(
      history.requests.map(({ at }) => at),
      Array.from({ length: 30 }, (_, at) => at),
    );
    for (let at = 30; at < 1_234; at += 1) history.add(request(at));
    assert.deepEqual(
      history.requests.map(({ at }) => at),
      Array.from({ length: 50 }, (_, at) => 1_184 + at),
    );
  });

  test('a refusal explains a loss for a minute', () => {
    for (const [later, evidence] of [
      [60_000, 'HTTP status 404'],
      [60_001, undefined],
    ]) {
      const history = new History(noStorage);
      history.refused({ at: 1_000, status: 404, ms: 1 });
      history.beginRecovery('session_terminated', 1_000 + later);
      assert.equal(history.recovering.evidence, evidence);
    }
  });

  test('a recovery has one beginning and one end, and an end without a beginning is none', () => {
    const history = new History(noStorage);
    history.beginRecovery('session_terminated', 1);
    history.beginRecovery('session_invalid', 2);
    const ended = history.endRecovery('recovered', 3);
    assert.deepEqual([ended.reason, ended.at], ['session_terminated', 1]);
    assert.equal(history.endRecovery('recovered', 4), undefined);
  });

  test('101 servers have 100 labels and `other`, and there are 2,000 series between two flushes', () => {
    const histograms = new Histograms();
    for (let at = 0; at < 150; at += 1) histograms.observe('x_seconds', { server: `s${at}` }, 1);
    const names = Object.keys(histograms.take()).filter((name) => name.startsWith('x_seconds_sum'));
    assert.equal(names.length, 101);
    assert.ok(names.includes('x_seconds_sum{server="other"}'));
    for (let at = 0; at < 5_000; at += 1) histograms.observe('x_seconds', { label: `l${at}` }, 1);
    assert.equal(Object.keys(histograms.take()).filter((name) => name.startsWith('x_seconds_sum')).length, 2_000);
    assert.deepEqual(histograms.take(), {});
  });

  test('each duration is in the bucket whose bound it does not exceed', () => {
    for (const [ms, bound] of [
      [0, '0.005'],
      [5, '0.005'],
      [5.001, '0.01'],
      [60_000, '60'],
      [60_001, '+Inf'],
    ]) {
      const histograms = new Histograms();
      histograms.observe('x_seconds', { server: 's' }, ms);
      const counters = Object.entries(histograms.take()).map(([name, value]) => ({ name, value }));
      const lines = exposition(counters).split('\n');
      const counts = [...BOUNDS.map(String), '+Inf'].map((le) =>
        Number(lines.find((line) => line.includes(`le="${le}"`)).split(' ')[1]),
      );
      const first = [...BOUNDS.map(String), '+Inf'].indexOf(bound);
      assert.deepEqual(
        counts,
        counts.map((_, at) => (at >= first ? 1 : 0)),
      );
      assert.ok(lines.includes('mcp_tether_x_seconds_count{server="s"} 1'));
    }
  });

  test('a timing goes on after a flush, in the bounds of all', () => {
    const histograms = new Histograms();
    const note = histograms.timing('x_seconds', { server: 's' });
    for (let turn = 0; turn < 2; turn += 1) {
      note(1_000);
      histograms.observe('x_seconds', { server: 's' }, 2_000);
      assert.equal(histograms.take()['x_seconds_sum{server="s"}'], 3);
    }
    assert.deepEqual(histograms.take(), {});
    for (let at = 0; at < 2_000; at += 1) histograms.observe('x_seconds', { label: `l${at}` }, 1);
    note(1_000);
    assert.equal(histograms.take()['x_seconds_sum{server="s"}'], undefined);
  });

  test('names of methods, codes and statuses become one of a closed set', () => {
    for (const odd of [undefined, '', 'toString', '__proto__', 'constructor', 'my/method'])
      assert.deepEqual([nameOf(odd), classOf(odd), outcomeOfCode(odd)], ['other', 'other', 'server_error']);
    assert.deepEqual(
      [101, 200, 302, 400, 401, 404, 418, 429, 500, 502, 599].map(outcomeOfStatus),
      'ok ok ok refused unauthorized not_found refused rate_limited internal unreachable server_error'.split(' '),
    );
  });
});
