// Requests byte for byte, for what no client library would send.
import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';

const LONGEST = 20_000; // milliseconds

/**
 * Sends a request on a connection of its own; returns the status, the type and the messages of its response; a GET stream is not read.
 * @param {string} url
 * @param {{ method?: string, version?: string, fields: [name: string, value: string | undefined][], body?: string | Buffer, isSlow?: boolean,
 *   isHalf?: boolean }} request `isSlow`: a packet for each byte; `isHalf`: the client closes its side after the request
 */
export async function rawRequest(
  url,
  { method = 'POST', version = 'HTTP/1.1', fields, body = '', isSlow = false, isHalf = false },
) {
  const { host, hostname, port, pathname, search } = new URL(url);
  const socket = connect({ port: Number(port), host: hostname, allowHalfOpen: isHalf, noDelay: true });
  socket.on('error', () => {});
  const lines = [['Host', host], ...fields.filter(([, value]) => value !== undefined)].map((pair) => pair.join(': '));
  const head = [`${method} ${pathname}${search} ${version}`, ...lines, '', ''].join('\r\n');
  const bytes = Buffer.concat([Buffer.from(head, 'latin1'), Buffer.from(body)]);
  try {
    await once(socket, 'connect');
    const answer = answerOn(socket, method);
    if (isSlow)
      for (const byte of bytes) {
        socket.write(Buffer.of(byte));
        await wait(0);
      }
    else socket.write(bytes);
    if (isHalf) socket.end();
    return await answer;
  } finally {
    socket.destroy();
  }
}

async function answerOn(socket, method) {
  let text = '';
  const signal = AbortSignal.timeout(LONGEST);
  const gone = once(socket, 'close', { signal });
  gone.catch(() => {});
  let isOver = false;
  socket.on('end', () => {
    isOver = true;
  });
  for (;;) {
    const answer = isComplete(text, method, isOver);
    if (answer) return answer;
    if (isOver) throw new Error(`the connection ended after: ${text.slice(0, 200)}`);
    const [more] = await Promise.race([once(socket, 'data', { signal }), once(socket, 'end', { signal }), gone]);
    text += more?.toString('utf8') ?? '';
  }
}

function isComplete(text, method, isOver) {
  const end = text.indexOf('\r\n\r\n');
  if (end < 0) return undefined;
  const head = text.slice(0, end);
  const rest = text.slice(end + 4);
  if (/^HTTP\/1.1 100/.test(head)) return isComplete(rest, method, isOver);
  const status = Number(head.split(' ')[1]);
  const type = /\r\ncontent-type: *([^;\r]+)/i.exec(head)?.[1];
  const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1];
  const isStream = type === 'text/event-stream';
  if (isStream && method === 'GET') return { status, type, messages: [] }; // it stays open
  const isWhole =
    isOver ||
    method === 'HEAD' ||
    status === 204 ||
    (length !== undefined && Buffer.byteLength(rest) >= Number(length)) ||
    /(^|\r\n)0\r\n\r\n$/.test(rest);
  if (!isWhole) return undefined;
  const isChunked = /\r\ntransfer-encoding: *chunked/i.test(head);
  const body = isChunked ? unchunked(rest) : Buffer.from(rest).subarray(0, length).toString();
  const messages = isStream ? [...body.matchAll(/^data: *(\{.*)$/gm)].map(([, data]) => data) : [body];
  return { status, type, messages: messages.filter((one) => one !== '').map((one) => JSON.parse(one)) };
}

function unchunked(text) {
  let bytes = Buffer.from(text);
  let body = '';
  for (;;) {
    const size = /^([0-9a-f]+)\r\n/i.exec(bytes.toString('latin1'));
    if (!size || size[1] === '0') return body;
    const begin = size[0].length;
    const end = begin + Number.parseInt(size[1], 16);
    body += bytes.subarray(begin, end).toString();
    bytes = bytes.subarray(end + 2);
  }
}
