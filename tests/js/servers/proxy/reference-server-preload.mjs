// Loaded into the reference server before its own code: it listens on the loopback address only, and it ends with its
// parent.
import { Server } from 'node:net';

const listen = Server.prototype.listen;
Server.prototype.listen = function listenOnLoopback(...words) {
  const port = Number(words[0]);
  if (!Number.isInteger(port)) return listen.apply(this, words);
  const callback = words.find((word) => typeof word === 'function');
  return listen.call(this, { port, host: '127.0.0.1' }, callback);
};

process.stdin.on('end', () => process.exit(0)).on('error', () => process.exit(0));
process.stdin.resume();
process.stdin.unref?.();
