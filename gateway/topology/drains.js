// Which servers and addresses take no new sessions: those of the configuration, and those that the administrator drains at run time. The registry keeps
// the latter, and each isolate asks it at intervals, when something new arrives.
// @ts-check

import { registry } from '../counters.js';
import { log, wordsOf } from '../log.js';
import { within } from '../patience.js';

/** @import { Address, Env, Topology } from '../types.js' */

/** @typedef {{ server: string, address: string, since: number }} Drain `address` as it is configured; empty: all of the server's */

const FRESH = 5_000; // milliseconds for which an isolate does not ask again
const PATIENCE = 1_000; // milliseconds that a request waits for the registry; then it goes by what is known

/** The address of a drain that is one of the whole server. */
export const WHOLE = '';

export class Drains {
  #topology;
  /** @type {Map<string, Drain>} */
  #drained = new Map();
  #until = 0;
  #isKnown = false;

  /** @param {Map<string, Topology>} topology */
  constructor(topology) {
    this.#topology = topology;
  }

  /** Asks the registry, if that is due: then a promise, which never fails. @param {Env} env @returns {Promise<void> | undefined} */
  refreshed(env) {
    const now = Date.now();
    if (now < this.#until) return undefined;
    // While one request asks, others go by what is known; the first ones of an isolate know nothing yet.
    if (this.#isKnown) this.#until = now + FRESH;
    return this.#ask(env);
  }

  /** @param {Env} env */
  async #ask(env) {
    try {
      let found;
      const asked = registry(env).drains();
      await within(
        asked.then((drains) => {
          found = drains;
        }),
        PATIENCE,
      );
      if (found) this.take(found);
      else throw new Error('the registry does not answer in time');
    } catch (error) {
      log('warn', 'drainsUnknown', { problem: wordsOf(error) });
      this.#until = Date.now() + FRESH;
    }
  }

  /** What the registry has: @param {Drain[]} drains */
  take(drains) {
    this.#drained = new Map(drains.map((drain) => [nameOf(drain.server, drain.address), drain]));
    this.#isKnown = true;
    this.#until = Date.now() + FRESH;
  }

  /** The drain of the administrator's, if there is one: @param {string} server @param {string} address */
  find(server, address) {
    return this.#drained.get(nameOf(server, address));
  }

  /** Whether an address takes no new sessions. @param {Address} address */
  has({ server, text, isDrained }) {
    return isDrained || (this.#drained.size > 0 && this.#drained.has(nameOf(server, text)));
  }

  /** Whether a server takes nothing new at all. @param {string} server */
  hasAll(server) {
    if (this.#drained.size > 0 && this.#drained.has(nameOf(server, WHOLE))) return true;
    return this.#topology.get(server)?.addresses.every((address) => this.has(address)) ?? false;
  }
}

// Names of servers contain no line breaks.
/** @param {string} server @param {string} address */
function nameOf(server, address) {
  return `${server}\n${address}`;
}
