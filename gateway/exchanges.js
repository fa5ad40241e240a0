// The client's POSTs that wait for responses, and their requests.
// @ts-check
import { bodiless } from './answers.js';
import { EventStream } from './event-stream.js';
import { Exchange } from './exchange.js';
import { error } from './messages.js';
import { Pending } from './pending.js';

/** @import { EventLog } from './event-log.js' */
/** @import { SessionObserver } from './observe/session-observer.js' */
/** @import { RawJson } from './raw-json.js' */
/** @import { Limits, RpcError } from './types.js' */

const AT_ONCE = 100; // milliseconds: a response within this time needs no open stream
const OUTCOME_UNKNOWN = {
  code: 1000,
  message: 'the gateway was restarted while the request was pending; the request may have run',
  data: { code: 'outcome_unknown', retryable: false },
};

export class Exchanges {
  /** @type {Set<Pending>} in the order of their arrival */
  #waiting = new Set();
  #log;
  #limits;
  #onend;
  #observer;
  /** @type {ReturnType<typeof setTimeout> | undefined} the timer that opens streams */
  #opening;

  /** @param {EventLog} log @param {Limits} limits @param {() => void} onend called when a POST is answered @param {SessionObserver} observer */
  constructor(log, limits, onend, observer) {
    this.#observer = observer;
    this.#log = log;
    this.#limits = limits;
    this.#onend = onend;
  }

  get size() {
    return this.#waiting.size;
  }

  /** The oldest request with this id; a client that uses ids again has waited longest for that one. @param {string | undefined} id */
  find(id) {
    for (const pending of this.#waiting) if (pending.id === id) return pending;
    return undefined;
  }

  /** Whether it is still unanswered. @param {Pending} pending */
  has(pending) {
    return this.#waiting.has(pending);
  }

  /** The latest exchange. */
  get newest() {
    return [...this.#waiting].at(-1)?.exchange;
  }

  /** @returns {Set<Exchange>} */
  get #exchanges() {
    return new Set([...this.#waiting].map(({ exchange }) => exchange));
  }

  /** The response to a POST with requests, to be filled by `expect`: @param {boolean} isBatch @param {boolean} primes */
  open(isBatch, primes) {
    return new Exchange({ isBatch, primes, log: this.#log, limits: this.#limits, onend: this.#onend });
  }

  /** Makes room for the answer to a request: @param {RawJson} message @param {string} id @param {Exchange} exchange */
  expect(message, id, exchange) {
    const pending = new Pending(message, { id, exchange, onend: this.#onanswer, onstream: this.#onstream });
    exchange.expect(pending);
    this.#waiting.add(pending);
    return pending;
  }

  /** @param {Pending} pending */
  #onanswer = (pending) => {
    this.#waiting.delete(pending);
    this.#observer.settled(pending);
  };

  // The server answers a request with a stream. The client's stream is opened after a short delay, unless the response arrives first.
  /** @param {Pending} pending */
  #onstream = (pending) => {
    pending.exchange.isStream = true;
    // An answer that came with the head of the response is there by then, and needs no timer.
    queueMicrotask(() => {
      if (this.#waiting.has(pending)) this.#openSoon();
    });
  };

  #openSoon() {
    this.#opening ??= setTimeout(() => {
      this.#opening = undefined;
      for (const waiting of this.#exchanges) if (waiting.isStream) waiting.open();
    }, AT_ONCE);
  }

  /** Answers all that wait with an error: @param {RpcError} refusal */
  fail(refusal) {
    for (const pending of [...this.#waiting]) pending.fail(refusal);
  }

  /** The client came back for the answers to a POST: @param {number} stream @param {number} lastEventId */
  resume(stream, lastEventId) {
    const running = [...this.#exchanges].find((exchange) => exchange.stream === stream);
    return running?.resume(lastEventId) ?? this.#replay(stream, lastEventId);
  }

  // The outcome of requests that were pending in a replaced instance is unknown.
  /** @param {number} stream @param {number} lastEventId */
  #replay(stream, lastEventId) {
    for (const id of this.#log.waiting(stream)) this.#log.append(stream, error(id, OUTCOME_UNKNOWN));
    this.#log.setWaiting(stream, []);
    const missed = this.#log.after(stream, lastEventId);
    // The client has everything. The official TypeScript client comes back all the same, 1.23 after each response and later ones after each error, and again
    // when that stream ends. "A client can be told to stop reconnecting using the HTTP 204 No Content response code" (HTML §9.2).
    if (missed.length === 0) return bodiless(204);
    const sink = new EventStream(stream, this.#limits.SLOW_READER_BYTES, () => {});
    const { answer } = sink;
    sink.greet();
    sink.replay(missed);
    sink.close();
    return answer;
  }

  /** When the last of the requests times out; 0 if there are none: @param {number | undefined} timeout */
  deadline(timeout) {
    return Math.max(0, ...[...this.#waiting].map((pending) => pending.exchange.deadline(pending, timeout)));
  }

  /** Since when the server says nothing about one of the requests; undefined if there are none. */
  get silentSince() {
    const [first, ...others] = [...this.#waiting].map((pending) => pending.exchange.activeAt(pending));
    return first === undefined ? undefined : Math.min(first, ...others);
  }

  /** The requests that have timed out at the server: @param {number} now @param {number | undefined} timeout */
  overdue(now, timeout) {
    return [...this.#waiting].filter((pending) => pending.exchange.deadline(pending, timeout) <= now);
  }

  /** The requests that have waited too long for their turn at the server: @param {number} now @param {number | undefined} timeout */
  stuck(now, timeout) {
    return [...this.#waiting].filter(
      (pending) => pending.isQueued && pending.exchange.patience(pending, timeout) <= now,
    );
  }

  /** To be called every few seconds: @param {number} now */
  beat(now) {
    for (const pending of this.#waiting) pending.look(now);
    for (const exchange of this.#exchanges) exchange.beat(now);
  }
}
