// The cases of the W3C's own test suite for trace context (github.com/w3c/trace-context, test/test.py, strict level 2): what a service that passes a trace on
// takes from the headers of a request. The gateway makes no trace of its own, so where the suite expects a new trace id, there is none.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { contextOf } from '../../gateway/observe/trace-context.js';

const TRACE = '12345678901234567890123456789012';
const PARENT = '1234567890123456';
const parent = (value) => ['traceparent', value];
const state = (...values) => [parent(`00-${TRACE}-${PARENT}-00`), ...values.map((value) => ['tracestate', value])];

// As the platform gives them to the gateway: fields of one name are joined, names are in lower case, and values have no spaces around them.
const read = (fields) => contextOf(Object.fromEntries(new Headers(fields)));

describe('traceparent', () => {
  for (const [name, ...fields] of [
    ['alone', parent(`00-${TRACE}-${PARENT}-01`)],
    ['with another case of its name', ['TrAcEpArEnT', `00-${TRACE}-${PARENT}-01`]],
    ['in capitals', ['TRACEPARENT', `00-${TRACE}-${PARENT}-01`]],
    ['of version cc', parent(`cc-${TRACE}-${PARENT}-01`)],
    ['of version cc, with more', parent(`cc-${TRACE}-${PARENT}-01-what-the-future-will-be-like`)],
    ...[' %', '\t%', '% ', '%\t', '\t % \t'].map((form) => [
      `with white space ${JSON.stringify(form)}`,
      parent(form.replace('%', `00-${TRACE}-${PARENT}-01`)),
    ]),
  ])
    test(`${name}: is taken`, () => assert.equal(read(fields)?.traceparent.slice(3, 35), TRACE));

  for (const [name, ...fields] of [
    ['missing'],
    ['twice', parent(`00-${TRACE}-${PARENT}-01`), parent(`00-${TRACE.slice(0, -1)}1-${PARENT}-01`)],
    ['by the name trace-parent', ['trace-parent', `00-${TRACE}-${PARENT}-01`]],
    ['by the name trace.parent', ['trace.parent', `00-${TRACE}-${PARENT}-01`]],
    ...[
      `00-${TRACE}-${PARENT}-01.`,
      `00-${TRACE}-${PARENT}-01-what-the-future-will-be-like`,
      `cc-${TRACE}-${PARENT}-01.what-the-future-will-be-like`,
      `ff-${TRACE}-${PARENT}-01`,
      `.0-${TRACE}-${PARENT}-01`,
      `0.-${TRACE}-${PARENT}-01`,
      `000-${TRACE}-${PARENT}-01`,
      `0000-${TRACE}-${PARENT}-01`,
      `0-${TRACE}-${PARENT}-01`,
      `00-${'0'.repeat(32)}-${PARENT}-01`,
      `00-.${TRACE.slice(1)}-${PARENT}-01`,
      `00-${TRACE.slice(1)}.-${PARENT}-01`,
      `00-${TRACE}3-${PARENT}-01`,
      `00-${TRACE.slice(1)}-${PARENT}-01`,
      `00-${TRACE}-${'0'.repeat(16)}-01`,
      `00-${TRACE}-.${PARENT.slice(1)}-01`,
      `00-${TRACE}-${PARENT.slice(1)}.-01`,
      `00-${TRACE}-${PARENT}7-01`,
      `00-${TRACE}-${PARENT.slice(1)}-01`,
      `00-${TRACE}-${PARENT}-.0`,
      `00-${TRACE}-${PARENT}-0.`,
      `00-${TRACE}-${PARENT}-001`,
      `00-${TRACE}-${PARENT}-1`,
    ].map((value) => [value, parent(value)]),
  ])
    test(`${name}: is none, and has no tracestate`, () =>
      assert.equal(read([...fields, ['tracestate', 'foo=1']]), undefined));
});

describe('tracestate', () => {
  const characters = (from, to) => String.fromCharCode(...Array.from({ length: to - from + 1 }, (_, at) => from + at));
  const key = `${characters(0x61, 0x7a)}0123456789_-*/`;
  const value = characters(0x20, 0x2b) + characters(0x2d, 0x3c) + characters(0x3e, 0x7e);
  const members = (count) => Array.from({ length: count }, (_, at) => `bar${at + 1}=${at + 1}`);
  const parted = (list) => [list.slice(0, 10), list.slice(10, 20), list.slice(20)].map((part) => part.join(','));
  const membersOf = (text = '') =>
    text
      .split(',')
      .map((member) => member.trim())
      .filter(Boolean);

  for (const [name, fields, expected] of [
    ['with several members', state('foo=1,bar=2'), ['foo=1', 'bar=2']],
    ['with another case of its name', [...state(), ['TrAcEsTaTe', 'foo=1']], ['foo=1']],
    ['empty', state(''), []],
    ['with an empty field after it', state('foo=1', ''), ['foo=1']],
    ['with an empty field before it', state('', 'foo=1'), ['foo=1']],
    [
      'of several fields, in their order',
      state('foo=1,bar=2', 'rojo=1,congo=2', 'baz=3'),
      ['foo=1', 'bar=2', 'rojo=1', 'congo=2', 'baz=3'],
    ],
    ['with a key twice', state('foo=1,foo=2'), ['foo=1', 'foo=2']],
    ['with all characters of keys and values', state(`${key}=${value}`), [`${key}=${value}`]],
    ['with a vendor, likewise', state(`${key}@a-z0-9_-*/=${value}`), [`${key}@a-z0-9_-*/=${value}`]],
    ['with white space', state('foo=1 \t , \t bar=2, \t baz=3'), ['foo=1', 'bar=2', 'baz=3']],
    ['with more of it', state('foo=1\t \t,\t \tbar=2,\t \tbaz=3'), ['foo=1', 'bar=2', 'baz=3']],
    ['with white space around it', state('\t foo=1 \t'), ['foo=1']],
    ...['foo@', 'foo@@bar', 'foo@bar@baz'].map((one) => [
      `with the key ${one}`,
      state(`${one}=1,bar=2`),
      [`${one}=1`, 'bar=2'],
    ]),
    ['with 32 members', state(...parted(members(32))), members(32)],
    ...['z'.repeat(256), `${'t'.repeat(241)}@${'v'.repeat(14)}`, `${'t'.repeat(242)}@v`, `t@${'v'.repeat(15)}`].map(
      (one) => [`with a key of ${one.length} characters`, state('foo=1', `${one}=1`), ['foo=1', `${one}=1`]],
    ),
  ])
    test(`${name}: is taken`, () => assert.deepEqual(membersOf(read(fields)?.tracestate), expected));

  for (const [name, fields] of [
    ['by the name trace-state', [...state(), ['trace-state', 'foo=1']]],
    ['by the name trace.state', [...state(), ['trace.state', 'foo=1']]],
    ['with a space in a key', state('foo =1')],
    ['with capitals in a key', state('FOO=1')],
    ['with a dot in a key', state('foo.bar=1')],
    ['with a key that starts with @', state('@foo=1,bar=2')],
    ['with 33 members', state(...parted(members(33)))],
    ['with a key of 257 characters', state('foo=1', `${'z'.repeat(257)}=1`)],
    ['with = in a value', state('foo=bar=baz')],
    ['with an empty value', state('foo=,bar=3')],
  ])
    test(`${name}: is dropped, and the traceparent stays`, () => {
      const context = read(fields);
      assert.deepEqual([context?.traceparent.slice(3, 35), context?.tracestate], [TRACE, undefined]);
    });

  test('without a traceparent: is dropped', () => assert.equal(read([['tracestate', 'foo=1,bar=2']]), undefined));
});
