// Forwards one request to the real server and streams its response back, breaking where the real connection breaks.
import { request as startRequest } from 'node:http';
import { bytesBeforeAnswer } from './cut.mjs';

const connectionHeaders = new Set([
  'connection',
  'keep-alive',
  'transfer-encoding',
  'host',
  'content-length',
  'upgrade',
  'te',
  'trailer',
]);

/**
 * @param {object} exchange
 * @param {import('node:http').IncomingMessage} exchange.request
 * @param {import('node:http').ServerResponse} exchange.response
 * @param {string} exchange.body the request's body, already read
 * @param {URL} exchange.target
 * @param {object} [options]
 * @param {boolean} [options.cutBeforeAnswer]
 * @param {boolean} [options.discardAnswer]
 * @param {(headers: import('node:http').IncomingHttpHeaders, status: number) => void} [options.onHeaders] called before the answer is passed on
 * @param {() => boolean} [options.holdOpen] asked when the real answer ends: true leaves the client's stream open
 * @param {AbortSignal} [options.signal] ends the connection to the server; the client's is left to the caller
 * @returns {Promise<'answered' | 'refused' | 'broken' | 'aborted'>}
 *   refused: no connection could be made, so nothing was sent; broken: the connection ended after something was sent
 */
export function forward(
  { request, response, body, target },
  { cutBeforeAnswer = false, discardAnswer = false, onHeaders, holdOpen, signal } = {},
) {
  return new Promise((resolve) => {
    let connected = false;
    const upstream = startRequest(target, { method: request.method, headers: headersFor(request, body), agent: false });
    const stopUpstream = () => upstream.destroy();
    if (!discardAnswer) response.on('close', stopUpstream);
    signal?.addEventListener('abort', () => {
      stopUpstream();
      resolve('aborted');
    });

    upstream.on('socket', (socket) => socket.on('connect', () => (connected = true)));
    upstream.on('error', () => {
      if (signal?.aborted) return;
      if (connected && !discardAnswer) breakConnection(response);
      resolve(connected ? 'broken' : 'refused');
    });
    upstream.on('response', (answer) => {
      let isCut = false;
      onHeaders?.(answer.headers, answer.statusCode);
      answer.on('error', () => {
        if (signal?.aborted) return;
        if (!discardAnswer && !isCut) breakConnection(response);
        resolve('broken');
      });
      if (discardAnswer) {
        answer.on('end', () => resolve('answered')).resume();
        return;
      }
      response.writeHead(answer.statusCode, answerHeaders(answer.headers));
      response.flushHeaders();
      answer.on('data', (chunk) => {
        if (isCut) return;
        const kept = cutBeforeAnswer ? bytesBeforeAnswer(chunk) : undefined;
        if (kept === undefined) return void response.write(chunk);
        isCut = true;
        cutAfter(response, chunk.subarray(0, kept));
        resolve('broken');
      });
      answer.on('end', () => {
        if (!isCut && !holdOpen?.()) response.end();
        resolve('answered');
      });
    });
    upstream.end(body);
  });
}

/**
 * Resets the client's connection, as a server that died does.
 * @param {import('node:http').ServerResponse} response
 */
export function breakConnection(response) {
  if (response.socket && !response.socket.destroyed) response.socket.resetAndDestroy();
  else response.destroy();
}

/**
 * Sends the last bytes and then ends the connection in the middle of the body. The pause lets the client read what came
 * before: a body stream that fails drops unread data.
 */
function cutAfter(response, bytes) {
  if (bytes.length > 0) response.write(bytes);
  setTimeout(() => response.socket?.destroy(), 50);
}

function headersFor(request, body) {
  const headers = {};
  for (const [name, value] of Object.entries(request.headers)) {
    if (!connectionHeaders.has(name) && name !== 'origin' && name !== 'accept-encoding') headers[name] = value;
  }
  if (body) headers['content-length'] = Buffer.byteLength(body);
  return headers;
}

function answerHeaders(headers) {
  return Object.fromEntries(
    Object.entries(headers).filter(
      ([name]) => !connectionHeaders.has(name) && !name.startsWith('access-control-') && name !== 'vary',
    ),
  );
}
