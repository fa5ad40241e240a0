// A stream to a client that does not read is cut before it fills the memory; one to a client that reads is not.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EventStream } from '../../gateway/event-stream.js';

const data = JSON.stringify({ text: 'x'.repeat(100) });

test('a reader that is too slow loses its stream', async () => {
  let lost = 0;
  const stream = new EventStream(3, 1_000, () => (lost += 1));
  for (let id = 0; id < 20; id += 1) stream.send(id, data);
  assert.equal(lost, 1);
  await assert.rejects(
    (async () => {
      for await (const _ of stream.body);
    })(),
    /too slowly/,
  );
});

test('a reader that keeps up loses nothing, and gets an event of any size', async () => {
  const stream = new EventStream(3, 1_000, () => assert.fail('it is not cut'));
  const reader = stream.body.getReader();
  const decoder = new TextDecoder();
  for (const size of [10, 900, 5_000, 10]) {
    const text = 'y'.repeat(size);
    stream.send(7, text);
    assert.equal(decoder.decode((await reader.read()).value), `event: message\nid: 3-7\ndata: ${text}\n\n`);
  }
  stream.close();
  assert.equal((await reader.read()).done, true);
});

test('events sent again to a returning client may exceed the limit, and later events are held to it', async () => {
  let lost = 0;
  const stream = new EventStream(3, 1_000, () => (lost += 1));
  stream.replay(Array.from({ length: 20 }, (_, id) => ({ id, data: id % 2 ? data : '' })));
  stream.send(20, data);
  assert.equal(lost, 0);
  const decoder = new TextDecoder();
  const reader = stream.body.getReader();
  for (const id of [1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 20])
    assert.equal(decoder.decode((await reader.read()).value), `event: message\nid: 3-${id}\ndata: ${data}\n\n`);
  stream.close();
  const slow = new EventStream(3, 1_000, () => (lost += 1));
  slow.replay(Array.from({ length: 20 }, (_, id) => ({ id, data })));
  for (let id = 20; id < 40; id += 1) slow.send(id, data);
  assert.equal(lost, 1);
});
