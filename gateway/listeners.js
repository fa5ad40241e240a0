// The GET streams of a session's client: server messages that belong to no request.
// @ts-check
import { GET_STREAM } from './event-log.js';
import { EventStream } from './event-stream.js';

/** @import { EventLog } from './event-log.js' */
/** @import { Limits } from './types.js' */

const MOST = 4; // GET streams of one session

export class Listeners {
  /** @type {EventStream[]} the newest last */
  #streams = [];
  /** @type {WeakMap<EventStream, number>} */
  #until = new WeakMap(); // when the client's token expires
  #log;
  #limits;
  #onend;
  #delivered = 0; // the last event that was sent on a stream

  /** @param {EventLog} log @param {Limits} limits @param {() => void} onend called when the client has closed a stream */
  constructor(log, limits, onend) {
    this.#log = log;
    this.#limits = limits;
    this.#onend = onend;
  }

  get size() {
    return this.#streams.length;
  }

  /** Skips events of earlier instances of the object. @param {number} id of the newest event */
  begin(id) {
    this.#delivered = id;
  }

  /**
   * Opens a stream, with the events that the client missed.
   * @param {{ after?: number, primes: boolean, until: number | undefined }} options the client's last event, whether it knows events without data, and the
   *   expiry of its token
   */
  add({ after = this.#delivered, primes, until }) {
    const stream = new EventStream(GET_STREAM, this.#limits.SLOW_READER_BYTES, () => {
      this.#streams = this.#streams.filter((other) => other !== stream);
      this.#onend();
    });
    const { answer } = stream;
    if (this.#streams.length >= MOST) this.#streams.shift()?.close();
    this.#streams.push(stream);
    if (until !== undefined) this.#until.set(stream, until);
    // With an id from the start, what is sent into a dead connection is not lost.
    if (primes) stream.prime(after);
    else stream.greet();
    const missed = this.#log.after(GET_STREAM, after);
    stream.replay(missed);
    this.#delivered = Math.max(this.#delivered, missed.at(-1)?.id ?? 0);
    return answer;
  }

  /** Sends a message on the newest stream, or keeps it for the next one: @param {string} data */
  tell(data) {
    const id = this.#log.append(GET_STREAM, data);
    const stream = this.#streams.at(-1);
    if (!stream) return;
    this.#delivered = id;
    stream.send(id, data);
  }

  /** To be called every few seconds: @param {number} now */
  beat(now) {
    for (const stream of [...this.#streams]) {
      if ((this.#until.get(stream) ?? now + 1) > now) {
        stream.beat(now);
      } else {
        stream.close();
        this.#streams = this.#streams.filter((other) => other !== stream);
      }
    }
  }

  close() {
    for (const stream of this.#streams.splice(0)) stream.close();
  }
}
