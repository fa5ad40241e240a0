// Which addresses of servers are out of reach, as far as this isolate knows. A guess for the choice of an address; no request is refused because of it.
// @ts-check

import { noteOpening } from './counts.js';

/** @import { SharedCircuit } from './circuit.js' */
/** @import { Address } from '../types.js' */

const AVOIDED = 10_000; // milliseconds for which a user's requests avoid an address that failed for that user
const MOST = 10_000; // pairs of a user and an address

export class Health {
  #circuit;
  /** @type {Map<string, number>} */
  #avoided = new Map(); // by user and address: until when

  /** @param {SharedCircuit} circuit */
  constructor(circuit) {
    this.#circuit = circuit;
  }

  /** @param {string} user @param {Address} address */
  isDown(user, { url }) {
    return (this.#avoided.get(pair(user, url)) ?? 0) > Date.now() || this.#circuit.admit(url) > 0;
  }

  /** @param {string} user @param {Address} address */
  failed(user, address) {
    const { url, server, replica } = address;
    const name = pair(user, url);
    this.#avoided.delete(name);
    this.#avoided.set(name, Date.now() + AVOIDED);
    const [oldest] = this.#avoided.keys();
    if (this.#avoided.size > MOST && oldest !== undefined) this.#avoided.delete(oldest);
    if (this.#circuit.failed(url, user)) noteOpening(server, replica);
  }

  /** @param {string} user @param {Address} address */
  worked(user, { url }) {
    if (this.#avoided.size > 0) this.#avoided.delete(pair(user, url));
    this.#circuit.worked(url);
  }

  /**
   * The first of these addresses that is not known to be out of reach, otherwise the first one.
   * @param {string} user
   * @param {Address[]} addresses at least one
   */
  best(user, addresses) {
    return addresses.find((address) => !this.isDown(user, address)) ?? addresses[0];
  }
}

/** @param {string} user @param {string} url */
function pair(user, url) {
  return `${user}\n${url}`;
}
