// The requests of a session that are in flight at its address: they are given up together when the session leaves an address that hangs.
// @ts-check

const MOST_BODIES = 64; // those of older responses are no longer given up

export class InFlight {
  /** @type {Set<AbortController>} without a response */
  #unanswered = new Set();
  /** @type {AbortController[]} whose response may still have a body; no event tells of its end */
  #answered = [];

  /** A request with this signal begins: @param {AbortSignal | null | undefined} signal */
  begin(signal) {
    const aborter = new AbortController();
    if (signal?.aborted) aborter.abort(signal.reason);
    signal?.addEventListener('abort', () => aborter.abort(signal.reason), { once: true });
    this.#unanswered.add(aborter);
    return aborter;
  }

  /** It has a response, or has failed: @param {AbortController} aborter @param {boolean} hasBody */
  answered(aborter, hasBody) {
    this.#unanswered.delete(aborter);
    if (hasBody && this.#answered.push(aborter) > MOST_BODIES) this.#answered.shift();
  }

  /** @param {Error} reason a failure of the connection, by its words: the reason loses its name in workerd */
  giveUp(reason) {
    const all = [...this.#unanswered, ...this.#answered];
    this.#unanswered.clear();
    this.#answered = [];
    for (const aborter of all) aborter.abort(reason);
  }
}
