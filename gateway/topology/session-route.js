// The way of one session to its server: the address, and the cookies of load balancers. The session's manager knows one URL; what it sends goes to the
// session's address. An address that fails twice in a row is left: the next one answers that it does not know the session, and the manager recovers it.
// @ts-check

import { log } from '../log.js';
import { fetchWithin } from '../redirects.js';
import { sessionFetch } from '../session-fetch.js';
import { choicesOf } from './choice.js';
import { countFailover, countRequestTo } from './counts.js';
import { isOfProxy, isPause } from './evidence.js';
import { InFlight } from './in-flight.js';
import { Unanswered } from './silence.js';

/** @import { Gateway } from 'gateway-module' */
/** @import { Address, Env, Topology } from '../types.js' */
/** @import { Drains } from './drains.js' */
/** @import { Health } from './health.js' */
/** @import { Jar } from './jar.js' */
/** @import { PlaceRecord } from './place-record.js' */

/** @typedef {'discovery' | 'handshake' | 'ping' | 'other'} Kind */
/** @typedef {RequestInit & { headers?: Record<string, string> }} Init what the manager passes to `fetch` */
/** @typedef {{ response?: Response, error?: unknown, isDown: boolean }} Outcome */

const FAILURES = 2; // in a row, after which a session leaves its address
const WRITTEN = 60_000; // milliseconds between two writes of cookies that balancers change with each response
const HEAD = 120; // characters; the manager writes the method at the beginning
const REQUEST = /^\{"jsonrpc":"2\.0","id":\d+,"method"/;
const METHOD = /"method":"(initialize|server\/discover|ping)"/;
/** @type {Record<string, Kind>} */
const kinds = { initialize: 'handshake', 'server/discover': 'discovery', ping: 'ping' };

export class SessionRoute {
  #server;
  #topology;
  #user;
  #gateway;
  #health;
  #drains;
  #env;
  #record;
  #isCanary;
  #stored;
  /** @type {Promise<void> | undefined} */
  #opening; // of the jar
  /** @type {Jar | undefined} */
  #jar;
  /** @type {Address | undefined} */
  #address; // undefined: not chosen yet
  #inFlight = new InFlight();
  #clock = 0; // counts requests and failures, to tell which came first
  #failures = 0;
  #failedAt = 0;
  #leftAt = 0;
  #writtenAt = 0;
  #isWritten = true;

  /**
   * @param {object} options
   * @param {string} options.server its name
   * @param {Topology} options.topology
   * @param {string} options.user
   * @param {Gateway} options.gateway
   * @param {Health} options.health
   * @param {Drains} options.drains
   * @param {Env} options.env
   * @param {PlaceRecord} options.record
   * @param {boolean} options.isCanary of a session that is being opened
   */
  constructor({ server, topology, user, gateway, health, drains, env, record, isCanary }) {
    this.#server = server;
    this.#topology = topology;
    this.#user = user;
    this.#gateway = gateway;
    this.#health = health;
    this.#drains = drains;
    this.#env = env;
    this.#record = record;
    const stored = record.read();
    this.#isCanary = stored?.isCanary ?? isCanary;
    this.#stored = stored?.cookies;
    if (stored) this.#address = this.#known(stored.address);
  }

  /**
   * Sends a request of the manager.
   * @param {string} url
   * @param {RequestInit} [given]
   * @returns {Promise<Response>}
   */
  async fetch(url, given = {}) {
    const init = /** @type {Init} */ (given);
    const kind = kindOf(init);
    if (this.#topology.cookies && !this.#jar) {
      this.#opening ??= this.#openJar();
      await this.#opening;
    }
    if (isOpening(kind)) {
      await this.#drains.refreshed(this.#env);
      this.#choose();
    }
    for (let turn = 1; ; turn += 1) {
      this.#clock += 1;
      const began = this.#clock;
      const asked = this.#current;
      const { response, error, isDown } = await this.#attempt(url, init, kind);
      countRequestTo(asked, response?.status ?? 0);
      if (!isDown) this.#worked(response, kind);
      const canRepeat = isDown && this.#failed(began, init) && kind !== 'other' && turn <= this.#most;
      if (!canRepeat || init.signal?.aborted) {
        if (response) return isDown && response.status === 200 ? badGateway(response) : response;
        throw error;
      }
      await response?.body?.cancel();
    }
  }

  /** Whether the server has other addresses than its own. */
  get hasOthers() {
    return this.#topology.addresses.length > 1 || this.#topology.canary !== undefined;
  }

  /** A number for `hangs`. */
  get turn() {
    return this.#clock;
  }

  /** Its address has not answered since then, though some of its responses may have begun: @param {number} turn */
  hangs(turn) {
    if (turn > this.#leftAt && this.#leave()) this.#giveUp();
  }

  // Other requests would wait as long as their clients do.
  #giveUp() {
    this.#inFlight.giveUp(new Unanswered('the server stopped answering, and its connections were given up'));
  }

  /** Its address, by the place of that in the configuration. */
  get replica() {
    return this.#current.replica;
  }

  /** Writes what is not written yet: this instance may be evicted. */
  rest() {
    if (!this.#isWritten) this.#write();
  }

  // Evaluating the library, with its list of public suffixes, would delay the start of every isolate.
  async #openJar() {
    const { Jar } = await import('./jar.js');
    this.#jar = new Jar(this.#stored);
  }

  get #choices() {
    return choicesOf(this.#topology, this.#user, this.#isCanary, this.#drains);
  }

  get #most() {
    return this.#choices.length + 1; // once more without cookies
  }

  // A session that has a record without an address that is still configured goes on at another one.
  /** @param {string | undefined} text */
  #known(text) {
    const { addresses, canary } = this.#topology;
    const all = this.#isCanary && canary ? [canary.address, ...addresses] : addresses;
    return all.find((address) => address.text === text) ?? this.#health.best(this.#user, this.#choices);
  }

  // Before a handshake every address will do: not one that is out of reach, or drained.
  #choose() {
    const choices = this.#choices;
    const current = choices.find(({ text }) => text === this.#address?.text);
    if (current && !this.#health.isDown(this.#user, current)) return;
    this.#move(this.#health.best(this.#user, choices));
  }

  // A session of an earlier version, or from before the server had replicas, is at the first address.
  get #current() {
    return this.#address ?? this.#topology.addresses[0];
  }

  /** @param {string} url @param {Init} init @param {Kind} kind @returns {Promise<Outcome>} */
  async #attempt(url, init, kind) {
    const target = this.#target(url);
    const aborter = this.hasOthers ? this.#inFlight.begin(init.signal) : undefined;
    const own = aborter ? { ...init, signal: aborter.signal } : init;
    let hasBody = false;
    try {
      const sent = await sessionFetch(target, this.#withCookies(target, own), (to, options) =>
        this.#send(to, options, to === url, kind),
      );
      const response = /** @type {Response} */ (sent);
      hasBody = Boolean(response.body);
      const isFinal = !isOpening(kind) && isPause(response);
      return { response, isDown: !isFinal && isOfProxy(this.#gateway, response, isRequest(init)) };
    } catch (error) {
      // A client that cancels a request says nothing about the server; the manager's own requests have a timeout.
      return { error, isDown: kind !== 'other' || !init.signal?.aborted };
    } finally {
      if (aborter) this.#inFlight.answered(aborter, hasBody);
    }
  }

  /** @param {string} url @param {RequestInit} init @param {boolean} isFirst whether the manager itself follows redirects @param {Kind} kind */
  async #send(url, init, isFirst, kind) {
    const response = await (isFirst ? fetch(url, init) : fetchWithin(url, init));
    if (this.#jar?.take(url, response.headers)) {
      this.#isWritten = false;
      if (isOpening(kind) || Date.now() - this.#writtenAt > WRITTEN) this.#write();
    }
    return response;
  }

  /** @param {string} url */
  #target(url) {
    const { url: first } = this.#topology;
    const { url: own } = this.#current;
    if (own === first) return url;
    if (url === first) return own;
    const { protocol, hostname, port } = new URL(own);
    return Object.assign(new URL(url), { protocol, hostname, port }).href;
  }

  /** @param {string} url @param {Init} init @returns {RequestInit} */
  #withCookies(url, init) {
    const cookies = this.#jar?.headerFor(url);
    if (!cookies) return init;
    const { cookie: own, ...headers } = init.headers ?? {};
    return { ...init, headers: { ...headers, cookie: own ? `${own}; ${cookies}` : cookies } };
  }

  /** @param {Response | undefined} response @param {Kind} kind */
  #worked(response, kind) {
    if (!response) return;
    this.#failures = 0;
    this.#health.worked(this.#user, this.#current);
    // The cookies may lead to a replica that cannot open a session. A login or a pause changes nothing about that.
    const isRefused = response.status >= 400 && ![401, 403, 429].includes(response.status) && !isPause(response);
    if (kind === 'handshake' && isRefused) this.#dropCookies();
  }

  // Returns whether the request would take another way now.
  /** @param {number} began @param {Init} init */
  #failed(began, init) {
    if (began <= this.#leftAt) return true;
    if (began > this.#failedAt) this.#failures += 1; // requests that fail together are one failure
    this.#clock += 1;
    this.#failedAt = this.#clock;
    const hasSession = init.headers?.['mcp-session-id'] !== undefined;
    if (hasSession && this.#failures < FAILURES) return false;
    const isSilent = init.signal?.aborted; // a ping or a handshake without an answer in its time
    const isElsewhere = this.#leave();
    if (isSilent && isElsewhere) this.#giveUp();
    return isElsewhere;
  }

  #leave() {
    const from = this.#current;
    this.#health.failed(this.#user, from);
    this.#failures = 0;
    const others = this.#choices.filter(({ text }) => text !== from.text);
    const to = others.length > 0 ? this.#health.best(this.#user, others) : from;
    const isElsewhere = to !== from || (this.#jar?.size ?? 0) > 0;
    this.#clock += 1;
    if (isElsewhere) this.#leftAt = this.#clock;
    if (to !== from) countFailover('session', from);
    this.#move(to);
    return isElsewhere;
  }

  // Cookies lead to a replica behind an address, and are of no use at another one; or they lead to one that is dead.
  /** @param {Address} to */
  #move(to) {
    const from = this.#address;
    if (from && from.text !== to.text)
      log('info', 'addressLeft', { server: this.#server, from: new URL(from.url).host, to: new URL(to.url).host });
    if (from?.text === to.text && !this.#jar?.size) return;
    this.#address = to;
    this.#jar?.clear();
    this.#write();
  }

  #dropCookies() {
    if (!this.#jar?.size) return;
    this.#jar.clear();
    this.#write();
  }

  #write() {
    this.#isWritten = true;
    this.#writtenAt = Date.now();
    this.#record.write({
      address: this.#current.text,
      cookies: this.#jar?.size ? this.#jar.text : undefined,
      isCanary: this.#isCanary || undefined,
    });
  }
}

/** @param {Init} init @returns {Kind} */
function kindOf({ body, headers }) {
  if (typeof body !== 'string') return 'other';
  const kind = kinds[METHOD.exec(body.slice(0, HEAD))?.[1] ?? ''] ?? 'other';
  return isOpening(kind) && headers?.['mcp-session-id'] !== undefined ? 'other' : kind;
}

// A page in place of an answer says that there is no server behind its proxy: as 502 does, which the manager understands.
/** @param {Response} response */
function badGateway({ headers, body }) {
  return new Response(body, { status: 502, headers });
}

/** @param {Init} init */
function isRequest({ body }) {
  return typeof body === 'string' && REQUEST.test(body);
}

/** @param {Kind} kind */
function isOpening(kind) {
  return kind === 'discovery' || kind === 'handshake';
}
