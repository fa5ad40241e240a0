// The way of requests of 2026-07-28 to their server. They have no session, so each of them goes to an address that works.
// @ts-check

import { startOf } from '../bounded.js';
import { repeated } from '../kept-connections.js';
import { log } from '../log.js';
import { isRead } from '../reads.js';
import { fetchWithin } from '../redirects.js';
import { choicesOf, isForCanary } from './choice.js';
import { countFailover, countRequestTo, noteOpening } from './counts.js';
import { isOfProxy } from './evidence.js';
import { answers, Silence } from './silence.js';

/** @import { IncomingRequest } from '../incoming-request.js' */
/** @import { Address, Identity, Settings } from '../types.js' */

/** @typedef {{ response?: Response, error?: unknown }} Outcome with an error, the address is out of reach */

const SMALL = 64 * 1024; // bytes
const LISTEN = 'subscriptions/listen'; // may be silent for hours

/**
 * The way of the requests that one of a client leads to.
 * @param {IncomingRequest} incoming
 * @param {Identity} identity
 * @param {string} url of the server
 */
export function modernRoute({ settings, route: { subject: server }, head }, { index: user, key }, url) {
  const topology = settings.topology.get(server);
  const isSingle = !topology || (topology.addresses.length === 1 && !topology.canary);
  const isCanary = !isSingle && isForCanary(topology, user, head);
  const choices = isSingle ? [] : choicesOf(topology, user, isCanary, settings.drains);
  return new ModernRoute({ settings, server, user, key, url, isCanary, choices });
}

class ModernRoute {
  #settings;
  #server;
  #user;
  #key;
  #url;
  #choices;
  /** @type {string | undefined} the place in the configuration of the address that was asked last */
  replica;

  /**
   * @param {{ settings: Settings, server: string, user: string, key: string, url: string, isCanary: boolean, choices: Address[] }} options `choices` is
   *   empty if the server has one address
   */
  constructor({ settings, server, user, key, url, isCanary, choices }) {
    this.#settings = settings;
    this.#server = server;
    this.#user = user;
    this.#key = key;
    this.#url = url;
    this.#choices = choices;
    this.isCanary = isCanary;
  }

  /** All URLs to which a request may go. */
  get urls() {
    return this.#choices.length > 0 ? this.#choices.map(({ url }) => url) : [this.#url];
  }

  /** @param {RequestInit} init @returns {Promise<Response>} */
  async send(init) {
    const { response, error } = await (this.#choices.length > 0 ? this.#sendToSome(init) : this.#sendToOne(init));
    this.#note(error, init);
    if (response) return response;
    throw error;
  }

  // The users of an isolate share what they learn about a server: new sessions wait while it is out of reach (circuit.js).
  /** @param {unknown} error @param {RequestInit} init */
  #note(error, { signal }) {
    const { circuit } = this.#settings;
    if (!error) circuit.worked(this.#server);
    else if (!signal?.aborted && circuit.failed(this.#server, this.#key)) noteOpening(this.#server, 'all');
  }

  /** @param {RequestInit} init @returns {Promise<Outcome>} */
  async #sendToOne(init) {
    try {
      return this.#judged(await repeated(this.#url, init, fetchWithin, methodOf(init)));
    } catch (error) {
      return { error };
    }
  }

  /** @param {RequestInit} init @returns {Promise<Outcome>} */
  async #sendToSome(init) {
    const { health } = this.#settings;
    const method = methodOf(init);
    const left = [...this.#choices];
    // Reads are sent again at once, to another address.
    for (;;) {
      const address = health.best(this.#user, left);
      left.splice(left.indexOf(address), 1);
      const isRepeatable = left.length > 0 && isRead(method);
      const outcome = await this.#attempt(address, init, method, isRepeatable);
      if (!outcome.error || !isRepeatable || init.signal?.aborted) return outcome;
      countFailover('request', address);
      log('info', 'addressSkipped', { server: this.#server, host: new URL(address.url).host });
      await outcome.response?.body?.cancel();
    }
  }

  /** @param {Address} address @param {RequestInit} init @param {string} method @param {boolean} isRepeatable @returns {Promise<Outcome>} */
  async #attempt(address, init, method, isRepeatable) {
    const { health } = this.#settings;
    this.replica = address.replica;
    /** @type {Outcome} */
    let outcome;
    try {
      const response = await (method === LISTEN
        ? fetchWithin(address.url, init)
        : this.#sendWatched(address, init, isRepeatable));
      outcome = this.#judged(response);
    } catch (error) {
      outcome = { error };
    }
    countRequestTo(address, outcome.response?.status ?? 0);
    if (!outcome.error) health.worked(this.#user, address);
    else if (!init.signal?.aborted) health.failed(this.#user, address); // otherwise the client has gone
    return outcome;
  }

  /** @param {Response} response @returns {Outcome} */
  #judged(response) {
    if (!isOfProxy(this.#settings.gateway, response)) return { response };
    return { response, error: new Error(`HTTP status ${response.status}`) };
  }

  // With other addresses, a silent one is not waited for without end: what only reads goes elsewhere, and anything else fails when its address does not
  // answer a discovery either.
  /** @param {Address} address @param {RequestInit} init @param {boolean} isRepeatable */
  async #sendWatched({ url }, init, isRepeatable) {
    const { timeout } = this.#settings.servers[this.#server];
    const silence = new Silence(init.signal, timeout, isRepeatable ? undefined : () => answers(url, init, timeout));
    try {
      return await begun(await fetchWithin(url, { ...init, signal: silence.signal }));
    } catch (error) {
      throw silence.error ?? error;
    } finally {
      silence.end();
    }
  }
}

// The same response, when its body has begun, and that of a small JSON response has ended: some proxies send a head for a server that is silent.
/** @param {Response} response */
async function begun(response) {
  if (response.status !== 200) return response;
  const isJson = /^application\/json/i.test(response.headers.get('content-type') ?? '');
  const start = await startOf(response.body, isJson ? SMALL : 0);
  return new Response(start.text ?? start.whole, response);
}

/** What URLs may have that errors must not show: @param {string[]} urls */
export function secretsIn(urls) {
  return urls.flatMap((url) => {
    const { searchParams, username, password } = new URL(url);
    return [...searchParams.values(), username, password];
  });
}

// 2026-07-28 basic/transports: the header names the method of the body.
/** @param {RequestInit} init */
function methodOf({ headers }) {
  return (headers instanceof Headers && headers.get('mcp-method')) || '';
}
