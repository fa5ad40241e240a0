// A server whose answers are odd, but legal: each tool answers in its own way, byte for byte. It speaks the revisions with sessions at /old, and 2026-07-28
// at /modern.
import { createServer } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { brotliCompressSync, gzipSync } from 'node:zlib';

const result = { resultType: 'complete', content: [{ type: 'text', text: 'héllo ✓ a\u2028b' }] };
const message = (id, own = result) => JSON.stringify({ jsonrpc: '2.0', id, result: own });
const text = (size) => ({ resultType: 'complete', content: [{ type: 'text', text: 'x'.repeat(size) }] });
const MARK = '\ufeff';
const json = 'Content-Type: application/json\r\n';
const stream = 'Content-Type: text/event-stream\r\n';
const chunkedHeader = 'Transfer-Encoding: chunked\r\n';

function whole(fields, body, status = '200 OK') {
  const bytes = Buffer.from(body);
  return Buffer.concat([Buffer.from(`HTTP/1.1 ${status}\r\n${fields}Content-Length: ${bytes.length}\r\n\r\n`), bytes]);
}

// Each byte is a chunk.
function chunked(fields, body) {
  const chunks = [...Buffer.from(body)].flatMap((byte) => [Buffer.from('1\r\n'), Buffer.of(byte), Buffer.from('\r\n')]);
  const head = Buffer.from(`HTTP/1.1 200 OK\r\n${fields}${chunkedHeader}\r\n`);
  return Buffer.concat([head, ...chunks, Buffer.from('0\r\n\r\n')]);
}

const pretty = (id) => JSON.stringify(JSON.parse(message(id)), null, 2);
const inLines = (lines) => `data: ${lines.split('\n').join('\ndata: ')}\n\n`;
const news = '{"jsonrpc":"2.0","method":"notifications/message","params":{"level":"info","data":"x"}}';
const asText = (bytes, from, to) => Buffer.from(bytes.toString('latin1').replace(from, to), 'latin1');
const invalid = (id, before, after) => asText(Buffer.from(before + message(id, text(1)) + after), 'x', '\xff\xc3');

/** @type {Record<string, (id: string, path: string) => Buffer | { last: Buffer | string } | { slowly: Buffer }>} bytes; `last`: the connection ends then */
export const answers = {
  'a type in capitals': (id) => whole('CONTENT-TYPE: APPLICATION/JSON\r\n', message(id)),
  'a type with a quoted charset': (id) => whole('Content-Type: application/json;charset="UTF-8"\r\n', message(id)),
  'no type': (id) => whole('', message(id)),
  'a text': (id) => whole('Content-Type: text/plain\r\n', message(id)),
  'a vendor’s JSON type': (id) => whole('Content-Type: application/vnd.mcp+json\r\n', message(id)),
  'the type twice': (id) => whole(json + json, message(id)),
  'a type between tabs': (id) => whole('Content-Type:\t application/json \t\r\nX-Empty:\r\n', message(id)),
  'a byte order mark': (id) => whole(json, MARK + message(id)),
  'white space around it': (id) => whole(json, ` \r\n\t${message(id)}\r\n\r\n`),
  'CRLF within it': (id) => whole(json, pretty(id).replaceAll('\n', '\r\n')),
  'bytes that are no UTF-8': (id) => whole(json, invalid(id, '', '')),
  'its id as text': (id) => whole(json, message(String(id))),
  'an error that is null': (id) => whole(json, JSON.stringify({ jsonrpc: '2.0', id, result, error: null })),
  'status 201': (id) => whole(json, message(id), '201 Created'),
  'status 203': (id) => whole(json, message(id), '203 Non-Authoritative Information'),
  'status 206': (id) => whole(json, message(id), '206 Partial Content'),
  'no reason phrase': (id) => whole(json, message(id), '200'),
  'a reason phrase of spaces': (id) => whole(json, message(id), '200   '),
  'HTTP/1.0 without a length': (id) => ({ last: `HTTP/1.0 200 OK\r\n${json}\r\n${message(id)}` }),
  'HTTP/1.0 with a length': (id) => ({ last: asText(whole(json, message(id)), 'HTTP/1.1', 'HTTP/1.0') }),
  'no length': (id) => ({ last: `HTTP/1.1 200 OK\r\n${json}Connection: close\r\n\r\n${message(id)}` }),
  'Connection: close': (id) => ({ last: whole(`${json}Connection: close\r\n`, message(id)) }),
  'a chunk for each byte': (id) => chunked(json, message(id)),
  'a packet for each byte': (id) => ({ slowly: whole(json, message(id)) }),
  gzip: (id) => whole(`${json}Content-Encoding: gzip\r\n`, gzipSync(message(id))),
  brotli: (id) => whole(`${json}Content-Encoding: br\r\n`, brotliCompressSync(message(id))),
  'no encoding, by name': (id) => whole(`${json}Content-Encoding: identity\r\n`, message(id)),
  'odd cookies': (id) =>
    whole(
      `${json}Set-Cookie: a=b; Max-Age=-1; SameSite=Odd; Partitioned; Expires=never\r\nSet-Cookie: =x\r\nSet-Cookie: ;;\r\n`,
      message(id),
    ),
  '80 more headers': (id) =>
    whole(json + Array.from({ length: 80 }, (_, at) => `X-${at}: ${'v'.repeat(100)}\r\n`).join(''), message(id)),
  'a header in Latin-1': (id) => asText(whole(`${json}X-Name: caf#\r\n`, message(id)), '#', '\xe9'),
  'a redirect to a neighbour': (id, path) =>
    path.endsWith('/beside') ? whole(json, message(id)) : whole(`Location: ${path}/beside\r\n`, '', '307 There'),
  '15 MB': (id) => whole(json, message(id, text(15_000_000))),
  '15 MB as an event': (id) => whole(stream, `data: ${message(id, text(15_000_000))}\n\n`),

  'an event with CRLF': (id) => whole(stream, `event: message\r\ndata: ${message(id)}\r\n\r\n`),
  'an event with CR': (id) => whole(stream, `event: message\rdata: ${message(id)}\r\r`),
  'an event with all line ends': (id) => whole(stream, `: hi\r\nevent: message\ndata: ${message(id)}\r\r\n`),
  'a stream with a byte order mark': (id) => whole(stream, `${MARK}data: ${message(id)}\n\n`),
  'a stream with a byte order mark in chunks': (id) => chunked(stream, `${MARK}data: ${message(id)}\n\n`),
  'a stream whose type is in capitals': (id) =>
    whole('Content-Type: Text/Event-Stream ; charset=utf-8\r\n', `data: ${message(id)}\n\n`),
  'a stream with the type twice': (id) => whole(stream + stream, `data: ${message(id)}\n\n`),
  'an event without a space': (id) => whole(stream, `data:${message(id)}\n\n`),
  'an event of many lines': (id) => whole(stream, inLines(pretty(id))),
  'fields retry': (id) => whole(stream, `retry: 0\n\nretry: abc\nretry: 99999999999999\n\ndata: ${message(id)}\n\n`),
  comments: (id) => whole(stream, `:\n:\n: x\n\n:${'x'.repeat(5_000)}\n\ndata: ${message(id)}\n\n: bye\n\n`),
  'unknown fields': (id) => whole(stream, `foo: bar\nbaz\ndata: ${message(id)}\nid\n\n`),
  'an event without data': (id) => whole(stream, `id: 1\ndata:\n\nid: 2\ndata: ${message(id)}\n\n`),
  'an id with a NUL': (id) => whole(stream, `id: a\u0000b\ndata: ${message(id)}\n\n`),
  'an event with bytes that are no UTF-8': (id) => whole(stream, invalid(id, 'data: ', '\n\n')),
  'a notification before it': (id) => whole(stream, `data: ${news}\n\ndata: ${message(id)}\n\n`),
  'a stream of HTTP/1.0': (id) => ({ last: `HTTP/1.0 200 OK\r\n${stream}\r\ndata: ${message(id)}\n\n` }),
  'a stream with a chunk for each byte': (id) => chunked(stream, `event: message\r\ndata: ${message(id)}\r\n\r\n`),
  'a stream with a packet for each byte': (id) => ({ slowly: chunked(stream, `data: ${message(id)}\r\n\r\n`) }),
  'a stream in gzip': (id) => whole(`${stream}Content-Encoding: gzip\r\n`, gzipSync(`data: ${message(id)}\n\n`)),
  'chunks of a stream in gzip': (id) =>
    chunked(`${stream}Content-Encoding: gzip\r\n`, gzipSync(`data: ${message(id)}\n\n`)),
};

/** Starts it; a tool whose name begins with "late " answers after 2.3 s: then the gateway has begun a stream. */
export async function startOddAnswers() {
  const server = createServer({ noDelay: true }, (socket) => {
    let received = Buffer.alloc(0);
    // One after the other: workerd sends the next request before the last packet of a response has come.
    let turn = Promise.resolve();
    socket.on('error', () => {});
    socket.on('data', (more) => {
      received = Buffer.concat([received, more]);
      for (let request = requestIn(received); request; request = requestIn(received)) {
        received = received.subarray(request.size);
        const next = request;
        turn = turn.then(() => respond(socket, next));
      }
    });
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { origin: `http://127.0.0.1:${server.address().port}`, close: () => server.close() };
}

function requestIn(received) {
  const end = received.indexOf('\r\n\r\n');
  if (end < 0) return undefined;
  const head = received.subarray(0, end).toString();
  const size = end + 4 + Number(/content-length: (\d+)/i.exec(head)?.[1] ?? 0);
  if (received.length < size) return undefined;
  const [method, path] = head.split(' ');
  return { method, path, size, body: received.subarray(end + 4, size).toString() };
}

async function respond(socket, { method: verb, path, body }) {
  const { id, method, params } = body === '' ? {} : JSON.parse(body);
  if (id === undefined || method === undefined)
    return socket.write(whole('', '', { GET: '405 No', DELETE: '200 OK' }[verb] ?? '202 Accepted'));
  if (method !== 'tools/call') return socket.write(usual(id, method, params));
  const name = params.name.replace(/^late /, '');
  if (name !== params.name) await wait(2_300);
  const bytes = answers[name](id, path);
  if (Buffer.isBuffer(bytes)) return socket.write(bytes);
  if (bytes.last) return socket.end(bytes.last);
  for (const byte of bytes.slowly) {
    socket.write(Buffer.of(byte));
    await wait(0);
  }
}

function usual(id, method, params) {
  const own = { capabilities: { tools: {}, logging: {} }, serverInfo: { name: 'odd', version: '1' } };
  if (method === 'initialize')
    return whole(`${json}Mcp-Session-Id: odd\r\n`, message(id, { protocolVersion: params.protocolVersion, ...own }));
  if (method !== 'server/discover') return whole(json, message(id, { tools: [] }));
  return whole(json, JSON.stringify({ jsonrpc: '2.0', id, error: { code: -32601, message: 'Method not found' } }));
}
