// The requests of one session that have no answer yet, and which of them a new request repeats.
//
// A call that is sent again has a new id, and nothing is ever settled under the old one. Where an event names the request
// that it replaces, that is the answer. Otherwise it is inferred: calls go again in the order in which they first went,
// after a new handshake, or after a wait that the server asked for, or it shows when a call turns out to be older than
// its last request.
// @ts-check

/** @import { SessionEventDetail } from 'mcp-tether' */

/**
 * A request without an answer, and what it is drawn as.
 * @template Item
 * @typedef {{ requestId: number | undefined, method: string | undefined, generation: number, at: number, item: Item | undefined, repeats: boolean }} Open
 */

const slack = 4; // milliseconds by which clock readings of one moment may differ

/** @template [Item=unknown] */
export class OpenRequests {
  /** @type {Map<number | undefined, Open<Item>>} */
  #open = new Map();
  #refusedBefore = 0; // what was under way then was refused, until `#waitsUntil`
  #waitsUntil = 0;
  /** @type {{ method: string, until: number }[]} */
  #rests = []; // calls that wait by themselves, as { method, until }

  get size() {
    return this.#open.size;
  }

  /** @param {string | undefined} method */
  count(method) {
    let n = 0;
    for (const request of this.#open.values()) if (request.method === method) n += 1;
    return n;
  }

  /**
   * Notes a wait: of one call where a method is named, else of the whole session.
   * @param {SessionEventDetail} detail
   */
  wait({ at, delayMs = 0, stream, method }) {
    if (stream) return;
    if (method) {
      this.#rests.push({ method, until: at + delayMs });
      return;
    }
    this.#refusedBefore = at;
    this.#waitsUntil = at + delayMs;
  }

  /**
   * Notes a request; returns the `item` of the one that it repeats, if any.
   * @param {SessionEventDetail} detail
   * @param {Item} [item]
   * @returns {Item | undefined}
   */
  send(detail, item) {
    const { requestId, method, generation, at, replaces } = detail;
    const first =
      replaces === undefined
        ? (this.#find(
            (request) =>
              request.method === method && (request.generation < generation || this.#wasRefused(request, at)),
          ) ?? this.#rested(method, at))
        : this.#open.get(replaces);
    if (first) this.#open.delete(first.requestId);
    this.#open.set(requestId, { requestId, method, generation, at, item, repeats: first !== undefined });
    return first?.item;
  }

  /**
   * Notes an answer; returns the items of the request that it belongs to and of one that this had repeated unseen.
   * @param {SessionEventDetail} detail
   */
  settle({ requestId, method, at, durationMs = 0 }) {
    const request = this.#open.get(requestId);
    this.#open.delete(requestId);
    const began = at - durationMs - slack;
    let first;
    if (request && !request.repeats && request.at > began + 2 * slack) {
      first = this.#find((other) => other.method === method && other.at >= began && other.at < request.at);
      if (first) this.#open.delete(first.requestId);
    }
    return { item: request?.item, first: first?.item };
  }

  /** @param {Open<Item>} request @param {number} at */
  #wasRefused(request, at) {
    return this.#refusedBefore > 0 && request.at <= this.#refusedBefore + slack && at >= this.#waitsUntil - slack;
  }

  /**
   * The oldest open request of a method, if one of that method has rested.
   * @param {string | undefined} method
   * @param {number} at
   */
  #rested(method, at) {
    const index = this.#rests.findIndex((rest) => rest.method === method && at >= rest.until - slack);
    if (index < 0) return undefined;
    this.#rests.splice(index, 1);
    return this.#find((request) => request.method === method);
  }

  /** @param {(request: Open<Item>) => boolean} fits */
  #find(fits) {
    for (const request of this.#open.values()) if (fits(request)) return request;
    return undefined;
  }
}
