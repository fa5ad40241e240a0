// Pings a server that has other addresses, while it says nothing about a request of a session: two such pings in a row without an answer make the session
// leave its address (session-route.js), and what is in flight there ends.
// @ts-check

import { checkOf, silenceOf } from './silence.js';

/** @typedef {(timeout: number) => Promise<unknown> | undefined} Ping */
/** @typedef {{ readonly turn: number, hangs(turn: number): void }} Way of the session: session-route.js */

const SILENT = new Set(['request_timeout', 'network_error', 'circuit_open']);

export class ServerCheck {
  #timeout;
  #ping;
  #way;
  #isRunning = false;
  #answeredAt = 0;

  /** @param {number | undefined} timeout of the server's requests @param {Way} way @param {Ping} ping */
  constructor(timeout, way, ping) {
    this.#timeout = timeout;
    this.#way = way;
    this.#ping = ping;
  }

  /**
   * Sends a ping, if one is due. Returns a promise of its end then.
   * @param {number} since when the last message about a request came
   * @param {number} now
   */
  due(since, now) {
    if (this.#isRunning || now - Math.max(since, this.#answeredAt) < silenceOf(this.#timeout)) return undefined;
    this.#isRunning = true;
    return this.#run();
  }

  async #run() {
    const { turn } = this.#way;
    const isThere = (await this.#isAnswered()) || (await this.#isAnswered());
    if (isThere) this.#answeredAt = Date.now();
    else this.#way.hangs(turn);
    this.#isRunning = false;
  }

  async #isAnswered() {
    try {
      await this.#ping(checkOf(this.#timeout));
      return true;
    } catch (error) {
      return !SILENT.has(/** @type {{ code: string }} */ (error).code); // an error of the server is an answer
    }
  }
}
