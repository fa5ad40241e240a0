// The page's network, which can be taken away: `fetch` for the clients, failing as the browser's own does when it is gone.
// @ts-check

/** @typedef {(send: () => Promise<Response>, cut: AbortController) => Promise<Response>} Trouble what happens to a call */

export class Network extends EventTarget {
  /** @type {Error | undefined} */
  #gone; // the error that everything fails with while the network is gone
  #online = new AbortController(); // aborted when it goes: ends what is under way
  /** @type {Trouble[]} */
  #next = []; // what happens to the next calls: a function each

  get offline() {
    return this.#gone !== undefined;
  }

  /**
   * Cuts what is open and refuses what comes, for so long.
   * @param {number} ms
   */
  async goOffline(ms) {
    this.#gone = new TypeError('Failed to fetch');
    this.#online.abort(this.#gone);
    this.dispatchEvent(new Event('change'));
    await new Promise((resolve) => {
      setTimeout(resolve, ms);
    });
    this.#gone = undefined;
    this.#online = new AbortController();
    this.dispatchEvent(new Event('change'));
  }

  /**
   * Delays the next tool call.
   * @param {number} ms
   */
  delayNext(ms) {
    this.#next.push(async (send) => {
      await new Promise((resolve) => {
        setTimeout(resolve, ms);
      });
      return send();
    });
  }

  /** Breaks the answer to the next tool call as soon as it begins. */
  cutNext() {
    this.#next.push(async (send, cut) => {
      const response = await send();
      cut.abort(new TypeError('network error'));
      return response;
    });
  }

  /** @type {typeof fetch} */
  fetch = (url, init = {}) => {
    if (this.#gone) return Promise.reject(new TypeError('Failed to fetch'));
    const cut = new AbortController();
    const signal = AbortSignal.any([this.#online.signal, cut.signal, ...(init.signal ? [init.signal] : [])]);
    const send = () => fetch(url, { ...init, signal });
    const isCall = typeof init.body === 'string' && init.body.includes('"method":"tools/call"');
    const trouble = isCall ? this.#next.shift() : undefined;
    return trouble ? trouble(send, cut) : send();
  };
}
