// Starting an HTTP server on the loopback address and stopping it with all its connections.
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

/**
 * Finds a port that nothing listens on, for a child process that needs its port at start.
 * @returns {Promise<number>}
 */
export async function findFreePort() {
  const probe = createSocketServer();
  await new Promise((resolve, reject) => probe.once('error', reject).listen(0, '127.0.0.1', resolve));
  const { port } = /** @type {import('node:net').AddressInfo} */ (probe.address());
  await new Promise((resolve) => probe.close(resolve));
  return port;
}
