// Loaded into a server before its own code: writes its handshakes to the journal, from the bodies of the requests, since no
// two frameworks have the same hook for that.
import { IncomingMessage, Server } from 'node:http';
import { note } from '../journal.mjs';

const bodies = new WeakMap();
const { emit } = Server.prototype;
Server.prototype.emit = function emitRequest(event, ...values) {
  if (event === 'request' && values[0].method === 'POST') bodies.set(values[0], '');
  return emit.call(this, event, ...values);
};

const { push } = IncomingMessage.prototype;
IncomingMessage.prototype.push = function pushBody(chunk, encoding) {
  if (bodies.has(this)) {
    if (chunk) bodies.set(this, bodies.get(this) + chunk);
    else if (/"method"\s*:\s*"initialize"/.test(bodies.get(this))) note({ did: 'initialize' });
  }
  return push.call(this, chunk, encoding);
};
