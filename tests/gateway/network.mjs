// A network between clients and the gateway, or the gateway and servers. It can be down: connections break, and new ones
// are refused. It can hold new ones until its target is there again, and it can lead to another target, as a balancer does
// when it takes a replica out.
import { connect, createServer } from 'node:net';

/**
 * @param {string} url its target
 * @returns {Promise<{ url: string, down(): void, up(): void, hold(): () => void, moveTo(url: string): void, close(): Promise<void> }>}
 *   `url` is the same endpoint on the client's side
 */
export async function startNetwork(url) {
  let far = new URL(url);
  const open = new Set();
  let isUp = true;
  let held;
  const server = createServer(async (near) => {
    if (!isUp) return near.resetAndDestroy();
    near.on('error', () => {});
    await held;
    if (near.destroyed) return;
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
    /** Returns a function that ends it. */
    hold() {
      let release;
      held = new Promise((resolve) => (release = resolve));
      return release;
    },
    moveTo(other) {
      far = new URL(other);
      cut();
    },
    close() {
      cut();
      return new Promise((resolve) => server.close(resolve));
    },
  };
}
