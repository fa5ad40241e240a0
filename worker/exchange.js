// The answer to a POST with requests: one JSON body or an event stream, as the server behind answers them.
import { json } from './answers.js';
import { EventStream } from './event-stream.js';

const PATIENCE = 25_000; // without a word for so long, a stream is opened to keep the connection alive

export class Exchange {
  /** Resolves with the answer. */
  response;
  /** Resolves when everything is answered. */
  done;
  #answer;
  #finish;
  #waiting; // ids of requests without an answer
  #collected = []; // what is told while the answer may still be one JSON body
  #isBatch;
  #log;
  #limits;
  #primes;
  #stream; // its number in the log, once it is a stream
  #sink; // the client's connection, while there is one
  #timer;

  /**
   * @param {object} options
   * @param {(string | number)[]} options.ids of the requests
   * @param {boolean} options.isBatch whether they came as an array
   * @param {boolean} options.primes whether the client knows events without data (since 2025-11-25)
   */
  constructor({ ids, isBatch, primes, log, limits }) {
    this.#waiting = new Set(ids);
    this.#isBatch = isBatch;
    this.#primes = primes;
    this.#log = log;
    this.#limits = limits;
    this.response = new Promise((resolve) => (this.#answer = resolve));
    this.done = new Promise((resolve) => (this.#finish = resolve));
    this.#timer = setTimeout(() => this.open(), PATIENCE);
  }

  /** The number of its stream; undefined while it has none. */
  get stream() {
    return this.#stream;
  }

  /** The server answers by a stream, or has something to say before its answer: so do we, from now on. */
  open() {
    if (this.#stream !== undefined || this.#waiting.size === 0) return;
    clearTimeout(this.#timer);
    this.#stream = this.#log.openStream([...this.#waiting]);
    this.#sink = this.#newSink();
    if (this.#primes) this.#sink.prime(this.#log.append(this.#stream, ''));
    else this.#sink.greet();
    this.#answer(this.#sink.response);
  }

  /** Sends a request or a notification of the server. */
  tell(message) {
    this.open();
    this.#emit(message);
  }

  /** Sends the answer to one of the requests. */
  settle(message) {
    if (!this.#waiting.delete(message.id)) return;
    if (this.#stream === undefined) {
      this.#collected.push(message);
      if (this.#waiting.size > 0) return;
      this.#answer(json(this.#isBatch ? this.#collected : message));
      return this.#end();
    }
    for (const earlier of this.#collected.splice(0)) this.#emit(earlier);
    this.#emit(message);
    this.#log.setWaiting(this.#stream, [...this.#waiting]);
    if (this.#waiting.size === 0) this.#end();
  }

  /** The client came back for its stream: what it missed is in the log. */
  resume(lastEventId) {
    this.#sink?.close();
    this.#sink = this.#newSink();
    const { response } = this.#sink;
    this.#sink.greet();
    for (const { id, data } of this.#log.after(this.#stream, lastEventId)) if (data) this.#sink.send(id, data);
    return response;
  }

  /** Everything without an answer gets this error, and the exchange ends. */
  fail(error) {
    for (const id of [...this.#waiting]) this.settle({ jsonrpc: '2.0', id, error });
  }

  #emit(message) {
    const data = JSON.stringify(message);
    this.#sink?.send(this.#log.append(this.#stream, data), data);
  }

  // A client that goes away has not cancelled (2025-11-25 basic/transports, "Sending Messages to the Server" 6).
  #newSink() {
    const sink = new EventStream(this.#limits.SLOW_READER_BYTES, () => {
      if (this.#sink === sink) this.#sink = undefined;
    });
    return sink;
  }

  #end() {
    clearTimeout(this.#timer);
    this.#sink?.close();
    this.#sink = undefined;
    this.#finish();
  }
}
