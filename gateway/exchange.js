// The answer to a POST with requests: one JSON body or an event stream, as the server behind answers them.
// @ts-check

import { json } from './answers.js';
import { EventStream, event, priming, streamed } from './event-stream.js';

/** @import { EventLog } from './event-log.js' */
/** @import { Answer, Limits, Rpc, RpcId } from './types.js' */

const PATIENCE = 20_000; // without a word for so long, a stream is opened to keep the connection alive
const NOT_KEPT = {
  code: 1000,
  message: 'the request ran, but its answer was too large to be kept until you came back',
  data: { code: 'limit_exceeded', retryable: false },
};

export class Exchange {
  /** Whether the server answers by a stream: so will we. What it says within a moment goes out in one piece, which costs a call a fifth less. */
  isStream = false;
  /**
   * The promise of the answer.
   * @type {Promise<Answer>}
   */
  answer;
  /** @type {(answer: Answer) => void} */
  #resolve;
  #onend;
  #since = Date.now();
  /** @type {Set<RpcId | null | undefined>} */
  #waiting; // ids of requests without an answer
  /** @type {Rpc[]} */
  #collected = []; // what is told while the answer may still be one JSON body
  #isBatch;
  #log;
  #limits;
  #primes;
  /** @type {number | undefined} */
  #stream; // its number in the log, once it is a stream
  /** @type {EventStream | undefined} */
  #sink; // the client's connection, while there is one

  /**
   * @param {object} options
   * @param {RpcId[]} options.ids of the requests
   * @param {boolean} options.isBatch whether they came as an array
   * @param {boolean} options.primes whether the client knows events without data (since 2025-11-25)
   * @param {EventLog} options.log
   * @param {Limits} options.limits
   * @param {() => void} options.onend called when everything is answered
   */
  constructor({ ids, isBatch, primes, log, limits, onend }) {
    this.#waiting = new Set(ids);
    this.#isBatch = isBatch;
    this.#primes = primes;
    this.#log = log;
    this.#limits = limits;
    const { promise, resolve } = Promise.withResolvers();
    this.answer = promise;
    this.#resolve = resolve;
    this.#onend = onend;
  }

  /** The number of its stream; undefined while it has none. */
  get stream() {
    return this.#stream;
  }

  /** @returns {RpcId[]} */
  get #unanswered() {
    return /** @type {RpcId[]} */ ([...this.#waiting]);
  }

  /**
   * To be called every few seconds.
   * @param {number} now
   */
  beat(now) {
    if (this.#stream !== undefined) this.#sink?.beat(now);
    else if (now - this.#since >= PATIENCE) this.open();
  }

  /** From now on this is a stream. */
  open() {
    if (this.#stream !== undefined || this.#waiting.size === 0) return;
    const stream = this.#log.openStream(this.#unanswered);
    const sink = this.#newSink(stream);
    this.#stream = stream;
    this.#sink = sink;
    if (this.#primes) sink.prime();
    else sink.greet();
    this.#resolve(sink.answer);
    for (const earlier of this.#collected.splice(0)) this.#emit(stream, earlier);
  }

  /**
   * Sends a request or a notification of the server.
   * @param {Rpc} message
   */
  tell(message) {
    this.open();
    if (this.#stream !== undefined) this.#emit(this.#stream, message);
  }

  /**
   * Sends the answer to one of the requests.
   * @param {Rpc} message
   */
  settle(message) {
    if (!this.#waiting.delete(message.id)) return;
    if (this.#stream === undefined) {
      this.#collected.push(message);
      if (this.#waiting.size > 0) return;
      this.#resolve(this.isStream ? this.#wholeStream() : json(this.#isBatch ? this.#collected : message));
      this.#end();
      return;
    }
    this.#emit(this.#stream, message);
    this.#log.setWaiting(this.#stream, this.#unanswered);
    if (this.#waiting.size === 0) this.#end();
  }

  /**
   * The client came back for its stream: what it missed is in the log.
   * @param {number} lastEventId
   * @returns {Answer | undefined}
   */
  resume(lastEventId) {
    if (this.#stream === undefined) return undefined;
    this.#sink?.close();
    const sink = this.#newSink(this.#stream);
    const { answer } = sink;
    this.#sink = sink;
    sink.greet();
    sink.replay(this.#log.after(this.#stream, lastEventId));
    return answer;
  }

  // A stream that is over before it began.
  #wholeStream() {
    const stream = this.#log.openStream([]);
    const events = this.#collected.map((message) => event(stream, ...this.#logged(stream, message)));
    return streamed((this.#primes ? priming(stream) : '') + events.join(''));
  }

  /** @param {number} stream @param {Rpc} message */
  #emit(stream, message) {
    const [id, data] = this.#logged(stream, message); // with or without a connection: the client comes back for it
    this.#sink?.send(id, data);
  }

  // The id and the text of a message, once it is in the log. A client would wait for ever for an answer of which nothing is kept.
  /** @param {number} stream @param {Rpc} message @returns {[id: number, data: string]} */
  #logged(stream, message) {
    const data = JSON.stringify(message);
    const instead = () =>
      message.method === undefined ? JSON.stringify({ jsonrpc: '2.0', id: message.id, error: NOT_KEPT }) : null;
    return [this.#log.append(stream, data, instead), data];
  }

  // A client that goes away has not cancelled (2025-11-25 basic/transports, "Sending Messages to the Server" 6).
  /** @param {number} stream */
  #newSink(stream) {
    const sink = new EventStream(stream, this.#limits.SLOW_READER_BYTES, () => {
      if (this.#sink === sink) this.#sink = undefined;
    });
    return sink;
  }

  #end() {
    this.#sink?.close();
    this.#sink = undefined;
    this.#onend();
  }
}
