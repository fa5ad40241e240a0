// The client's POSTs that wait for answers, by the ids of their requests.
// @ts-check
import { EventStream } from './event-stream.js';
import { Exchange } from './exchange.js';

/** @import { EventLog } from './event-log.js' */
/** @import { Limits, Rpc, RpcError, RpcId } from './types.js' */

const AT_ONCE = 20; // milliseconds: an answer that comes within them needs no stream that is kept open
const OUTCOME_UNKNOWN = {
  code: 1000,
  message: 'the request was under way when the front was restarted; it may or may not have run',
  data: { code: 'outcome_unknown', retryable: false },
};

export class Exchanges {
  /** @type {Map<RpcId | null | undefined, Exchange>} by the id of each request without an answer */
  #waiting = new Map();
  #log;
  #limits;
  #onend;
  /** @type {ReturnType<typeof setTimeout> | undefined} after which streams are opened */
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

  /** The one that was begun last. */
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
   * The server answers a request by a stream. The client sees it a moment after it has begun, if it has not its answer by then.
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

  // Of what was under way in an instance that is gone, the outcome is unknown.
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

  /** To be called every few seconds: @param {number} now */
  beat(now) {
    for (const waiting of [...this.#waiting.values()]) waiting.beat(now);
  }
}
