// A network between clients and the gateway that can be down: connections break, and new ones are refused.
import { connect, createServer } from 'node:net';

/**
 * @param {string} url its target
 * @returns {Promise<{ url: string, down(): void, up(): void, close(): Promise<void> }>} `url` is the same endpoint on the client's side
 */
export async function startNetwork(url) {
  const far = new URL(url);
  const open = new Set();
  let isUp = true;
  const server = createServer((near) => {
    if (!isUp) return near.resetAndDestroy();
    const socket = connect({ port: Number(far.port), host: far.hostname });
    for (const [one, other] of [
      [near, socket],
      [socket, near],
    ]) {
      open.add(one);
      one.on('error', () => {}).on('close', () => open.delete(one) && other.destroy());
      one.pipe(other);
    }
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const near = new URL(url);
  near.port = String(server.address().port);
  const cut = () => open.forEach((socket) => socket.destroy());
  return {
    url: near.href,
    down() {
      isUp = false;
      cut();
    },
    up() {
      isUp = true;
    },
    close() {
      cut();
      return new Promise((resolve) => server.close(resolve));
    },
  };
}
