// Event streams to the client: what stands in them, and one that goes on, kept alive by comments, which a reader that is too slow loses.
// @ts-check

import { log } from './log.js';

/** @import { Answer, LoggedEvent } from './types.js' */

const SILENCE = 20_000; // proxies cut what is silent for 30 to 60 seconds
const RETRY = 1_000; // milliseconds until a client that lost its stream comes back

const encoder = new TextEncoder();

/**
 * 2025-11-25 basic/transports: an event with an id and no data, so that the client can come back from the very beginning.
 * @param {number} stream
 */
export function priming(stream) {
  return `retry: ${RETRY}\nid: ${eventId(stream, stream)}\ndata: \n\n`;
}

/**
 * An event with data.
 * @param {number} stream
 * @param {number} id
 * @param {string} data
 */
export function event(stream, id, data) {
  return `id: ${eventId(stream, id)}\ndata: ${data}\n\n`;
}

// An id names its stream too: what came after an event can be told when that one has long been dropped.
/** @type {(stream: number, id: number) => string} */
const eventId = (stream, id) => `${stream}-${id}`;

/**
 * The parts of an event id as a client sends it back; undefined for what is none.
 * @param {string} text
 */
export function readEventId(text) {
  const [, stream, id] = /^(\d{1,16})-(\d{1,16})$/.exec(text) ?? [];
  return stream === undefined ? undefined : { stream: Number(stream), id: Number(id) };
}

const headers = {
  'content-type': 'text/event-stream',
  'cache-control': 'no-cache, no-transform',
  'x-accel-buffering': 'no',
};

/**
 * The answer that carries a stream, or the text of one that is over already.
 * @param {string | ReadableStream<Uint8Array>} body
 * @returns {Answer}
 */
export function streamed(body) {
  return { status: 200, headers, body };
}

/** A stream that goes on. */
export class EventStream {
  /** @type {ReadableStreamDefaultController<Uint8Array> | undefined} */
  #controller;
  #writtenAt = 0;
  #onclose;
  #replayed = 0; // bytes that do not count against the reader
  #number;

  /**
   * @param {number} number which stream of the log it is
   * @param {number} limit bytes that may wait for the client
   * @param {() => void} onclose called when the client is gone, or too slow
   */
  constructor(number, limit, onclose) {
    this.#number = number;
    this.#onclose = onclose;
    /** @type {(controller: ReadableStreamDefaultController<Uint8Array>) => void} */
    const start = (controller) => {
      this.#controller = controller;
    };
    this.body = new ReadableStream(
      { start, cancel: () => this.#lost() },
      new ByteLengthQueuingStrategy({ highWaterMark: limit }),
    );
  }

  /** The answer that carries the stream. */
  get answer() {
    return streamed(this.body);
  }

  /** Sends the first event. */
  prime() {
    this.#write(priming(this.#number));
  }

  /**
   * Sends an event.
   * @param {number} id
   * @param {string} data
   */
  send(id, data) {
    this.#write(event(this.#number, id, data));
  }

  /**
   * Sends again what a client missed that comes back: it may be more at once than a slow reader is allowed.
   * @param {LoggedEvent[]} missed
   */
  replay(missed) {
    for (const { id, data } of missed) {
      if (!data) continue;
      const before = this.#room;
      this.send(id, data);
      this.#replayed += before - this.#room;
    }
  }

  // How many bytes may still wait for the client.
  get #room() {
    return this.#controller?.desiredSize ?? 0;
  }

  /** Something to read, so that the head of the answer goes out at once. */
  greet() {
    this.#write(': welcome\n\n');
  }

  /**
   * To be called every few seconds.
   * @param {number} now
   */
  beat(now) {
    if (now - this.#writtenAt >= SILENCE) this.#write(': keepalive\n\n');
  }

  close() {
    if (!this.#controller) return;
    this.#controller.close();
    this.#controller = undefined;
  }

  /** @param {string} text */
  #write(text) {
    if (!this.#controller) return;
    if (this.#room + this.#replayed <= 0) {
      log('info', 'slowReader', { stream: this.#number });
      this.#controller.error(new Error('the client reads too slowly'));
      this.#lost();
      return;
    }
    this.#writtenAt = Date.now();
    this.#controller.enqueue(encoder.encode(text));
  }

  #lost() {
    if (!this.#controller) return;
    this.#controller = undefined;
    this.#onclose();
  }
}
