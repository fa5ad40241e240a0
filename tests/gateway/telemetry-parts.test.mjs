// Trace contexts: which values are valid (W3C Trace Context, W3C Baggage), and how they get into a request's headers and `_meta`.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { carried, contextOf } from '../../gateway/observe/trace-context.js';
import { objectOf, write } from '../../gateway/raw-json.js';

const ID = '4bf92f3577b34da6a3ce929d0e0e4736';
const SPAN = '00f067aa0ba902b7';
const VALID = `00-${ID}-${SPAN}-01`;
const OTHER = `00-${ID.replace('4', '5')}-${SPAN}-00`;

describe('trace context', () => {
  for (const [value, isValid] of [
    [VALID, true],
    [`cc-${ID}-${SPAN}-01`, true],
    [`cc-${ID}-${SPAN}-01-what-the-future-will-bring`, true],
    [`00-${ID}-${SPAN}-ff`, true],
    [`00-${ID}-${SPAN}-01-more`, false],
    [`cc-${ID}-${SPAN}-01.more`, false],
    [`ff-${ID}-${SPAN}-01`, false],
    [`00-${'0'.repeat(32)}-${SPAN}-01`, false],
    [`00-${ID}-${'0'.repeat(16)}-01`, false],
    [`00-${ID.toUpperCase()}-${SPAN}-01`, false],
    [`00-${ID}-${SPAN}`, false],
    [`00-${ID.slice(1)}-${SPAN}-01`, false],
    [` ${VALID}`, false],
    [`${VALID}\n`, false],
    ['', false],
  ]) {
    test(`traceparent ${JSON.stringify(value)} is ${isValid ? 'valid' : 'dropped, and tracestate with it'}`, () => {
      const expected = isValid ? { traceparent: value, tracestate: 'a=1' } : undefined;
      assert.deepEqual(contextOf({ traceparent: value, tracestate: 'a=1' }), expected);
    });
  }

  for (const [value, isValid] of [
    ['rojo=00f067aa0ba902b7,congo=t61rcWkgMzE', true],
    ['fw529a3039@dt=FfAAAA, x-y_z*/1=a b', true],
    ['a=1,,b=2', true],
    ['', true],
    ['a', false],
    ['A=1', false],
    ['a=', false],
    ['a=1=2', false],
    ['a=ü', false],
    [Array.from({ length: 33 }, (_, at) => `k${at}=1`).join(), false],
  ]) {
    test(`tracestate ${JSON.stringify(value.slice(0, 40))} is ${isValid ? 'valid' : 'dropped alone'}`, () => {
      const expected = { traceparent: VALID, ...(isValid && { tracestate: value }) };
      assert.deepEqual(contextOf({ traceparent: VALID, tracestate: value }), expected);
    });
  }

  test('baggage passes without a trace, up to 8192 characters that a header can have', () => {
    assert.deepEqual(contextOf({ baggage: 'turn=1;p=2,user=x' }), { baggage: 'turn=1;p=2,user=x' });
    assert.equal(contextOf({ baggage: `a=${'x'.repeat(8_191)}` }), undefined);
    const { head } = carried(objectOf('{"_meta":{"baggage":"a=1\\r\\nX-Evil: 1"}}'), undefined);
    assert.equal(head, undefined);
  });

  const given = { traceparent: VALID, tracestate: 'a=1' };
  for (const { name, params, head, instead, sentParams, sentHead } of [
    { name: 'nothing is added to a request without a trace', params: '{"a":1.0}', sentParams: '{"a":1.0}' },
    {
      name: 'the headers are added to `_meta`, and everything else stays as it was written',
      params: '{"a":1.0,"_meta":{"progressToken":12345678901234567890,"x":{"y":1e400}}}',
      head: given,
      sentParams: `{"a":1.0,"_meta":{"progressToken":12345678901234567890,"x":{"y":1e400},"traceparent":"${VALID}","tracestate":"a=1"}}`,
      sentHead: given,
    },
    {
      name: 'params without `_meta` get one',
      params: '{}',
      head: given,
      sentHead: given,
      sentParams: `{"_meta":${write(given)}}`,
    },
    {
      name: 'a request without params gets some',
      head: given,
      sentHead: given,
      sentParams: `{"_meta":${write(given)}}`,
    },
    {
      name: 'the `_meta` is added to the headers',
      params: `{"_meta":{"traceparent":"${VALID}","tracestate":"a=1"}}`,
      sentParams: `{"_meta":{"traceparent":"${VALID}","tracestate":"a=1"}}`,
      sentHead: given,
    },
    {
      name: 'two that differ both stay: one is of the request, the other of its transport',
      params: `{"_meta":{"traceparent":"${OTHER}"}}`,
      head: given,
      sentParams: `{"_meta":{"traceparent":"${OTHER}"}}`,
      sentHead: given,
    },
    {
      name: 'malformed values leave `_meta`',
      params: '{"_meta":{"traceparent":"00-1-2-3","tracestate":"a=1","k":2.0}}',
      sentParams: '{"_meta":{"k":2.0}}',
    },
    {
      name: 'values of another type leave `_meta`, and valid headers take their place',
      params: '{"_meta":{"traceparent":{"toString":1}}}',
      head: { traceparent: VALID },
      sentParams: `{"_meta":{"traceparent":"${VALID}"}}`,
      sentHead: { traceparent: VALID },
    },
    {
      name: 'a span of the gateway takes both places',
      params: `{"_meta":{"traceparent":"${VALID}","tracestate":"a=1"}}`,
      head: given,
      instead: { traceparent: OTHER },
      sentParams: `{"_meta":{"traceparent":"${OTHER}"}}`,
      sentHead: { traceparent: OTHER },
    },
  ]) {
    test(name, () => {
      const sent = carried(params === undefined ? undefined : objectOf(params), head, instead);
      assert.equal(sent.params === undefined ? undefined : write(sent.params), sentParams);
      assert.deepEqual(sent.head, sentHead);
    });
  }
});
