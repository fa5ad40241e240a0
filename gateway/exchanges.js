// The client's POSTs that wait for responses, by the ids of their requests.
// @ts-check
import { EventStream } from './event-stream.js';
import { Exchange } from './exchange.js';

/** @import { EventLog } from './event-log.js' */
/** @import { Limits, Rpc, RpcError, RpcId } from './types.js' */

const AT_ONCE = 20; // milliseconds: a response within this time needs no open stream
const OUTCOME_UNKNOWN = {
  code: 1000,
  message: 'the gateway was restarted while the request was pending; the request may have run',
  data: { code: 'outcome_unknown', retryable: false },
};

export class Exchanges {
  /** @type {Map<RpcId | null | undefined, Exchange>} by the id of each unanswered request */
  #waiting = new Map();
  #log;
  #limits;
  #onend;
  /** @type {ReturnType<typeof setTimeout> | undefined} the timer that opens streams */
  #opening;

  /** @param {EventLog} log @param {Limits} limits @param {() => void} onend called when a POST is answered */
  constructor(log, limits, onend) {
    this.#log = log;
    this.#limits = limits;
    this.#onend = onend;
  }

  get size() {
    return this.#waiting.size;
  }

  /** @param {RpcId | undefined} id */
  get(id) {
    return this.#waiting.get(id);
  }

  /** The latest exchange. */
  get newest() {
    return [...this.#waiting.values()].at(-1);
  }

  /** Makes room for the answers to these requests: @param {RpcId[]} ids @param {boolean} isBatch @param {boolean} primes */
  expect(ids, isBatch, primes) {
    const exchange = new Exchange({
      ids,
      isBatch,
      primes,
      log: this.#log,
      limits: this.#limits,
      onend: this.#onend,
    });
    for (const id of ids) this.#waiting.set(id, exchange);
    return exchange;
  }

  /**
   * Called when the server answers a request with a stream. The client's stream is opened after a short delay, unless the response arrives first.
   * @param {RpcId} id
   */
  onstream = (id) => {
    const exchange = this.#waiting.get(id);
    if (!exchange) return;
    exchange.isStream = true;
    this.#opening ??= setTimeout(() => {
      this.#opening = undefined;
      for (const waiting of this.#waiting.values()) if (waiting.isStream) waiting.open();
    }, AT_ONCE);
  };

  /** @param {Rpc} message the answer to a request */
  settle(message) {
    const exchange = this.#waiting.get(message.id);
    this.#waiting.delete(message.id);
    exchange?.settle(message);
  }

  /** Answers all that wait with an error: @param {RpcError} error */
  fail(error) {
    for (const id of [...this.#waiting.keys()]) this.settle({ jsonrpc: '2.0', id, error });
  }

  /** The client came back for the answers to a POST: @param {number} stream @param {number} lastEventId */
  resume(stream, lastEventId) {
    const running = [...this.#waiting.values()].find((exchange) => exchange.stream === stream);
    return running?.resume(lastEventId) ?? this.#replay(stream, lastEventId);
  }

  // The outcome of requests that were pending in a replaced instance is unknown.
  /** @param {number} stream @param {number} lastEventId */
  #replay(stream, lastEventId) {
    for (const id of this.#log.waiting(stream))
      this.#log.append(stream, JSON.stringify({ jsonrpc: '2.0', id, error: OUTCOME_UNKNOWN }));
    this.#log.setWaiting(stream, []);
    const sink = new EventStream(stream, this.#limits.SLOW_READER_BYTES, () => {});
    const { answer } = sink;
    sink.greet();
    sink.replay(this.#log.after(stream, lastEventId));
    sink.close();
    return answer;
  }

  /** When the last of the requests times out; 0 if there are none: @param {number | undefined} timeout */
  deadline(timeout) {
    return Math.max(0, ...[...this.#waiting.values()].map((exchange) => exchange.deadline(timeout)));
  }

  /** The ids of the requests that have timed out: @param {number} now @param {number | undefined} timeout @returns {RpcId[]} */
  overdue(now, timeout) {
    const ids = [];
    for (const [id, exchange] of this.#waiting) if (exchange.deadline(timeout) <= now) ids.push(id);
    return /** @type {RpcId[]} */ (ids);
  }

  /** To be called every few seconds: @param {number} now */
  beat(now) {
    for (const waiting of [...this.#waiting.values()]) waiting.beat(now);
  }
}
