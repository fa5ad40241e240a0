// One logical stream of a session: what was sent on it is kept, so that a connection that was cut can be resumed.
//
// 2025-11-25, basic/transports §Resumability and Redelivery: ids are unique within the session, an id names the stream
// it belongs to, and what is replayed after `Last-Event-ID` is what that same stream would have brought.
// @ts-check

const encoder = new TextEncoder();

/**
 * The stream that an event id belongs to, and its place there; undefined for what is no id of ours.
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
  #finished = false;

  /** @param {string} name */
  constructor(name) {
    this.#name = name;
    this.#events.push('retry: 300\ndata: \n\n'); // the priming event: an id to come back with
  }

  get connected() {
    return this.#connection !== undefined;
  }

  /**
   * The response that carries everything from event `from` on. A new connection takes the place of an older one.
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
        if (this.#connection === mine) this.#connection = undefined;
      },
    });
    this.#connection = mine;
    for (let index = from; index < this.#events.length; index += 1) this.#write(index);
    if (this.#finished) this.close();
    return new Response(body, { headers: { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' } });
  }

  /** @param {object} message */
  send(message) {
    this.#events.push(`data: ${JSON.stringify(message)}\n\n`);
    this.#write(this.#events.length - 1);
  }

  /** The answer was the last thing to say. */
  finish() {
    this.#finished = true;
    this.close();
  }

  /** Ends the connection properly; the channel can be opened again. */
  close() {
    try {
      this.#connection?.close();
    } catch {
      /* the client left first */
    }
    this.#connection = undefined;
  }

  /** Ends the connection as a broken network does. */
  cut() {
    try {
      this.#connection?.error(new TypeError('The connection was cut'));
    } catch {
      /* the client left first */
    }
    this.#connection = undefined;
  }

  /** @param {number} index */
  #write(index) {
    try {
      this.#connection?.enqueue(encoder.encode(`id: ${this.#name}.${index}\n${this.#events[index]}`));
    } catch {
      this.#connection = undefined;
    }
  }
}
