// Requests that wait for their turn at the server: the time in the queue is none of the timeout, and what was never sent is not said to have run.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Exchanges } from '../../gateway/exchanges.js';
import { parse } from '../../gateway/raw-json.js';
import { messageOf, sender } from './http.mjs';
import { startStack, until } from './stack.mjs';

// workerd has it, Node 20 has not.
Promise.withResolvers ??= () => {
  const parts = {};
  parts.promise = new Promise((resolve, reject) => Object.assign(parts, { resolve, reject }));
  return parts;
};

const TIMEOUT = 3_000;
const SLOW = 1_800; // milliseconds: two of them take longer than the timeout

describe('requests in the queue of a session', () => {
  test('each of several calls that run one after the other has its own time', { timeout: 180_000 }, async (t) => {
    const stack = await startStack({ config: { timeout: TIMEOUT, maxConcurrency: 1 } });
    t.after(() => stack.stop());
    const ada = sender(stack.url);
    const session = await ada.open();
    const calls = [1, 2, 3].map((id) => ada.call(session, 'slow', { ms: SLOW, key: `turn ${id}` }, { id }));
    for (const response of await Promise.all(calls)) {
      const { id, result, error } = await messageOf(response);
      assert.ok(result, `${id}: ${JSON.stringify(error)}`);
    }
    const { executions } = await stack.counts();
    assert.deepEqual(
      [1, 2, 3].map((id) => executions[`turn ${id}`]),
      [1, 1, 1],
    );
  });

  test('one that is behind a call that hangs is sent when that has timed out', { timeout: 180_000 }, async (t) => {
    const stack = await startStack({ config: { timeout: TIMEOUT, maxConcurrency: 1 } });
    t.after(() => stack.stop());
    const ada = sender(stack.url);
    const session = await ada.open();
    const hanging = ada.call(session, 'slow', { ms: 600_000, key: 'hangs' }, { id: 'hangs' });
    await until(async () => (await stack.counts()).calls.slow > 0, 'it is sent');
    const behind = await messageOf(await ada.call(session, 'slow', { ms: SLOW, key: 'behind' }, { id: 'behind' }));
    assert.ok(behind.result, JSON.stringify(behind));
    const { error } = await messageOf(await hanging);
    assert.equal(error.data.code, 'request_timeout');
  });
});

// The limit of the queue is a minute at least, so here the clock is given.
describe('the limit of the queue', () => {
  const nothing = () => {};
  const MINUTE = 60_000;

  function requestIn() {
    const exchanges = new Exchanges({ openStream: () => 1 }, { SLOW_READER_BYTES: 1 }, nothing, { settled: nothing });
    const message = parse('{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"pay"}}');
    return { exchanges, pending: exchanges.expect(message, '7', exchanges.open(false, true)) };
  }
  const idsOf = (pendings) => pendings.map(({ id }) => id);

  for (const timeout of [5_000, 2 * MINUTE])
    test(`with a timeout of ${timeout} ms it is the longer of that and a minute`, () => {
      const { exchanges, pending } = requestIn();
      const limit = Math.max(timeout, MINUTE);
      for (const [now, stuck] of [
        [pending.at + timeout + 1, limit === timeout ? ['7'] : []],
        [pending.at + limit - 1, []],
        [pending.at + limit, ['7']],
      ]) {
        exchanges.beat(now);
        assert.deepEqual(idsOf(exchanges.stuck(now, timeout)), stuck);
        assert.deepEqual(exchanges.overdue(now, timeout), [], 'the server has not got it');
      }
    });

  test('once it is sent, its time begins, and the limit of the queue ends', () => {
    const { exchanges, pending } = requestIn();
    let isUnsent = true;
    pending.upstream = { isUnsent: () => isUnsent };
    const timeout = 5_000;
    const sent = pending.at + MINUTE - 1;
    exchanges.beat(sent - 1_000);
    isUnsent = false;
    exchanges.beat(sent);
    for (const [now, overdue] of [
      [sent + timeout - 1, []],
      [sent + timeout, ['7']],
    ]) {
      exchanges.beat(now);
      assert.deepEqual(idsOf(exchanges.overdue(now, timeout)), overdue);
      assert.deepEqual(exchanges.stuck(now, timeout), []);
    }
  });

  test('without a timeout there is none while the client waits', () => {
    const { exchanges, pending } = requestIn();
    const now = pending.at + 100 * MINUTE;
    exchanges.beat(now);
    assert.deepEqual([exchanges.stuck(now), exchanges.overdue(now)], [[], []]);
  });
});
