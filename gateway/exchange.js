// The response to a POST with requests: one JSON body or an event stream, like the response of the server.
// @ts-check

import { EventStream, event, priming, streamed } from './event-stream.js';
import { error } from './messages.js';

/** @import { EventLog } from './event-log.js' */
/** @import { Pending } from './pending.js' */
/** @import { Answer, Limits } from './types.js' */

/** @typedef {{ text: string, request?: Pending }} Message for the client; a response has the request that it answers */

const PATIENCE = 20_000; // milliseconds of silence after which a stream is opened to keep the connection alive
const QUEUED = 60_000; // milliseconds that a request may wait for its turn at the server, unless the timeout of the server is longer
const ABANDONED = 300_000; // milliseconds for which the requests of a client that is gone go on: it may resume
const NOT_KEPT = {
  code: 1000,
  message: 'the request ran, but its response was too large to store until the client resumed',
  data: { code: 'limit_exceeded', retryable: false },
};

export class Exchange {
  /** Whether the server answers with a stream; then this response is one, too. Messages within a short time are sent together: a fifth less time per call. */
  isStream = false;
  /**
   * The promise of the response.
   * @type {Promise<Answer>}
   */
  answer;
  /** @type {(answer: Answer) => void} */
  #resolve;
  #onend;
  #since = Date.now();
  #activeAt = this.#since; // the time of the last message about its requests
  /** @type {number | undefined} */
  #leftAt; // since when the client is gone
  /** @type {Set<Pending>} */
  #waiting = new Set(); // unanswered requests
  /** @type {Message[]} */
  #collected = []; // messages that arrive while the response can still be one JSON body
  #isBatch;
  #log;
  #limits;
  #primes;
  /** @type {number | undefined} */
  #stream; // its number in the log, if it is a stream
  /** @type {EventStream | undefined} */
  #sink; // the client's connection, if it is open

  /**
   * @param {object} options
   * @param {boolean} options.isBatch whether the requests came as an array
   * @param {boolean} options.primes whether the client knows events without data (since 2025-11-25)
   * @param {EventLog} options.log
   * @param {Limits} options.limits
   * @param {() => void} options.onend called when everything is answered
   */
  constructor({ isBatch, primes, log, limits, onend }) {
    this.#isBatch = isBatch;
    this.#primes = primes;
    this.#log = log;
    this.#limits = limits;
    const { promise, resolve } = Promise.withResolvers();
    this.answer = promise;
    this.#resolve = resolve;
    this.#onend = onend;
  }

  /**
   * When a request times out: after the time of the server's configuration without a message about it (2025-11-25 basic/lifecycle, "Timeouts"), which begins
   * when it is sent. Without a configured time it does not while the client waits.
   * @param {Pending} request
   * @param {number | undefined} timeout
   */
  deadline(request, timeout) {
    const since = this.activeAt(request);
    if (timeout !== undefined) return since + timeout;
    return this.#leftAt === undefined ? Number.POSITIVE_INFINITY : Math.max(this.#leftAt, since) + ABANDONED;
  }

  /**
   * Until when a request may wait for its turn at the server.
   * @param {Pending} request
   * @param {number | undefined} timeout
   */
  patience({ at }, timeout) {
    if (timeout === undefined && this.#leftAt === undefined) return Number.POSITIVE_INFINITY;
    return at + Math.max(timeout ?? ABANDONED, QUEUED);
  }

  /** The time of the last message about a request, or of its sending: @param {Pending} request */
  activeAt({ sentAt }) {
    return Math.max(this.#activeAt, sentAt);
  }

  /** The number of its stream; undefined if it has none. */
  get stream() {
    return this.#stream;
  }

  /** Makes room for the response to a request: @param {Pending} request */
  expect(request) {
    this.#waiting.add(request);
  }

  get #unanswered() {
    return [...this.#waiting].map(({ id }) => id);
  }

  /**
   * Called every few seconds.
   * @param {number} now
   */
  beat(now) {
    if (this.#stream !== undefined) this.#sink?.beat(now);
    else if (now - this.#since >= PATIENCE) this.open();
  }

  /** Turns the response into a stream. */
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
   * @param {string} text
   */
  tell(text) {
    this.#activeAt = Date.now();
    this.open();
    if (this.#stream !== undefined) this.#emit(this.#stream, { text });
  }

  /**
   * Sends the response to one of the requests.
   * @param {Pending} request
   * @param {string} text
   */
  settle(request, text) {
    if (!this.#waiting.delete(request)) return;
    if (this.#stream === undefined) {
      this.#collected.push({ text, request });
      if (this.#waiting.size > 0) return;
      this.#resolve(this.isStream ? this.#wholeStream() : this.#wholeJson(text));
      this.#end();
      return;
    }
    this.#emit(this.#stream, { text, request });
    this.#log.setWaiting(this.#stream, this.#unanswered);
    if (this.#waiting.size === 0) this.#end();
  }

  /**
   * Resumes the stream for a reconnected client, from the log.
   * @param {number} lastEventId
   * @returns {Answer | undefined}
   */
  resume(lastEventId) {
    if (this.#stream === undefined) return undefined;
    this.#sink?.close();
    this.#leftAt = undefined;
    const sink = this.#newSink(this.#stream);
    const { answer } = sink;
    this.#sink = sink;
    // Without an id, the official TypeScript client would lose its place when this connection breaks as well.
    if (this.#primes) sink.prime(lastEventId);
    else sink.greet();
    sink.replay(this.#log.after(this.#stream, lastEventId));
    return answer;
  }

  /** @param {string} text of the only response @returns {Answer} */
  #wholeJson(text) {
    return {
      status: 200,
      body: this.#isBatch ? `[${this.#collected.map((message) => message.text).join(',')}]` : text,
    };
  }

  // A stream that is finished before it is sent. The client gets it in one piece, so it hardly ever comes back for it: that is not worth a write of its own,
  // which takes as long as the rest of the call.
  #wholeStream() {
    const stream = this.#log.openStream([]);
    const events = this.#collected.map((message) => event(stream, ...this.#logged(stream, message, false)));
    return streamed((this.#primes ? priming(stream) : '') + events.join(''));
  }

  /** @param {number} stream @param {Message} message */
  #emit(stream, message) {
    const [id, data] = this.#logged(stream, message); // also without a connection: the client may resume
    this.#sink?.send(id, data);
  }

  // Logs a message; returns its id and its text. A response must not be dropped: the client would wait for it until its timeout.
  /** @param {number} stream @param {Message} message @param {boolean} [isUrgent] @returns {[id: number, data: string]} */
  #logged(stream, { text, request }, isUrgent) {
    const instead = () => (request ? error(request.id, NOT_KEPT) : null);
    return [this.#log.append(stream, text, { instead, isUrgent, isAnswer: request !== undefined }), text];
  }

  // Disconnecting is not cancelling (2025-11-25 basic/transports, "Sending Messages to the Server" 6).
  /** @param {number} stream */
  #newSink(stream) {
    const sink = new EventStream(stream, this.#limits.SLOW_READER_BYTES, () => {
      if (this.#sink !== sink) return;
      this.#sink = undefined;
      this.#leftAt = Date.now();
    });
    return sink;
  }

  #end() {
    this.#sink?.close();
    this.#sink = undefined;
    this.#onend();
  }
}
