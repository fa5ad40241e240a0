// The clients' `fetch`, which can go offline and then fails like the browser's.
// @ts-check

/** @typedef {(send: () => Promise<Response>, cut: AbortController) => Promise<Response>} Trouble a fault for one call */

export class Network extends EventTarget {
  #page;
  #addresses;
  /** @type {Error | undefined} */
  #gone; // the error of all requests while offline
  #online = new AbortController(); // aborted when going offline: ends pending requests
  /** @type {Trouble[]} */
  #next = []; // faults for the next calls

  /**
   * @param {string} [page] the name that the servers get with each request
   * @param {string[]} [addresses] of these servers
   */
  constructor(page, addresses = []) {
    super();
    this.#page = page;
    this.#addresses = new Set(addresses.map((address) => new URL(address, document.baseURI).href));
  }

  get offline() {
    return this.#gone !== undefined;
  }

  /**
   * Cuts open connections and refuses new ones for the given time.
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

  /** Breaks the response to the next tool call as soon as it begins. */
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
    const send = () => fetch(this.#named(url), { ...init, signal });
    const isCall = typeof init.body === 'string' && init.body.includes('"method":"tools/call"');
    const trouble = isCall ? this.#next.shift() : undefined;
    return trouble ? trouble(send, cut) : send();
  };

  /** With the client's and the page's name for the servers that count. @type {(url: Parameters<typeof fetch>[0]) => Parameters<typeof fetch>[0]} */
  #named(url) {
    if (this.#page === undefined || url instanceof Request) return url;
    const named = new URL(url, document.baseURI);
    const client = named.searchParams.get('client') ?? 'mcp-tether';
    named.search = '';
    if (!this.#addresses.has(named.href)) return url;
    named.searchParams.set('client', `${client}.${this.#page}`);
    return named;
  }
}
