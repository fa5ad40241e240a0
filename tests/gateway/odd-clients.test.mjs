// Requests that are odd, but legal, or that no server takes: they have the same outcome at the gateway as directly at the official servers.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { startModernServer } from '../js/servers/modern-server.mjs';
import { sender } from './http.mjs';
import { rawRequest } from './raw-request.mjs';
import { startStack } from './stack.mjs';

const VERSION = '2026-07-28';
const meta = {
  'io.modelcontextprotocol/protocolVersion': VERSION,
  'io.modelcontextprotocol/clientInfo': { name: 'odd', version: '1' },
  'io.modelcontextprotocol/clientCapabilities': {},
};
const MARK = '\ufeff';
const usual = {
  Authorization: 'Bearer token-of-ada',
  'Content-Type': 'application/json',
  Accept: 'application/json, text/event-stream',
};

const lengthOf = (body) => ({ 'Content-Length': Buffer.byteLength(body) });
const chunks = (...parts) =>
  [...parts, ''].map((part) => `${Buffer.byteLength(part).toString(16)}\r\n${part}\r\n`).join('');
const perByte = (text) => chunks(...text);
const trailed = (text) => chunks(text).replace(/\r\n$/, 'X-After: 1\r\n\r\n');
const replaced = (from, to) => ({ body: (text) => text.replace(from, to) });
const message = (value) => ({ body: () => JSON.stringify({ jsonrpc: '2.0', ...value }) });
const headers = (fields) => ({ fields });
const encoded = (encode) => ({ body: encode, fields: { 'Transfer-Encoding': 'chunked', 'Content-Length': undefined } });
const inOther = (change) => ({ pairs: (pairs) => pairs.map(([name, value]) => [change(name), value]) });

/** What is odd about a call of the tool `echo`, for all revisions. */
const anyRevision = {
  'names of headers in capitals': inOther((name) => name.toUpperCase()),
  'names of headers in small letters': inOther((name) => name.toLowerCase()),
  'qualities in Accept': headers({ Accept: 'text/event-stream;q=0.5, application/json;q=0.9, */*;q=0.1' }),
  'Accept in two lines': { pairs: (pairs) => [...pairs.map(withJson), ['Accept', 'text/event-stream']] },
  'a type with a charset': headers({ 'Content-Type': 'Application/JSON;Charset=UTF-8' }),
  'white space around the body': { body: (text) => `\r\n\t ${text}\r\n` },
  'CRLF within the body': { body: (text) => JSON.stringify(JSON.parse(text), null, 2).replaceAll('\n', '\r\n') },
  'bytes that are no UTF-8': { body: (text) => Buffer.from(text.replace('hi', '\xff'), 'latin1') },
  'a query': { query: '?a=b&c' },
  'an empty query': { query: '?' },
  'a scheme in small letters': headers({ Authorization: 'bearer token-of-ada' }),
  'spaces around the token': headers({ Authorization: 'Bearer   token-of-ada  ' }),
  'a cookie': headers({ Cookie: 'a=b; c' }),
  'Last-Event-ID': headers({ 'Last-Event-ID': 'x' }),
  'a header in Latin-1': headers({ 'X-Name': 'caf\xe9' }),
  'a header without a value': headers({ 'X-Empty': '' }),
  '60 more headers': headers(Object.fromEntries(Array.from({ length: 60 }, (_, at) => [`X-${at}`, 'v']))),
  'HTTP/1.0': { version: 'HTTP/1.0' },
  'HTTP/1.0 with a connection that is kept': { version: 'HTTP/1.0', fields: { Connection: 'keep-alive' } },
  'Connection: close': headers({ Connection: 'close' }),
  'a chunk': encoded((text) => chunks(text)),
  'a chunk for each byte': encoded(perByte),
  'a trailer': encoded(trailed),
  'a packet for each byte': { isSlow: true },
  'a client that closes its side': { isHalf: true },
  'the id 0': replaced('"id":1', '"id":0'),
  'the id -0': replaced('"id":1', '"id":-0'),
  'the id 1.0': replaced('"id":1', '"id":1.0'),
  'the id 1e3': replaced('"id":1', '"id":1e3'),
  'the id ""': replaced('"id":1', '"id":""'),
  'an id with NUL': replaced('"id":1', '"id":"a\\u0000b"'),
  'an id with an escaped pair': replaced('"id":1', '"id":"\\ud83d\\ude00"'),
  'an id of 5,000 characters': replaced('"id":1', `"id":"${'x'.repeat(5_000)}"`),
  'an unknown tool': replaced('"name":"echo"', '"name":"nope"'),
  'a text in place of JSON': { body: () => 'hello' },
  'no body': { body: () => '' },
  'a number': { body: () => '42' },
  null: { body: () => 'null' },
  'the id true': replaced('"id":1', '"id":true'),
  'the id []': replaced('"id":1', '"id":[]'),
  'the id null': replaced('"id":1', '"id":null'),
  'no jsonrpc': replaced('"jsonrpc":"2.0",', ''),
  'another jsonrpc': replaced('"2.0"', '"1.0"'),
  PUT: { method: 'PUT' },
  PATCH: { method: 'PATCH' },
  HEAD: { method: 'HEAD', body: () => '' },
  'no type': headers({ 'Content-Type': undefined }),
  'a type that is no JSON': headers({ 'Content-Type': 'text/plain' }),
};
const withJson = ([name, value]) => (name === 'Accept' ? [name, 'application/json'] : [name, value]);

const ofSessions = {
  ...anyRevision,
  'a notification': message({ method: 'notifications/roots/list_changed' }),
  'an unknown notification': message({ method: 'notifications/zzz', params: { a: 1 } }),
  'an answer to nothing': message({ id: 'nothing', result: {} }),
  'an error to nothing': message({ id: 'nothing', error: { code: 1, message: 'x' } }),
  'an unknown method': message({ id: 1, method: 'zzz/yyy' }),
  'an empty method': message({ id: 1, method: '' }),
  'a ping': message({ id: 'p', method: 'ping' }),
  'a result and an error': message({ id: 'both', result: {}, error: { code: 1, message: 'x' } }),
  'params in a list': message({ id: 1, method: 'tools/list', params: [1] }),
  'params that are text': message({ id: 1, method: 'tools/list', params: 'x' }),
  'a notification with params in a list': message({ method: 'notifications/roots/list_changed', params: [1] }),
  'the revision': headers({ 'MCP-Protocol-Version': '2025-11-25' }),
  'an older revision': headers({ 'MCP-Protocol-Version': '2025-06-18' }),
  'a revision between spaces': headers({ 'MCP-Protocol-Version': ' 2025-11-25 ' }),
  'an unknown revision': headers({ 'MCP-Protocol-Version': '1999-01-01' }),
  'an empty session id': headers({ 'Mcp-Session-Id': '' }),
  'an unknown session id': headers({ 'Mcp-Session-Id': 'nope' }),
  'the session id twice': { pairs: (pairs) => [...pairs, pairs.find(([name]) => name === 'Mcp-Session-Id')] },
  'a GET': { method: 'GET', body: () => '', fields: { 'Content-Type': undefined } },
  'a GET with an empty Last-Event-ID': { method: 'GET', body: () => '', fields: { 'Last-Event-ID': '' } },
  'a GET of an unknown session': { method: 'GET', body: () => '', fields: { 'Mcp-Session-Id': 'nope' } },
  'a GET for JSON': { method: 'GET', body: () => '', fields: { Accept: 'application/json' } },
  'a DELETE of an unknown session': { method: 'DELETE', body: () => '', fields: { 'Mcp-Session-Id': 'nope' } },
};
const ofModern = {
  ...anyRevision,
  'a byte order mark': { body: (text) => MARK + text },
  'a byte order mark in a chunk': encoded((text) => chunks(MARK + text)),
  'any Accept': headers({ Accept: '*/*' }),
  'no Accept': headers({ Accept: undefined }),
  'a session id': headers({ 'Mcp-Session-Id': 'some' }),
  'a name between spaces': headers({ 'Mcp-Name': '  echo\t' }),
  'a name in Base64': headers({ 'Mcp-Name': '=?base64?ZWNobw==?=' }),
  'no method in the headers': headers({ 'Mcp-Method': undefined }),
  'another method in the headers': headers({ 'Mcp-Method': 'tools/list' }),
  'no name in the headers': headers({ 'Mcp-Name': undefined }),
  'another name in the headers': headers({ 'Mcp-Name': 'other' }),
  'no revision in the headers': headers({ 'MCP-Protocol-Version': undefined }),
  'more in _meta': replaced('"_meta":{', '"_meta":{"x.example/a":[1,{"b":null}],"progressToken":"p",'),
  'no _meta': replaced('"_meta"', '"meta"'),
  'a GET': { method: 'GET', body: () => '' },
  'a DELETE': { method: 'DELETE', body: () => '' },
};

/** Sends a request that deviates from the usual one. */
function send(url, fields, text, { body, fields: others, pairs, query = '', ...rest }) {
  const sent = body ? body(text) : text;
  const all = Object.entries({ ...usual, ...fields, ...lengthOf(sent), ...others });
  return rawRequest(url + query, { ...rest, fields: pairs ? pairs(all) : all, body: sent });
}

/** What is compared: words differ, and the gateway's refusals have the request's id, which the official servers omit. */
function outcomeOf({ status, type, messages }) {
  if (status >= 400) return { status, errors: messages.map(({ error }) => Boolean(error)) };
  // The gateway gives −0 back as it was written, others as 0.
  return { status, type, messages: JSON.parse(JSON.stringify(messages)) };
}

describe('an odd request', () => {
  let modern;
  let stack;
  before(async () => {
    modern = await startModernServer();
    stack = await startStack({ servers: { modern: { url: modern.url } }, vars: { RATE_PER_MINUTE: 0, LOG: 'off' } });
  });
  after(async () => {
    await stack?.stop();
    await modern?.close();
  });

  describe('of a session', { concurrency: 4 }, () => {
    const body = JSON.stringify({
      jsonrpc: '2.0',
      id: 1,
      method: 'tools/call',
      params: { name: 'echo', arguments: { text: 'hi' } },
    });
    for (const [name, odd] of Object.entries(ofSessions))
      test(`${name}: as without the gateway`, async () => {
        const outcomes = [];
        for (const url of [`http://127.0.0.1:${stack.server.port}/mcp`, stack.url]) {
          const session = await sender(url).open();
          outcomes.push(outcomeOf(await send(url, { 'Mcp-Session-Id': session }, body, odd)));
          await sender(url).send('DELETE', { headers: { 'Mcp-Session-Id': session } });
        }
        assert.deepEqual(outcomes[1], outcomes[0]);
      });

    test('a chunk extension, which workerd does not read, is refused as a fault of the request', async () => {
      const session = await sender(stack.url).open();
      const extended = encoded((text) => chunks(text).replace('\r\n', ';a=b\r\n'));
      const { status, messages } = await send(stack.url, { 'Mcp-Session-Id': session }, body, extended);
      assert.deepEqual([status, messages[0].error.code], [400, -32700]);
    });
  });

  describe('of 2026-07-28', { concurrency: 4 }, () => {
    const params = { name: 'echo', arguments: { text: 'hi' }, _meta: meta };
    const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params });
    const fields = { 'MCP-Protocol-Version': VERSION, 'Mcp-Method': 'tools/call', 'Mcp-Name': 'echo' };
    for (const [name, odd] of Object.entries(ofModern))
      test(`${name}: as without the gateway`, async () => {
        const direct = await send(modern.url, fields, body, odd);
        const through = await send(`${stack.origin}/modern/mcp`, fields, body, odd);
        assert.deepEqual(outcomeOf(through), outcomeOf(direct));
      });
  });
});
