// Serves a web-standard handler, `Request` to `Response`, with Node's own HTTP server.
import { once } from 'node:events';
import { Readable } from 'node:stream';

/**
 * Answers one request; when its client disconnects, the request's signal is aborted and the response's body is
 * cancelled.
 * @param {(request: Request) => Promise<Response>} handler
 * @param {import('node:http').IncomingMessage} incoming
 * @param {import('node:http').ServerResponse} outgoing
 * @param {string} [body] the incoming body, where it has been read
 */
export async function serveWeb(handler, incoming, outgoing, body) {
  const gone = new AbortController();
  outgoing.on('close', () => gone.abort());
  const hasBody = incoming.method !== 'GET' && incoming.method !== 'HEAD';
  const request = new Request(new URL(incoming.url, `http://${incoming.headers.host}`), {
    method: incoming.method,
    headers: headersOf(incoming),
    signal: gone.signal,
    ...(hasBody && { body: body ?? Readable.toWeb(incoming), duplex: 'half' }),
  });
  const response = await handler(request);
  outgoing.writeHead(response.status, Object.fromEntries(response.headers));
  if (!response.body) return outgoing.end();
  outgoing.flushHeaders();
  const reader = response.body.getReader();
  outgoing.on('close', () => reader.cancel().catch(() => {}));
  for (;;) {
    const { value, done } = await reader.read();
    if (done || outgoing.destroyed) return outgoing.end();
    if (!outgoing.write(value)) await Promise.race([once(outgoing, 'drain'), once(outgoing, 'close')]);
  }
}

function headersOf({ rawHeaders }) {
  const headers = new Headers();
  for (let index = 0; index < rawHeaders.length; index += 2) headers.append(rawHeaders[index], rawHeaders[index + 1]);
  return headers;
}
