// What `dev` listens with, in front of workerd. It passes connections through, and sees to what workerd answers with a bare 500 because on Cloudflare's
// network no such request gets that far: see request-head.mjs. It looks at the first request of a connection: a client writes all of them alike.
import { once } from 'node:events';
import { createServer as createHttpServer, request as httpRequest } from 'node:http';
import { connect, createServer } from 'node:net';
import { absolute, judge } from './request-head.mjs';

const LONGEST_HEAD = 64 * 1024; // bytes; of a longer one workerd sees all, and refuses it
const PATIENCE = 60_000; // milliseconds for the head of the first request
const LINGER = 5_000; // milliseconds for a client to read its refusal
const END = '\r\n\r\n';

/** @typedef {import('node:net').Socket} Socket */

export class Front {
  #server = createServer({ allowHalfOpen: true, noDelay: true }, (client) => this.#serve(client));
  #reader = createHttpServer((request, response) => this.#rewrite(request, response)); // of connections with targets in absolute form
  /** @type {number | undefined} the port of workerd */
  #target;
  /** @type {((port: number) => void)[]} connections that wait for it */
  #waiting = [];
  /** @type {Set<Socket>} */
  #open = new Set();

  /** Throws the error of Node if it cannot. @param {number} port 0 takes a free one */
  async listen(port) {
    this.#server.listen(port, '127.0.0.1');
    await once(this.#server, 'listening');
  }

  get port() {
    return /** @type {import('node:net').AddressInfo} */ (this.#server.address()).port;
  }

  /** Where connections lead to; without a port they wait for one. @param {number} [port] */
  lead(port) {
    this.#target = port;
    if (port !== undefined) for (const go of this.#waiting.splice(0)) go(port);
  }

  close() {
    this.#server.close();
    for (const socket of this.#open) socket.destroy();
  }

  /** @param {Socket} client */
  async #serve(client) {
    this.#hold(client);
    try {
      const { head, rest } = await headOf(client);
      const { refusal, isAbsolute } = judge(head);
      const read = Buffer.concat([head, rest]);
      if (refusal !== undefined) refuse(client, refusal);
      else if (isAbsolute) {
        client.unshift(read);
        this.#reader.emit('connection', client);
        client.resume();
      } else this.#join(client, await this.#worker(), read);
    } catch {
      client.destroy(); // it has left, or was too slow
    }
  }

  #worker() {
    return this.#target ?? new Promise((/** @type {(port: number) => void} */ go) => this.#waiting.push(go));
  }

  /** @param {Socket} client @param {number} port @param {Buffer} read */
  #join(client, port, read) {
    const worker = connect({ port, host: '127.0.0.1', allowHalfOpen: true, noDelay: true });
    this.#hold(worker);
    worker.write(read);
    if (client.readableEnded) worker.end();
    else client.pipe(worker);
    worker.pipe(client);
    client.on('close', () => worker.destroy());
    worker.on('close', (isBroken) => (isBroken ? client.destroy() : client.end()));
  }

  // Node reads the requests and writes the answers.
  /** @param {import('node:http').IncomingMessage} request @param {import('node:http').ServerResponse} response */
  async #rewrite(request, response) {
    const { method, url = '', rawHeaders } = request;
    const [host, path] = absolute(url) ?? [request.headers.host ?? '', url];
    const headers = ['Host', host, ...rawHeaders.filter((_, at) => !/^host$/i.test(rawHeaders[at - (at % 2)]))];
    const port = await this.#worker();
    const passed = httpRequest({ port, host: '127.0.0.1', method, path, headers, agent: false }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.rawHeaders);
      answer.pipe(response);
      answer.on('error', () => response.destroy());
    });
    passed.on('error', () => response.destroy());
    response.on('close', () => passed.destroy());
    request.pipe(passed);
  }

  /** @param {Socket} socket */
  #hold(socket) {
    this.#open.add(socket);
    socket.on('error', () => {}).on('close', () => this.#open.delete(socket));
  }
}

// What it still sends has to be read: otherwise closing discards the refusal.
/** @param {Socket} client @param {string} refusal */
function refuse(client, refusal) {
  client.resume().end(refusal);
  client.setTimeout(LINGER, () => client.destroy());
}

/**
 * The head of the first request, and what came after it. Without its end if it is too long, or the client stops sending.
 * @param {Socket} client
 * @returns {Promise<{ head: Buffer, rest: Buffer }>}
 */
function headOf(client) {
  return new Promise((resolve, reject) => {
    let read = Buffer.alloc(0);
    const timer = setTimeout(() => reject(new Error('no request in time')), PATIENCE);
    const done = (length = read.length) => {
      clearTimeout(timer);
      client.pause().off('data', take).off('end', done);
      resolve({ head: read.subarray(0, length), rest: read.subarray(length) });
    };
    /** @param {Buffer} chunk */
    const take = (chunk) => {
      const from = Math.max(0, read.length - END.length);
      read = Buffer.concat([read, chunk]);
      const end = read.indexOf(END, from);
      if (end >= 0) done(end + END.length);
      else if (read.length > LONGEST_HEAD) done();
    };
    client.on('data', take).on('end', () => done());
    client.on('close', () => {
      clearTimeout(timer);
      reject(new Error('the client has left'));
    });
  });
}
