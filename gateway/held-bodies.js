// Bodies that the entry fetches from a session's object. A call from the entry costs a third less than a request, but it carries no large body, and a
// reader of a stream from it is never seen to leave.
// @ts-check

/** @import { Answer, ObjectAnswer } from './types.js' */

const LARGE = 1_000_000; // characters: a call between entry and object carries 32 MB at most

export class HeldBodies {
  /** @type {Map<number, { body: NonNullable<Answer['body']>, since: number }>} */
  #held = new Map();
  #last = 0;

  /**
   * The answer as a call carries it: with the number of its body where the entry has to fetch that.
   * @param {ObjectAnswer | undefined} answer
   * @returns {ObjectAnswer | undefined}
   */
  handOver(answer) {
    const body = answer?.body;
    if (!body || (typeof body === 'string' && body.length <= LARGE)) return answer;
    this.#last += 1;
    this.#held.set(this.#last, { body, since: Date.now() });
    return { ...answer, body: null, bodyNumber: this.#last };
  }

  /** The response that carries a body: @param {number} number of the body */
  fetch(number) {
    const held = this.#held.get(number);
    this.#held.delete(number);
    return held ? new Response(held.body) : new Response(null, { status: 404 });
  }

  /**
   * Drops bodies that have waited for so long: the entry that asked for them is gone.
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
