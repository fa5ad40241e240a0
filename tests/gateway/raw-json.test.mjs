// JSON that stays text agrees with JSON.parse about what is valid and what it means, and is written as it was.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { copyOf, itemsOf, keysOf, numberOf, parse, plain, put, soleData, write } from '../../gateway/raw-json.js';

const SCALARS = [
  '1',
  '-0',
  '1.0',
  '1E+2',
  '1e400',
  '12345678901234567890',
  'true',
  'false',
  'null',
  '""',
  '"a]"',
  '"\\""',
  '"\\\\"',
  '"\\u12ab"',
  '"ÿ{"',
];
const NOISE = ['{', '}', '[', ']', ',', ':', '"', '\\', '-', '0', '.', 'e', ' ', 'nul', '\u0001', '1'];
const SPACES = ['', '', '', ' ', '\n', '\t \r'];

// The same numbers in each run.
function numbers() {
  let state = 1;
  return (limit) => {
    state = (state * 48271) % 2147483647;
    return state % limit;
  };
}

// Texts of JSON, every second of them with a fault.
function* texts(count) {
  const below = numbers();
  const one = (items) => items[below(items.length)];
  const spaced = (text) => one(SPACES) + text + one(SPACES);
  const value = (depth) => {
    const kind = depth > 3 ? 0 : below(3);
    if (kind === 0) return spaced(one(SCALARS));
    const items = Array.from({ length: below(4) }, (_, index) =>
      kind === 1 ? value(depth + 1) : `${spaced(one([`"k${index}"`, `"\\u006b${index}"`]))}:${value(depth + 1)}`,
    );
    return spaced(kind === 1 ? `[${items.join(',') || one(SPACES)}]` : `{${items.join(',') || one(SPACES)}}`);
  };
  for (let turn = 0; turn < count; turn += 1) {
    const text = value(0);
    const at = below(text.length + 1);
    yield turn % 2 ? text : text.slice(0, at) + one(NOISE) + text.slice(at + below(2));
  }
}

function outcome(read) {
  try {
    return { value: read() };
  } catch {
    return undefined;
  }
}

test('it accepts what JSON.parse accepts, with the same value, and writes it unchanged', () => {
  const counts = { valid: 0, invalid: 0 };
  for (const inner of texts(20_000)) {
    const text = `[${inner}]`; // a message must not have a key twice, and these may
    const expected = outcome(() => JSON.parse(text));
    const found = outcome(() => parse(text));
    assert.deepEqual(found && { value: plain(found.value) }, expected, text);
    counts[expected ? 'valid' : 'invalid'] += 1;
    if (expected) check(found.value, expected.value, text);
  }
  assert.ok(counts.valid > 5_000 && counts.invalid > 5_000, JSON.stringify(counts));
});

// The parts of a container mean the same as they do in the whole.
function check(found, expected, text) {
  assert.equal(write(found), text);
  for (const [index, item] of itemsOf(found).entries())
    assert.deepEqual(JSON.parse(write(item)), expected[index], text);
  const [first] = itemsOf(found);
  for (const name of keysOf(first) ?? []) assert.deepEqual(JSON.parse(first.token(name)), expected[0][name], text);
}

test('members and items keep their text', () => {
  const message = parse(' {"id":9007199254740993,"a\\u0062":{"x":1.0,"x":2},"list":[ 1.0 , "a]" , {"y":-0} , 3 ] } ');
  assert.deepEqual(keysOf(message), ['id', 'ab', 'list']);
  assert.equal(write(message.get('id')), '9007199254740993');
  assert.equal(numberOf(message.get('id')), 9007199254740992);
  assert.equal(write(message.get('ab')), '{"x":1.0,"x":2}');
  assert.equal(message.get('ab').get('x'), 2);
  assert.deepEqual(itemsOf(message.get('list')).map(write), ['1.0', '"a]"', '{"y":-0}', '3']);
  assert.equal(message.get('toString'), undefined);
});

test('a member that is set is replaced where it is, each duplicate of it, or appended', () => {
  const params = parse('{"a":{"t":1,"b":1.0,"t" : 2},"z":1e400}').get('a');
  const changed = copyOf(params);
  put(changed, 't', 'new');
  put(changed, 'n', 7);
  assert.equal(
    write({ jsonrpc: '2.0', params: changed, left: undefined }),
    '{"jsonrpc":"2.0","params":{"t":"new","b":1.0,"t" : "new","n":7}}',
  );
  assert.equal(write(params), '{"t":1,"b":1.0,"t" : 2}');
  assert.deepEqual(keysOf(changed), ['t', 'b', 'n']);
  assert.equal(write(parse('{ }').set('a', null)), '{ "a":null}');
});

test('a key of the message itself that occurs twice is an error, however it is written', () => {
  assert.throws(() => parse('{"id":1,"\\u0069d":2}'), SyntaxError);
  assert.equal(write(parse('[{"id":1,"id":2}]')), '[{"id":1,"id":2}]');
});

test('nesting deeper than the stack is no error', () => {
  const text = `{"a":${'['.repeat(1_000_000)}${']'.repeat(1_000_000)}}`;
  const deep = outcome(() => JSON.parse(text)) && parse(text);
  if (deep) assert.equal(write(deep.get('a')).length, 2_000_000);
});

test('only a stream of one message, with nothing to remember, is handed over without parsing it as a stream', () => {
  const data = '{"id":1}';
  for (const stream of [
    `data: ${data}\n\n`,
    `data:${data}\n\n`,
    `event: message\ndata: ${data}\n\n`,
    `event:message\r\ndata: ${data}\r\n\r\n`,
  ])
    assert.equal(soleData(stream), data, stream);
  for (const stream of [
    '',
    data,
    `data: ${data}`,
    `data: ${data}\n`, // not complete: never dispatched
    `event: message\n\n`,
    `data: \n\n`,
    `data: [${data},${data}]\n\n`,
    `event: other\ndata: ${data}\n\n`,
    `event:  message\ndata: ${data}\n\n`,
    `id: 1\ndata: ${data}\n\n`,
    `retry: 1\ndata: ${data}\n\n`,
    `data: ${data}\nid: 1\n\n`,
    `data: {"id":\ndata: 1}\n\n`,
    `data: {"id":\rdata: 1}\n\n`,
    `data: ${data}\n\ndata: ${data}\n\n`,
    `: comment\ndata: ${data}\n\n`,
    `data: ${data}\n\n: comment\n\n`,
    `\uFEFFdata: ${data}\n\n`,
    `\ndata: ${data}\n\n`,
  ])
    assert.equal(soleData(stream), undefined, stream);
});
