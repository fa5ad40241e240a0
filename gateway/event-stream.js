// Event streams to the client: what stands in them, and one that goes on, kept alive by comments, which a reader that is too slow loses.
import { log } from './log.js';

const SILENCE = 20_000; // proxies cut what is silent for 30 to 60 seconds
const RETRY = 1_000; // milliseconds until a client that lost its stream comes back

const encoder = new TextEncoder();

/** 2025-11-25 basic/transports: an event with an id and no data, so that the client can come back from the very beginning. */
export function priming(stream) {
  return `retry: ${RETRY}\nid: ${eventId(stream, stream)}\ndata: \n\n`;
}

/** An event with data. */
export function event(stream, id, data) {
  return `id: ${eventId(stream, id)}\ndata: ${data}\n\n`;
}

// An id names its stream too: what came after an event can be told when that one has long been dropped.
const eventId = (stream, id) => `${stream}-${id}`;

/** The parts of an event id as a client sends it back; undefined for what is none. */
export function readEventId(text) {
  const [, stream, id] = /^(\d{1,16})-(\d{1,16})$/.exec(text) ?? [];
  return stream === undefined ? undefined : { stream: Number(stream), id: Number(id) };
}

const headers = {
  'content-type': 'text/event-stream',
  'cache-control': 'no-cache, no-transform',
  'x-accel-buffering': 'no',
};

/** The answer that carries a stream, or the text of one that is over already. */
export function streamed(body) {
  return { status: 200, headers, body };
}

/** A stream that goes on. */
export class EventStream {
  #controller;
  #writtenAt;
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
    const start = (controller) => (this.#controller = controller);
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

  /** Sends an event. */
  send(id, data) {
    this.#write(event(this.#number, id, data));
  }

  /** Sends again what a client missed that comes back: it may be more at once than a slow reader is allowed. */
  replay(missed) {
    for (const { id, data } of missed) {
      if (!data) continue;
      const before = this.#controller.desiredSize;
      this.send(id, data);
      this.#replayed += before - this.#controller.desiredSize;
    }
  }

  /** Something to read, so that the head of the answer goes out at once. */
  greet() {
    this.#write(': welcome\n\n');
  }

  /** To be called every few seconds. */
  beat(now) {
    if (now - this.#writtenAt >= SILENCE) this.#write(': keepalive\n\n');
  }

  close() {
    if (!this.#controller) return;
    this.#controller.close();
    this.#end();
  }

  #write(text) {
    if (!this.#controller) return;
    if (this.#controller.desiredSize + this.#replayed <= 0) {
      log('info', 'slowReader', { stream: this.#number });
      this.#controller.error(new Error('the client reads too slowly'));
      return this.#lost();
    }
    this.#writtenAt = Date.now();
    this.#controller.enqueue(encoder.encode(text));
  }

  #lost() {
    if (!this.#controller) return;
    this.#end();
    this.#onclose();
  }

  #end() {
    this.#controller = undefined;
  }
}
