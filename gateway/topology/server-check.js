// Pings a server that has other addresses, while it says nothing about a request of a session: two such pings in a row without an answer make the session
// leave its address (session-route.js), and what is in flight there ends.
// @ts-check

import { checkOf, silenceOf } from './silence.js';

/** @typedef {(timeout: number) => Promise<unknown> | undefined} Ping */

export class ServerCheck {
  #timeout;
  #ping;
  #isRunning = false;
  #answeredAt = 0;

  /** @param {number | undefined} timeout of the server's requests @param {Ping} ping */
  constructor(timeout, ping) {
    this.#timeout = timeout;
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
    try {
      await this.#answered().catch(() => this.#answered());
      this.#answeredAt = Date.now();
    } catch {
      // Two in a row: the session is on its way to another address.
    } finally {
      this.#isRunning = false;
    }
  }

  async #answered() {
    await this.#ping(checkOf(this.#timeout));
  }
}
