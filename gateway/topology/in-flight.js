// The requests of a session that are in flight at its address: they are given up together when the session leaves an address that hangs.
// @ts-check

const MOST_BODIES = 64; // those of older responses are no longer given up

export class InFlight {
  /** @type {Set<AbortController>} without a response */
  #unanswered = new Set();
  /** @type {WeakRef<AbortController>[]} whose response may still have a body; no event tells of its end */
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
    if (!hasBody) return;
    if (this.#answered.length >= MOST_BODIES) {
      const alive = this.#answered.filter((other) => other.deref() !== undefined);
      this.#answered = alive.slice(-MOST_BODIES + 1);
    }
    this.#answered.push(new WeakRef(aborter));
  }

  /** @param {Error} reason */
  giveUp(reason) {
    const all = [...this.#unanswered, ...this.#answered.map((other) => other.deref())];
    this.#unanswered.clear();
    this.#answered = [];
    for (const aborter of all) aborter?.abort(reason);
  }
}
