// One logical stream of a session. Its events are stored, so that a broken connection can be resumed.
//
// 2025-11-25, basic/transports §Resumability and Redelivery: ids are unique within the session and
// identify their stream, and only events of that stream are replayed after `Last-Event-ID`.
// @ts-check

const encoder = new TextEncoder();

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
    this.#connection = undefined;
  }

  /** Breaks the connection. */
  cut() {
    try {
      this.#connection?.error(new TypeError('The connection was cut'));
    } catch {
      /* the client disconnected first */
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
