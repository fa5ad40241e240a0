// The unanswered requests of one session, and which of them a new request retries.
//
// A retried call has a new id, and the old one is never settled. Some events name the request that they replace. Otherwise it is inferred: calls are
// retried in their original order, after a new handshake or after a `Retry-After`, or the settled call turns out to be older than its last request.
// @ts-check

/** @import { SessionEventDetail } from 'mcp-tether' */

/**
 * An unanswered request, and its timeline item.
 * @template Item
 * @typedef {{ requestId: number | undefined, method: string | undefined, generation: number, at: number, item: Item | undefined, repeats: boolean }} Open
 */

const slack = 4; // milliseconds of tolerance between timestamps

/** @template [Item=unknown] */
export class OpenRequests {
  /** @type {Map<number | undefined, Open<Item>>} */
  #open = new Map();
  #refusedBefore = 0; // requests pending at this time were refused, until `#waitsUntil`
  #waitsUntil = 0;
  /** @type {{ method: string, until: number }[]} */
  #rests = []; // individually waiting calls: { method, until }

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
   * Registers a wait: of one call if a method is given, else of the session.
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
   * Registers a request; returns the `item` of the request that it retries, if any.
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
   * Registers a response; returns the items of its request and of one that this request had retried unnoticed.
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
   * The oldest open request of a method, if one of that method has waited.
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
