// Loaded before a program: takes the first ports that the program looks at, right after it has closed them, like another program of the same machine.
import { createServer, Server } from 'node:net';

const { close } = Server.prototype;
let left = Number(process.env.PORTS_TO_TAKE);

Server.prototype.close = function closeAndTake(done) {
  const { port } = this.address() ?? {};
  if (left === 0 || this.constructor !== Server || port === undefined) return close.call(this, done);
  left -= 1;
  return close.call(this, () => createServer().listen(port, '127.0.0.1', done).unref());
};
