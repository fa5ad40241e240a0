// Starting an HTTP server on the loopback address and stopping it with all its connections.
import { createSocket as createDatagramSocket } from 'node:dgram';
import { createServer } from 'node:http';
import { createServer as createSocketServer } from 'node:net';

/**
 * Listens on 127.0.0.1 and resolves when connections are accepted.
 * @param {import('node:http').RequestListener} handler
 * @param {{ port?: number }} [options] port 0, the default, takes a free one
 * @returns {Promise<{ origin: string, port: number, server: import('node:http').Server, close(): Promise<void> }>}
 */
export async function listen(handler, { port = 0 } = {}) {
  const server = createServer({ keepAliveTimeout: 60_000 }, handler);
  const sockets = new Set();
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  await new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  const address = /** @type {import('node:net').AddressInfo} */ (server.address());
  let closing;
  return {
    origin: `http://127.0.0.1:${address.port}`,
    port: address.port,
    server,
    close() {
      closing ??= new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      });
      return closing;
    },
  };
}

// Below the ports that systems give to outgoing connections and to port 0, on Linux from 32768: nothing else takes such a port between this search and its
// use.
const PORTS = { first: 15_000, count: 17_000 };

/**
 * Finds a port that nothing listens on, for a child process that needs its port at start.
 * @returns {Promise<number>}
 */
export async function findFreePort() {
  for (let tries = 0; tries < 100; tries += 1) {
    const port = PORTS.first + Math.floor(Math.random() * PORTS.count);
    if ((await reserve(port)) && (await isFree(port))) return port;
  }
  throw new Error('there is no free port');
}

/**
 * Keeps other test files from finding the same port before it is used: until this process ends it has the UDP port of the same number.
 * @param {number} port @returns {Promise<boolean>}
 */
function reserve(port) {
  return new Promise((resolve) => {
    const mark = createDatagramSocket('udp4').unref();
    mark.once('error', () => resolve(false));
    mark.bind({ port, address: '127.0.0.1', exclusive: true }, () => resolve(true));
  });
}

/** @param {number} port @returns {Promise<boolean>} */
function isFree(port) {
  return new Promise((resolve) => {
    const probe = createSocketServer();
    probe.once('error', () => resolve(false));
    probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)));
  });
}
