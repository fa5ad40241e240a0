// One logical stream of a session. Its events are stored, so that a broken connection can be resumed.
//
// 2025-11-25, basic/transports §Resumability and Redelivery: ids are unique within the session and
// identify their stream, and only events of that stream are replayed after `Last-Event-ID`.
// @ts-check

const encoder = new TextEncoder();

// Comments, as servers send them against proxies that close idle connections. A client gives up a stream that is silent for minutes.
const keepAliveMs = 25_000;
const keepAlive = encoder.encode(': keep-alive\n\n');

/**
 * The stream and the position of an event id; undefined for an invalid id.
 * @param {string} eventId
 */
export function placeOf(eventId) {
  const match = /^([\w-]+)\.(\d+)$/.exec(eventId);
  const [, name, index] = match ?? [];
  return name === undefined ? undefined : { name, index: Number(index) };
}

export class Channel {
  #name;
  /** @type {string[]} */
  #events = [];
  /** @type {ReadableStreamDefaultController<Uint8Array> | undefined} */
  #connection;
  /** @type {ReturnType<typeof setInterval> | undefined} */
  #keepAlive;
  #finished = false;

  /** @param {string} name */
  constructor(name) {
    this.#name = name;
    this.#events.push('retry: 300\ndata: \n\n'); // the priming event: an id for resuming
  }

  get connected() {
    return this.#connection !== undefined;
  }

  /**
   * A response with all events from `from` on. A new connection replaces an older one.
   * @param {number} [from]
   */
  open(from = 0) {
    this.close();
    /** @type {ReadableStreamDefaultController<Uint8Array> | undefined} */
    let mine;
    const body = new ReadableStream({
      start: (controller) => {
        mine = controller;
      },
      cancel: () => {
        if (this.#connection === mine) this.#disconnect();
      },
    });
    this.#connection = mine;
    this.#keepAlive = setInterval(() => this.#enqueue(keepAlive), keepAliveMs);
    for (let index = from; index < this.#events.length; index += 1) this.#write(index);
    if (this.#finished) this.close();
    return new Response(body, { headers: { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' } });
  }

  /** @param {object} message */
  send(message) {
    this.#events.push(`data: ${JSON.stringify(message)}\n\n`);
    this.#write(this.#events.length - 1);
  }

  /** Ends the stream after the response. */
  finish() {
    this.#finished = true;
    this.close();
  }

  /** Ends the connection properly; the channel can be opened again. */
  close() {
    try {
      this.#connection?.close();
    } catch {
      /* the client disconnected first */
    }
    this.#disconnect();
  }

  /** Breaks the connection. */
  cut() {
    try {
      this.#connection?.error(new TypeError('The connection was cut'));
    } catch {
      /* the client disconnected first */
    }
    this.#disconnect();
  }

  /** @param {number} index */
  #write(index) {
    this.#enqueue(encoder.encode(`id: ${this.#name}.${index}\n${this.#events[index]}`));
  }

  /** @param {Uint8Array} bytes */
  #enqueue(bytes) {
    try {
      this.#connection?.enqueue(bytes);
    } catch {
      this.#disconnect();
    }
  }

  #disconnect() {
    clearInterval(this.#keepAlive);
    this.#connection = undefined;
  }
}
