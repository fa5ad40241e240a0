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

const TIMED_OUT = {
  code: 1000,
  message: 'the server did not answer in time; the request may have run',
  data: { code: 'request_timeout', retryable: false },
};
const MOST_WAITING = 1_000; // unanswered requests of a session
const QUESTION = 300_000; // milliseconds for which a question of the server keeps the session with the server in memory

/** @param {RpcId} requestId @returns {Rpc} */
const cancellation = (requestId) => ({
  jsonrpc: '2.0',
  method: 'notifications/cancelled',
  params: { requestId, reason: 'the request timed out' },
});

export class ClientSide {
  /** @type {Map<RpcId | null | undefined, number>} */
  #questions = new Map(); // open questions of the server, by the client's ids: since when
  /** @type {number | undefined} */
  #timeout; // of the server's configuration
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

  /** Whether the server must stay connected: for a client that waits, or for the answer to a question of the server. */
  get needsServer() {
    return this.isWaiting || this.#questions.size > 0;
  }

  /** When the unanswered requests time out; 0 if there are none. */
  get busyUntil() {
    return this.#exchanges.deadline(this.#timeout);
  }

  /** Called if another instance of the object has served the session before. */
  goOn() {
    this.#listeners.begin(this.#log.newest());
  }

  /** A POST's messages go on: @param {Found} found @param {Rpc | Rpc[]} body @param {Head} [trace] @returns {Result} */
  post(found, body, trace) {
    const { values, isOpen } = this.#row;
    if (!values || !isOpen) return undefined; // it was ended meanwhile
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
    if (this.#exchanges.size + ids.length > MOST_WAITING)
      return refused(this.#gateway.refusal('rate'), { id: ids[0], headers: { 'retry-after': '1' } });
    if (!(found instanceof Upstream))
      return ids.length > 0 ? failed(found.error, ids, isBatch) : refused(this.#gateway.refusal('unreachable'));
    const primes = values.agreed >= PRIMING_SINCE;
    const exchange = ids.length > 0 ? this.#exchanges.expect(ids, isBatch, primes) : undefined;
    const options = { requestHeaders: trace, onstream: this.#exchanges.onstream };
    for (const message of messages) this.#pass(found, message, options);
    return exchange?.answer ?? bodiless(202);
  }

  // Forwards one message of the client.
  /** @param {Upstream} upstream @param {Rpc} message @param {RequestOptions} options */
  #pass(upstream, message, options) {
    if (message.method === undefined) {
      this.#questions.delete(message.id);
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
    this.#note(own);
    const exchange = about === undefined ? undefined : this.#exchanges.get(about);
    if (exchange) exchange.tell(own);
    else this.#tellListener(own);
  }

  // Remembers the questions of the server that are open. Their number is limited by the manager.
  /** @param {Rpc} message */
  #note({ id, method, params }) {
    if (id !== undefined) this.#questions.set(id, Date.now());
    else if (method === 'notifications/cancelled') this.#questions.delete(params?.requestId);
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
   * @param {{ lastEventId: string | undefined, until: number | undefined }} request with the expiry of the client's token
   * @param {() => void} onlisten called when it is the former
   * @returns {Result}
   */
  listen({ lastEventId, until }, onlisten) {
    const primes = (this.#row.values?.agreed ?? '') >= PRIMING_SINCE;
    if (lastEventId === undefined) {
      const answer = this.#listeners.add({ primes, until });
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
    const answer = this.#listeners.add({ after: id, primes, until });
    onlisten();
    return answer;
  }

  /**
   * To be called every few seconds, with the timeout of the server's configuration, if it has one.
   * @param {number} now
   * @param {Upstream | undefined} upstream
   * @param {number | undefined} timeout
   */
  beat(now, upstream, timeout) {
    this.#timeout = timeout;
    this.#exchanges.beat(now);
    this.#listeners.beat(now);
    for (const [id, since] of this.#questions) if (now - since >= QUESTION) this.#questions.delete(id);
    for (const id of this.#exchanges.overdue(now, timeout)) {
      // The server is told, and the slot of the request is free again.
      upstream?.send(cancellation(id), {});
      this.#exchanges.settle({ jsonrpc: '2.0', id, error: TIMED_OUT });
    }
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
