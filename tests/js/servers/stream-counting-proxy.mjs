// A proxy in front of a test server that counts event streams: over HTTP/1.1, over HTTP/1.1 with TLS, or over HTTP/2.
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer, request as send } from 'node:http';
import { createSecureServer } from 'node:http2';
import { createServer as createTlsServer } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

/**
 * @param {string} origin of the server behind it
 * @param {'http' | 'https' | 'h2'} protocol
 * @returns {Promise<{ origin: string, streams: { open: number, most: number, sessions: Set<string> }, close(): Promise<void> }>}
 */
export async function startStreamCountingProxy(origin, protocol = 'http') {
  const streams = { open: 0, settled: 0, most: 0, sessions: new Set() };
  const handle = (request, response) => forward(origin, streams, request, response);
  const server = protocol === 'http' ? createServer(handle) : servers[protocol](await certificate(), handle);
  const sockets = new Set();
  server.on('connection', (socket) =>
    sockets.add(socket.on('close', () => sockets.delete(socket)).on('error', () => {})),
  );
  server.on('sessionError', () => {});
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    origin: `${protocol === 'http' ? 'http' : 'https'}://127.0.0.1:${server.address().port}`,
    streams,
    close() {
      return new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      });
    },
  };
}

const servers = { https: createTlsServer, h2: createSecureServer };
/**
 * Milliseconds after which a stream counts for `most`: the end of a stream is seen later than the start of the next.
 */
const SETTLED = 1_000;

function forward(origin, streams, request, response) {
  const headers = Object.fromEntries(
    Object.entries(request.headers).filter(([name]) => !name.startsWith(':') && name !== 'host'),
  );
  const passed = send(`${origin}${request.url}`, { method: request.method, headers }, (answer) => {
    const { connection, 'keep-alive': _keep, 'transfer-encoding': _chunked, ...kept } = answer.headers;
    response.writeHead(answer.statusCode, kept);
    // Headers without a body are not sent by themselves.
    response.flushHeaders?.();
    answer.pipe(response);
  });
  passed.on('error', () => response.destroy());
  request.on('error', () => {}).pipe(passed);
  response.on('error', () => {}).on('close', () => passed.destroy());
  if (request.method !== 'GET') return;
  streams.open += 1;
  streams.sessions.add(request.headers['mcp-session-id']);
  let settled = false;
  const timer = setTimeout(() => {
    settled = true;
    streams.settled += 1;
    streams.most = Math.max(streams.most, streams.settled);
  }, SETTLED);
  response.on('close', () => {
    clearTimeout(timer);
    streams.open -= 1;
    streams.settled -= Number(settled);
  });
}

async function certificate() {
  const folder = await mkdtemp(join(tmpdir(), 'certificate-'));
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'certificate.pem')];
  const subject = ['-subj', '/CN=localhost', '-days', '2'];
  await promisify(execFile)('openssl', [
    'req',
    '-x509',
    '-newkey',
    'rsa:2048',
    '-nodes',
    ...subject,
    '-keyout',
    key,
    '-out',
    cert,
  ]);
  const made = { key: await readFile(key), cert: await readFile(cert) };
  await rm(folder, { recursive: true });
  return made;
}
