// Loaded before a server's program: the program is loaded as usual, and listens when its parent sends a message.
import { Server } from 'node:net';

const { listen } = Server.prototype;
const waiting = [];
let isAsked = false;

Server.prototype.listen = function listenWhenAsked(...words) {
  if (isAsked) return listen.apply(this, words);
  waiting.push(() => listen.apply(this, words));
  process.send?.('loaded');
  return this;
};

process.once('message', () => {
  isAsked = true;
  for (const listenNow of waiting) listenNow();
});

// The parent has ended, and with it the reason to wait.
process.once('disconnect', () => {
  if (!isAsked) process.exit();
});
