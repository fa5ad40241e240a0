// The client's side of a session: its POSTs with their responses, and its GET streams.
// @ts-check
import { bodiless, json, refused } from './answers.js';
import { GET_STREAM } from './event-log.js';
import { readEventId } from './event-stream.js';
import { Exchanges } from './exchanges.js';
import { Listeners } from './listeners.js';
import { numberOf, toClient } from './server-requests.js';
import { Upstream } from './upstream.js';

/** @import { Gateway } from 'gateway-module' */
/** @import { EventLog } from './event-log.js' */
/** @import { Found } from './lazy-upstream.js' */
/** @import { Row } from './row.js' */
/** @import { Answer, Head, Limits, RequestOptions, Rpc, RpcError, RpcId } from './types.js' */

/** @typedef {Answer | undefined | Promise<Answer | undefined>} Result */

const PRIMING_SINCE = '2025-11-25'; // older clients fail on an event without data
const CANCELLED = { code: 1000, message: 'the request was cancelled', data: { code: 'cancelled', retryable: false } };
const ENDED = { code: 1000, message: 'the session was ended', data: { code: 'closed', retryable: false } };

export class ClientSide {
  #row;
  #log;
  #gateway;
  #exchanges;
  #listeners;

  /** @param {{ row: Row, log: EventLog, gateway: Gateway, limits: Limits, onuse: () => void }} options */
  constructor({ row, log, gateway, limits, onuse }) {
    this.#row = row;
    this.#log = log;
    this.#gateway = gateway;
    this.#exchanges = new Exchanges(log, limits, onuse);
    this.#listeners = new Listeners(log, limits, onuse);
  }

  /** Whether the client waits for a response, or has an open stream. */
  get isWaiting() {
    return this.#exchanges.size > 0 || this.#listeners.size > 0;
  }

  /** Called if another instance of the object has served the session before. */
  goOn() {
    this.#listeners.begin(this.#log.newest());
  }

  /** A POST's messages go on: @param {Found} found @param {Rpc | Rpc[]} body @param {Head} [trace] @returns {Result} */
  post(found, body, trace) {
    if (!this.#row.values) return undefined; // it was ended meanwhile
    const isBatch = Array.isArray(body);
    const messages = isBatch ? body : [body];
    /** @type {RpcId[]} */
    const ids = [];
    for (const { id, method } of messages) {
      if (id === undefined || method === undefined) continue;
      // 2025-11-25 basic: an id MUST NOT have been used before; a second response could not be assigned.
      if (ids.includes(id) || this.#exchanges.get(id)) return refused(this.#gateway.refusal('message'), { id });
      ids.push(id);
    }
    if (!(found instanceof Upstream))
      return ids.length > 0 ? failed(found.error, ids, isBatch) : refused(this.#gateway.refusal('unreachable'));
    const primes = this.#row.values.agreed >= PRIMING_SINCE;
    const exchange = ids.length > 0 ? this.#exchanges.expect(ids, isBatch, primes) : undefined;
    const options = { requestHeaders: trace, onstream: this.#exchanges.onstream };
    for (const message of messages) this.#pass(found, message, options);
    return exchange?.answer ?? bodiless(202);
  }

  // Forwards one message of the client.
  /** @param {Upstream} upstream @param {Rpc} message @param {RequestOptions} options */
  #pass(upstream, message, options) {
    if (message.method === undefined) {
      const id = numberOf(message.id, this.#row.values?.lives);
      // A response to a request of a replaced instance: dropped, because the request is gone.
      if (id !== undefined) upstream.send({ ...message, id }, options);
      return;
    }
    upstream.send(message, options);
    if (message.method === 'notifications/cancelled') {
      const id = message.params?.requestId;
      this.#exchanges.settle({ jsonrpc: '2.0', id, error: CANCELLED });
    }
  }

  // Delivers a message of the server to the client.
  /** @param {Rpc} message @param {RpcId} [about] */
  hear(message, about) {
    if (message.method === undefined) {
      this.#exchanges.settle(message);
      return;
    }
    const own = toClient(message, this.#row.values?.lives);
    const exchange = about === undefined ? undefined : this.#exchanges.get(about);
    if (exchange) exchange.tell(own);
    else this.#tellListener(own);
  }

  // Messages that belong to no request go to the GET stream; without one, requests go to a waiting POST.
  /** @param {Rpc} message */
  #tellListener(message) {
    if (!this.#row.values) return;
    const { newest } = this.#exchanges;
    if (this.#listeners.size === 0 && message.id !== undefined && newest) newest.tell(message);
    else this.#listeners.tell(message);
  }

  /**
   * A GET: the stream of messages that belong to no request, or the rest of another stream.
   * @param {string | undefined} lastEventId
   * @param {() => void} onlisten called when it is the former
   * @returns {Result}
   */
  listen(lastEventId, onlisten) {
    if (lastEventId === undefined) {
      const answer = this.#listeners.add();
      onlisten();
      return answer;
    }
    const { stream, id } = readEventId(lastEventId) ?? {};
    if (stream === undefined || id === undefined || !this.#log.knows(stream))
      return refused({
        status: 400,
        code: -32000,
        message: 'Bad request: the event id in Last-Event-ID is unknown or no longer stored',
      });
    if (stream !== GET_STREAM) return this.#exchanges.resume(stream, id);
    const answer = this.#listeners.add(id);
    onlisten();
    return answer;
  }

  /** To be called every few seconds: @param {number} now */
  beat(now) {
    this.#exchanges.beat(now);
    this.#listeners.beat(now);
  }

  /** Called when the session ends. */
  end() {
    this.#listeners.close();
    this.#exchanges.fail(ENDED);
  }
}

// Responses to requests that cannot be sent to the server.
/** @param {RpcError} error @param {RpcId[]} ids @param {boolean} isBatch */
function failed(error, ids, isBatch) {
  const answers = ids.map((id) => ({ jsonrpc: '2.0', id, error }));
  return json(isBatch ? answers : answers[0]);
}
