// Bodies that the entry fetches from a session's object. An RPC call costs a third less than a request, but it cannot carry large bodies, and the
// object cannot detect that the reader of a returned stream has disconnected.
// @ts-check
import { jsonHeaders } from './answers.js';

/** @import { Answer, ObjectAnswer } from './types.js' */

const LARGE = 1_000_000; // characters; an RPC call is limited to 32 MB

export class HeldBodies {
  /** @type {Map<number, { body: NonNullable<Answer['body']>, since: number }>} */
  #held = new Map();
  #last = 0;

  /**
   * The response for an RPC call: with the number of the body if the entry must fetch it.
   * @param {ObjectAnswer | undefined} answer
   * @returns {ObjectAnswer | undefined}
   */
  handOver(answer) {
    const body = answer?.body;
    if (!body || (typeof body === 'string' && body.length <= LARGE)) return answer;
    this.#last += 1;
    this.#held.set(this.#last, { body, since: Date.now() });
    // The entry gets a stream, from which it cannot tell that this is JSON.
    const headers = typeof body === 'string' ? { ...jsonHeaders, ...answer.headers } : answer.headers;
    return { ...answer, headers, body: null, bodyNumber: this.#last };
  }

  /** The Response with a body. @param {number} number of the body */
  fetch(number) {
    const held = this.#held.get(number);
    this.#held.delete(number);
    return held ? new Response(held.body) : new Response(null, { status: 404 });
  }

  /**
   * Drops bodies that were not fetched for this long: the request at the entry is gone.
   * @param {number} now
   * @param {number} longest milliseconds
   */
  dropOld(now, longest) {
    for (const [number, { body, since }] of this.#held) {
      if (now - since < longest) continue;
      this.#held.delete(number);
      if (typeof body !== 'string') body.cancel();
    }
  }
}
