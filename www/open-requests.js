// The unanswered requests of one session. A call that is sent again has a new id, and the event names the one that it replaces.
// @ts-check

/** @import { SessionEventDetail } from 'mcp-tether' */

export class OpenRequests {
  /** @type {Map<number | undefined, string | undefined>} */
  #methods = new Map();

  get size() {
    return this.#methods.size;
  }

  /** @param {string} method */
  count(method) {
    return [...this.#methods.values()].filter((one) => one === method).length;
  }

  /** @param {SessionEventDetail} detail */
  send({ requestId, method, replaces }) {
    if (replaces !== undefined) this.#methods.delete(replaces);
    this.#methods.set(requestId, method);
  }

  /** @param {SessionEventDetail} detail */
  settle({ requestId }) {
    this.#methods.delete(requestId);
  }
}
