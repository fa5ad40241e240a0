// Event streams to the client: their format, and an open stream, with keep-alive comments and a limit for slow readers.
// @ts-check

import { streamHeaders } from './answers.js';
import { log } from './log.js';

/** @import { Answer, LoggedEvent } from './types.js' */

const SILENCE = 20_000; // proxies close connections that are silent for 30 to 60 seconds
const RETRY = 1_000; // milliseconds until a client that lost its stream reconnects

const encoder = new TextEncoder();

/**
 * 2025-11-25 basic/transports: an event with an id and no data, so that the client can resume from the start, or after an earlier event.
 * @param {number} stream
 * @param {number} [after]
 */
export function priming(stream, after = stream) {
  return `retry: ${RETRY}\nid: ${eventId(stream, after)}\ndata: \n\n`;
}

/**
 * An event with data, written as the official servers write it: some clients ignore events without a type.
 * @param {number} stream
 * @param {number} id
 * @param {string} data
 */
export function event(stream, id, data) {
  return `event: message\nid: ${eventId(stream, id)}\n${dataLines(data)}\n`;
}

// HTML §9.2.6: a line break ends the field, so each line is one of its own. In JSON, line breaks occur between tokens only.
/** @param {string} data */
export function dataLines(data) {
  return `data: ${/[\r\n]/.test(data) ? data.split(/\r\n|[\r\n]/).join('\ndata: ') : data}\n`;
}

/** Whether that is the type of event streams. Types are case-insensitive (RFC 9110 §8.3.1). @param {string | null | undefined} type */
export function isEventStream(type) {
  return /^text\/event-stream\s*([;,]|$)/i.test(type ?? ''); // the comma is of a header that was sent twice
}

/** The data of the last event of a complete stream: @param {string} stream */
export function lastData(stream) {
  const lines = stream.split(/\r\n|[\r\n]/);
  const last = lines.findLastIndex((line) => line.startsWith('data:'));
  const first = lines.findLastIndex((line, index) => index < last && !line.startsWith('data:')) + 1;
  return lines
    .slice(first, last + 1)
    .map((line) => line.slice('data:'.length))
    .join('\n');
}

// Event ids contain the stream, so a stream can be resumed after an event that is no longer stored.
/** @type {(stream: number, id: number) => string} */
const eventId = (stream, id) => `${stream}-${id}`;

/**
 * Parses an event id from a client; undefined if it is invalid.
 * @param {string} text
 */
export function readEventId(text) {
  const [, stream, id] = /^(\d{1,16})-(\d{1,16})$/.exec(text) ?? [];
  return stream === undefined ? undefined : { stream: Number(stream), id: Number(id) };
}

const MARK = [0xef, 0xbb, 0xbf]; // U+FEFF

/**
 * Takes a byte order mark from the beginning of a stream: it counts only there (HTML §9.2.5), and comments of the gateway come before it. Returns what
 * is left of each chunk.
 */
export function markRemover() {
  let seen = 0; // bytes of the mark
  /** @param {Uint8Array} chunk */
  return (chunk) => {
    if (seen === MARK.length) return chunk;
    let at = 0;
    while (seen < MARK.length && at < chunk.length && chunk[at] === MARK[seen]) {
      at += 1;
      seen += 1;
    }
    if (seen === MARK.length || at === chunk.length) return chunk.subarray(at);
    const before = MARK.slice(0, seen); // of these, some came with earlier chunks
    seen = MARK.length;
    return Uint8Array.of(...before, ...chunk.subarray(at));
  };
}

/**
 * The response with a stream, or with the text of a finished one.
 * @param {string | ReadableStream<Uint8Array>} body
 * @returns {Answer}
 */
export function streamed(body) {
  return { status: 200, headers: streamHeaders, body };
}

/** An open stream. */
export class EventStream {
  /** @type {ReadableStreamDefaultController<Uint8Array> | undefined} */
  #controller;
  #writtenAt = 0;
  #onclose;
  #replayed = 0; // bytes that do not count towards the limit for slow readers
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

  /** The response with the stream. */
  get answer() {
    return streamed(this.body);
  }

  /** Sends the first event: @param {number} [after] the event after which the client resumes */
  prime(after) {
    this.#write(priming(this.#number, after));
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
   * Replays events that a resuming client missed; they may exceed the limit for slow readers.
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

  // The number of further bytes that may be buffered for the client.
  get #room() {
    return this.#controller?.desiredSize ?? 0;
  }

  /** Sends a comment, so that the response headers are sent at once. */
  greet() {
    this.#write(': welcome\n\n');
  }

  /**
   * Called every few seconds.
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
      this.#controller.error(new Error('the client read too slowly: the stream was closed'));
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
