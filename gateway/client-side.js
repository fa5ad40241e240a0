// The client's side of a session: its POSTs with their responses, and its GET streams.
// @ts-check
import { bodiless, refused } from './answers.js';
import { GET_STREAM } from './event-log.js';
import { readEventId } from './event-stream.js';
import { Exchanges } from './exchanges.js';
import { Listeners } from './listeners.js';
import { log, wordsOf } from './log.js';
import { error, notification } from './messages.js';
import { BeforeLogin } from './oauth/before-login.js';
import { itemsOf, RawJson } from './raw-json.js';
import { idFor, numberOf } from './server-requests.js';
import { partsOf } from './session-places.js';
import { Upstream, withdrawal } from './upstream.js';

/** @import { Gateway } from 'gateway-module' */
/** @import { EventLog } from './event-log.js' */
/** @import { Found } from './lazy-upstream.js' */
/** @import { Row } from './row.js' */
/** @import { SessionObserver } from './observe/session-observer.js' */
/** @import { Pending } from './pending.js' */
/** @import { Answer, Head, Limits, Rpc, RpcError } from './types.js' */

/** @typedef {Answer | undefined | Promise<Answer | undefined>} Result */

const PRIMING_SINCE = '2025-11-25'; // older clients fail on an event without data
const CANCELLED = { code: 1000, message: 'the request was cancelled', data: { code: 'cancelled', retryable: false } };
const ENDED = { code: 1000, message: 'the session was ended', data: { code: 'closed', retryable: false } };
const TIMED_OUT = {
  code: 1000,
  message: 'the server did not answer in time; the request may have run',
  data: { code: 'request_timeout', retryable: false },
};
const NOT_SENT = {
  code: 1000,
  message: 'the request was not sent: it waited too long behind other requests, a pause or an outage of the server',
  data: { code: 'request_timeout', retryable: true },
};
const INTERNAL = { code: -32603, message: 'Internal error' };
const MOST_WAITING = 1_000; // unanswered requests of a session
const QUESTION = 300_000; // milliseconds for which a question of the server keeps the session with the server in memory

export class ClientSide {
  /** @type {Map<unknown, number>} */
  #questions = new Map(); // open questions of the server, by the client's ids: since when
  /** @type {number | undefined} */
  #timeout; // of the server's configuration
  #row;
  #log;
  #gateway;
  #exchanges;
  #listeners;
  #observer;
  #beforeLogin = new BeforeLogin();

  /** @param {{ row: Row, log: EventLog, gateway: Gateway, limits: Limits, observer: SessionObserver, onuse: () => void }} options */
  constructor({ row, log, gateway, limits, observer, onuse }) {
    this.#observer = observer;
    this.#row = row;
    this.#log = log;
    this.#gateway = gateway;
    this.#exchanges = new Exchanges(log, limits, onuse, observer);
    this.#listeners = new Listeners(log, limits, onuse);
  }

  /** Whether the client waits for a response, or has an open stream. */
  get isWaiting() {
    return this.#exchanges.size > 0 || this.#listeners.size > 0;
  }

  /** Unanswered requests of the client, its open GET streams, and unanswered requests of the server. */
  get load() {
    return { requests: this.#exchanges.size, streams: this.#listeners.size, questions: this.#questions.size };
  }

  /** Whether the server must stay connected: for a client that waits, or for the answer to a question of the server. */
  get needsServer() {
    return this.isWaiting || this.#questions.size > 0;
  }

  /** Since when the server says nothing about an unanswered request; undefined if there are none. */
  get silentSince() {
    return this.#exchanges.silentSince;
  }

  /** When the unanswered requests time out; 0 if there are none. */
  get busyUntil() {
    return this.#exchanges.deadline(this.#timeout);
  }

  /** Called if another instance of the object has served the session before. */
  goOn() {
    this.#listeners.begin(this.#log.newest());
  }

  /** A login that the session had to wait for is over. */
  loggedIn() {
    this.#beforeLogin.isOver((method) => this.notify(notification(method)));
  }

  /**
   * A POST's messages go on. If the session with the server is yet to come, they wait for it on their stream.
   * @param {Found | Promise<Found>} found
   * @param {RawJson} body
   * @param {Head} [trace]
   * @returns {Result}
   */
  post(found, body, trace) {
    const { values, isOpen } = this.#row;
    if (!values || !isOpen) return undefined; // it was ended meanwhile
    const messages = /** @type {RawJson[]} */ (itemsOf(body) ?? [body]);
    const asking = messages.filter(isRequest);
    const ids = asking.map(idOf);
    // 2025-11-25 basic: the id of a request MUST NOT be null.
    if (messages.some(({ value }) => /** @type {Rpc} */ (value).id === null))
      return refused(this.#gateway.refusal('message'));
    // 2025-03-26 basic: an id MUST NOT have been used before; two responses in one array could not be assigned.
    const again = ids.length > 1 && asking.find((_, index) => ids.indexOf(ids[index]) !== index);
    if (again) return refused(this.#gateway.refusal('message'), { id: again.get('id') });
    if (this.#exchanges.size + ids.length > MOST_WAITING)
      return refused(this.#gateway.refusal('rate'), { id: asking[0]?.get('id'), headers: { 'retry-after': '1' } });
    if (!(found instanceof Upstream || found instanceof Promise)) {
      this.#observer.unsent(asking, found.error);
      return ids.length > 0 ? failed(found.error, ids, body.isArray) : refused(this.#gateway.refusal('unreachable'));
    }
    const primes = values.agreed >= PRIMING_SINCE;
    const exchange = ids.length > 0 ? this.#exchanges.open(body.isArray, primes) : undefined;
    // All of them are expected before the first is answered.
    const requests = exchange && asking.map((message, index) => this.#exchanges.expect(message, ids[index], exchange));
    const requestOf = (/** @type {RawJson} */ message) => requests?.[asking.indexOf(message)];
    if (found instanceof Upstream)
      for (const message of messages) this.#pass(found, message, requestOf(message), trace);
    else this.#passLater(found, messages, requestOf, trace);
    return exchange?.answer ?? bodiless(202);
  }

  /**
   * @param {Promise<Found>} pending
   * @param {RawJson[]} messages
   * @param {(message: RawJson) => Pending | undefined} requestOf
   * @param {Head | undefined} trace
   */
  #passLater(pending, messages, requestOf, trace) {
    const isCancellation = (/** @type {RawJson} */ message) => message.get('method') === 'notifications/cancelled';
    for (const message of messages.filter(isCancellation)) this.#cancel(message.get('params'));
    pending
      .catch((error) => {
        log('error', 'notRevived', { problem: wordsOf(error) });
        return { error: INTERNAL };
      })
      .then((found) => {
        for (const message of messages) {
          const request = requestOf(message);
          if (request?.isOver || isCancellation(message)) continue;
          if (found instanceof Upstream) this.#pass(found, message, request, trace);
          else if (request) this.#beforeLogin.answer(request, this.#server, found);
        }
      });
  }

  get #server() {
    return partsOf(this.#row.values?.owner ?? '').server;
  }

  // Forwards one message of the client.
  /** @param {Upstream} upstream @param {RawJson} message @param {Pending | undefined} request @param {Head | undefined} trace */
  #pass(upstream, message, request, trace) {
    if (request) {
      if (!this.#beforeLogin.takes(request, this.#server)) upstream.request(request, trace);
      return;
    }
    const method = message.get('method');
    if (typeof method !== 'string') {
      const id = message.get('id');
      this.#questions.delete(id);
      // A response to a request of a replaced instance is dropped, because the request is gone.
      const number = numberOf(id, this.#row.values?.lives);
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
  /** @param {string} text @param {Pending} [about] */
  notify(text, about) {
    if (about && this.#exchanges.has(about)) about.exchange.tell(text);
    else if (this.#row.values) this.#listeners.tell(text);
  }

  // A request of the server. One that belongs to no request of the client goes to the GET stream, or else to a waiting POST.
  /** @param {RawJson} message @param {number | string} number or another name that is unique @param {Pending} [about] */
  ask(message, number, about) {
    const id = idFor(number, this.#row.values?.lives);
    this.#questions.set(id, Date.now()); // their number is limited by the manager
    const { text } = message.copy().set('id', id);
    const { newest } = this.#exchanges;
    if ((about && this.#exchanges.has(about)) || this.#listeners.size > 0 || !newest) this.notify(text, about);
    else newest.tell(text);
  }

  /** @param {number} number @param {Pending | undefined} about */
  withdraw(number, about) {
    const id = idFor(number, this.#row.values?.lives);
    this.#questions.delete(id);
    this.notify(withdrawal(id), about);
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
   * @param {number | undefined} timeout
   */
  beat(now, timeout) {
    this.#timeout = timeout;
    this.#exchanges.beat(now);
    this.#listeners.beat(now);
    for (const [id, since] of this.#questions) if (now - since >= QUESTION) this.#questions.delete(id);
    // The server is told, and the slot of the request is free again.
    for (const pending of this.#exchanges.overdue(now, timeout)) pending.cancel('the request timed out', TIMED_OUT);
    for (const pending of this.#exchanges.stuck(now, timeout)) pending.cancel('the request timed out', NOT_SENT);
  }

  /** Called when the session ends. */
  end() {
    this.#listeners.close();
    this.#exchanges.fail(ENDED);
  }
}

/** Whether a message of the client waits for the server: @param {RawJson} body */
export function needsServer(body) {
  const messages = /** @type {RawJson[]} */ (itemsOf(body) ?? [body]);
  return messages.some((message) => isRequest(message) && message.get('method') !== 'ping');
}

// Responses to requests that cannot be sent to the server.
/** @param {RpcError} refusal @param {string[]} ids @param {boolean} isBatch @returns {Answer} */
function failed(refusal, ids, isBatch) {
  const answers = ids.map((id) => error(id, refusal));
  return { status: 200, body: isBatch ? `[${answers}]` : (answers[0] ?? '') };
}

/** @param {RawJson} message */
function isRequest(message) {
  const { method, id } = /** @type {Rpc} */ (message.value);
  return method !== undefined && id !== undefined;
}

// The id of a request as it was written, so that 1 and 1.0, and numbers beyond 2⁵³, remain what they are.
/** @param {RawJson} message @returns {string} */
function idOf(message) {
  return message.token('id') ?? '';
}
