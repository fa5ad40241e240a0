// What the text of a message tells: members that come twice, and the id of one that is too large.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { idWithin, isAmbiguous, messagesBeyondOne, shallowText } from '../../gateway/envelope.js';

test('equal members are found where they decide, in every spelling, and nowhere else', () => {
  for (const [text, expected] of [
    ['{"id":1,"id":2}', true],
    [' \n{ "id" : 1 , "i\\u0064" : 2 }', true],
    ['{"params":{"cursor":"}\\"","cursor":1}}', true],
    ['{"params":{"uri":[{"uri":1}],"uri":1}}', true],
    ['{"params":{"_meta":{"a":{"b":1},"a":2}}}', true],
    ['{"params":{"_meta":{"a":1}},"x":{"params":1,"params":2}}', false],
    ['{"params":{"arguments":{"a":1,"a":2},"other":1,"other":2}}', false],
    ['{"params":{"_meta":{"a":{"b":1,"b":2}}}}', false],
    ['{"params":["_meta","_meta"]}', false],
    ['{"a":"\\\\","b":"{\\"a\\":1,\\"a\\":2}"}', false],
    ['{}', false],
    ['[{"id":1,"id":2}]', false],
    ['"{"', false],
  ])
    assert.equal(isAmbiguous(text), expected, text);
});

test('messages that a serializer writes are never ambiguous, and show their id', () => {
  const keys = ['id', 'method', 'params', '_meta', 'cursor', 'a"b', 'c\\', '{', 'é'];
  let seed = 7;
  const random = (below) => {
    seed = (seed * 48_271) % 2_147_483_647;
    return seed % below;
  };
  const value = (depth) => {
    if (depth === 0 || random(3) === 0) return [1, -2.5e3, true, null, 'x', '}"{', '\\', ''][random(8)];
    return random(2) === 0
      ? Array.from({ length: random(3) }, () => value(depth - 1))
      : Object.fromEntries(Array.from({ length: random(4) }, () => [keys[random(keys.length)], value(depth - 1)]));
  };
  for (let turn = 0; turn < 5_000; turn += 1) {
    const message = { ...value(3), id: turn, params: { cursor: 'x', ...value(3), _meta: { k: value(2) } } };
    const text = JSON.stringify(message, undefined, random(3));
    assert.ok(!isAmbiguous(text), text);
    assert.equal(idWithin(text, text.slice(-40)), turn, text);
  }
});

test('the id of a message that is cut is found at both ends, and never in its middle', () => {
  const pad = 'x'.repeat(100);
  for (const [head, tail, expected] of [
    ['{"jsonrpc":"2.0","id":7,"method":"x","params":{"a', 'a"}}', 7],
    ['{"method":"x","params":{"a', `${pad}"},"jsonrpc":"2.0","id":"q" }\n`, 'q'],
    ['{"method":"x","params":{"id":5,"a', `${pad}"}}`, null],
    ['{"x":"', '"a":{"id":5}}', null],
    ['{"x":"', `${pad}\\"id":5}`, null],
    ['{"id":12', '', null],
    ['{"id":9007199254740993,"x":1', '', null],
    ['[{"id":1', '}]', null],
    ['', '', null],
  ])
    assert.equal(idWithin(head, tail), expected, head);
});

test('messages are counted, and depth has a limit', () => {
  assert.deepEqual(['[1,2,3]', ' [1]', '{}', '[', ''].map(messagesBeyondOne), [2, 0, 0, 0, 0]);
  assert.equal(shallowText({ a: [1] }), '{"a":[1]}');
  let deep = {};
  for (let level = 0; level < 100_000; level += 1) deep = { deep };
  assert.equal(shallowText(deep), undefined);
});
