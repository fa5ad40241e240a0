// Which messages of a session share what the rules say about them (src/gateway/era.rs has the rules, and their tests).
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eraInSession } from '../../gateway/era.js';
import { read } from '../../gateway/raw-json.js';

// Says which message it was asked about.
const gateway = { eraInSession: (version, message, agreed) => [version, message?.text, agreed] };
const eraOf = (text, version, agreed) => eraInSession(gateway, version, text && read(text), agreed);
const request = (more) => JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', ...more });

test('ordinary requests are asked about once for each pair of revisions', () => {
  const first = eraOf(request(), '2025-11-25', '2025-11-25');
  for (const more of [
    { id: 'text' },
    { id: 2.5 },
    { method: 'ping' },
    { params: {} },
    { params: { name: 'echo', _meta: { progressToken: 1 } } },
  ])
    assert.equal(eraOf(request(more), '2025-11-25', '2025-11-25'), first, JSON.stringify(more));
  for (const [version, agreed] of [
    [undefined, '2025-11-25'],
    ['', '2025-11-25'],
    ['nonsense', '2025-11-25'],
    ['2025-11-25', '2025-06-18'],
  ])
    assert.deepEqual(eraOf(request(), version, agreed), [version, request(), agreed]);
});

test('the rules see every message that is not ordinary', () => {
  eraOf(request(), undefined, '2025-11-25');
  for (const text of [
    undefined,
    'null',
    '1',
    '[]',
    `[${request()}]`,
    '{}',
    request({ jsonrpc: '1.0' }),
    request({ id: undefined }),
    request({ id: null }),
    request({ id: {} }),
    request({ method: undefined, result: {} }),
    request({ method: 'initialize' }),
    request({ result: {} }),
    request({ params: null }),
    request({ params: [] }),
    request({ params: 'text' }),
    request({ error: {} }),
    request({ params: { _meta: { 'io.modelcontextprotocol/protocolVersion': '2026-07-28' } } }),
    request({ params: { _meta: { 'io.modelcontextprotocol/protocolVersion': null } } }),
  ]) {
    const message = text && read(text);
    assert.deepEqual(eraOf(text, undefined, '2025-11-25'), [undefined, message?.text, '2025-11-25'], text);
  }
});
