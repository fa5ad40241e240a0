// The client's side of a session: its POSTs with their responses, and its GET streams.
// @ts-check
import { bodiless, refused } from './answers.js';
import { GET_STREAM } from './event-log.js';
import { readEventId } from './event-stream.js';
import { Exchanges } from './exchanges.js';
import { Listeners } from './listeners.js';
import { error } from './messages.js';
import { itemsOf, RawJson } from './raw-json.js';
import { idFor, numberOf } from './server-requests.js';
import { Upstream, withdrawal } from './upstream.js';

/** @import { Gateway } from 'gateway-module' */
/** @import { EventLog } from './event-log.js' */
/** @import { Found } from './lazy-upstream.js' */
/** @import { Row } from './row.js' */
/** @import { Exchange } from './exchange.js' */
/** @import { Pending } from './pending.js' */
/** @import { Answer, Head, Limits, RpcError } from './types.js' */

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

  /** A POST's messages go on: @param {Found} found @param {RawJson} body @param {Head} [trace] @returns {Result} */
  post(found, body, trace) {
    if (!this.#row.values) return undefined; // it was ended meanwhile
    const messages = /** @type {RawJson[]} */ (itemsOf(body) ?? [body]);
    const ids = messages.filter(isRequest).map(idOf);
    // 2025-11-25 basic: the id of a request MUST NOT be null.
    if (messages.some((message) => message.get('id') === null)) return refused(this.#gateway.refusal('message'));
    // 2025-03-26 basic: an id MUST NOT have been used before; two responses in one array could not be assigned.
    const again = ids.find((id, index) => ids.indexOf(id) !== index);
    if (again !== undefined)
      return refused(this.#gateway.refusal('message'), {
        id: messages.find((message) => idOf(message) === again)?.get('id'),
      });
    if (!(found instanceof Upstream))
      return ids.length > 0 ? failed(found.error, ids, body.isArray) : refused(this.#gateway.refusal('unreachable'));
    const primes = this.#row.values.agreed >= PRIMING_SINCE;
    const exchange = ids.length > 0 ? this.#exchanges.open(body.isArray, primes) : undefined;
    // All of them are expected before the first is answered.
    const requests = exchange && this.#expected(messages, exchange);
    for (const message of messages) this.#pass(found, message, requests?.get(message), trace);
    return exchange?.answer ?? bodiless(202);
  }

  /** @param {RawJson[]} messages @param {Exchange} exchange @returns {Map<RawJson, Pending>} */
  #expected(messages, exchange) {
    const requests = messages.filter(isRequest);
    return new Map(requests.map((message) => [message, this.#exchanges.expect(message, idOf(message), exchange)]));
  }

  // Forwards one message of the client.
  /** @param {Upstream} upstream @param {RawJson} message @param {Pending | undefined} request @param {Head | undefined} trace */
  #pass(upstream, message, request, trace) {
    if (request) {
      upstream.request(request, trace);
      return;
    }
    const method = message.get('method');
    if (typeof method !== 'string') {
      // A response to a request of a replaced instance is dropped, because the request is gone.
      const number = numberOf(message.get('id'), this.#row.values?.lives);
      if (number !== undefined) upstream.answer(number, message);
      return;
    }
    if (method === 'notifications/cancelled') this.#cancel(message.get('params'));
    else upstream.notify(method, message.get('params'));
  }

  /** @param {unknown} params */
  #cancel(params) {
    if (!(params instanceof RawJson)) return;
    this.#exchanges.find(params.token('requestId'))?.cancel(params.get('reason'), CANCELLED);
  }

  // A notification of the server.
  /** @param {string} text @param {Pending | undefined} about */
  notify(text, about) {
    if (about && this.#exchanges.has(about)) about.exchange.tell(text);
    else if (this.#row.values) this.#listeners.tell(text);
  }

  // A request of the server. One that belongs to no request of the client goes to the GET stream, or else to a waiting POST.
  /** @param {RawJson} message @param {number} number @param {Pending | undefined} about */
  ask(message, number, about) {
    const { text } = message.copy().set('id', idFor(number, this.#row.values?.lives));
    const { newest } = this.#exchanges;
    if ((about && this.#exchanges.has(about)) || this.#listeners.size > 0 || !newest) this.notify(text, about);
    else newest.tell(text);
  }

  /** @param {number} number @param {Pending | undefined} about */
  withdraw(number, about) {
    this.notify(withdrawal(idFor(number, this.#row.values?.lives)), about);
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
/** @param {RpcError} refusal @param {string[]} ids @param {boolean} isBatch @returns {Answer} */
function failed(refusal, ids, isBatch) {
  const answers = ids.map((id) => error(id, refusal));
  return { status: 200, body: isBatch ? `[${answers}]` : (answers[0] ?? '') };
}

/** @param {RawJson} message */
function isRequest(message) {
  return message.get('method') !== undefined && message.get('id') !== undefined;
}

// The id of a request as it was written, so that 1 and 1.0, and numbers beyond 2⁵³, remain what they are.
/** @param {RawJson} message @returns {string} */
function idOf(message) {
  return message.token('id') ?? '';
}
