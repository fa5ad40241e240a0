// The bounds of what the gateway keeps in memory: caches of an isolate, and bodies that are not fetched.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HeldBodies } from '../../gateway/held-bodies.js';
import { Memo } from '../../gateway/memo.js';
import { annotatedTool } from '../../gateway/page-tools.js';
import { cached, epochOf, forget, keep, LARGEST_ENTRY } from '../../gateway/public-cache.js';

const kept = (server, keys) => keys.filter((key) => cached(server, key) !== undefined).length;
const numbers = (count) => Array.from({ length: count }, (_, at) => String(at));
const store = (server, key, size, ttl = 60_000) => keep(server, key, { key }, { size, ttl, epoch: epochOf(server) });

test('facts: a thousand entries, and none with a long key', () => {
  const memo = new Memo();
  const keys = numbers(2_500);
  for (const key of keys) memo.set(key, key);
  assert.ok(keys.filter((key) => memo.get(key) !== undefined).length <= 1_000);
  assert.equal(memo.get('2499'), '2499');
  memo.set('x'.repeat(2_001), 'long');
  assert.equal(memo.get('x'.repeat(2_001)), undefined);
});

test('shared results: by number, by bytes, and none of a size or time beyond the limits', () => {
  for (const key of numbers(700)) store('many', key, 10);
  assert.equal(kept('many', numbers(700)), 500);
  for (const key of numbers(20)) store('large', key, LARGEST_ENTRY);
  assert.equal(kept('large', numbers(20)), 8);
  assert.equal(kept('many', numbers(700)), 0, 'the oldest are dropped');
  store('large', 'too large', LARGEST_ENTRY + 1);
  store('large', 'stale', 1, 0);
  assert.equal(kept('large', ['too large', 'stale']), 0);
});

test('a result that was requested before a change is not cached after it', () => {
  const epoch = epochOf('changing');
  store('changing', 'before', 1);
  forget('changing');
  keep('changing', 'late', {}, { size: 1, ttl: 60_000, epoch });
  assert.equal(kept('changing', ['before', 'late']), 0);
  store('changing', 'after', 1);
  assert.equal(kept('changing', ['after']), 1);
});

test('tools with mirrored arguments: a list that never ends is read in part, and large lists push out older ones', async () => {
  let asked = 0;
  const options = (owner, pad) => ({
    gateway: { isAnnotated: () => true },
    owner,
    message: { params: { name: 'tool' } },
    refresh: false,
    ask: async () => {
      asked += 1;
      return { result: { tools: [{ name: 'tool', pad }], nextCursor: 'more' } };
    },
  });
  await annotatedTool(options('endless', ''));
  assert.equal(asked, 20);
  await annotatedTool(options('endless', ''));
  assert.equal(asked, 20, 'it is cached');
  // Twenty pages of 100,000 characters each: four such lists fit.
  for (const owner of numbers(5)) await annotatedTool(options(owner, 'x'.repeat(100_000)));
  asked = 0;
  await annotatedTool(options('endless', ''));
  assert.equal(asked, 20, 'the oldest was dropped');
});

test('bodies that are not fetched are dropped, and their streams cancelled', () => {
  const held = new HeldBodies();
  let isCancelled = false;
  const body = new ReadableStream({
    cancel() {
      isCancelled = true;
    },
  });
  const { bodyNumber } = held.handOver({ status: 200, body });
  held.dropOld(Date.now() + 10, 5_000);
  assert.ok(!isCancelled);
  held.dropOld(Date.now() + 5_000, 5_000);
  assert.ok(isCancelled);
  assert.equal(held.fetch(bodyNumber).status, 404);
});
