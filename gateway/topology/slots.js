// How many requests an isolate has in flight at one server, with a bounded queue.
//
// In workerd, work for one request must not be done by another one, so each waiting request looks for its turn with a timer of its own.
// @ts-check

const QUEUED = 4; // waiting requests per slot
const PATIENCE = 10_000; // milliseconds that a request waits
const LOOK = 20; // milliseconds between two looks
const GONE = 1_000; // milliseconds without a look, after which a waiting request has ended
const LONGEST = 600_000; // milliseconds after which a slot is given back: workerd does not tell of all requests that end

/** @typedef {{ seen: number }} Waiting */
/** @typedef {{ since: number }} Slot */

export class Slots {
  #most;
  /** @type {Set<Slot>} */
  #taken = new Set();
  /** @type {Set<Waiting>} */
  #queue = new Set(); // in the order of their arrival

  /** @param {number} most */
  constructor(most) {
    this.#most = most;
  }

  /**
   * Takes a slot, and resolves with what gives it back; with undefined if the queue is full, or if no slot becomes free in time.
   * @param {AbortSignal} [signal] of the request that waits
   * @returns {Promise<(() => void) | undefined>}
   */
  async take(signal) {
    const begin = Date.now();
    this.#forgetOld(begin);
    if (this.#queue.size === 0 && this.#taken.size < this.#most) return this.#use(begin);
    if (this.#queue.size >= this.#most * QUEUED) return undefined;
    /** @type {Waiting} */
    const own = { seen: begin };
    this.#queue.add(own);
    try {
      for (let now = begin; now - begin < PATIENCE && !signal?.aborted; now = Date.now()) {
        own.seen = now;
        this.#queue.add(own); // unless it is still there
        this.#forgetOld(now);
        const [first] = this.#queue;
        if (first === own && this.#taken.size < this.#most) return this.#use(now);
        await new Promise((resolve) => setTimeout(resolve, LOOK));
      }
      return undefined;
    } finally {
      this.#queue.delete(own);
    }
  }

  /** @param {number} now */
  #use(now) {
    /** @type {Slot} */
    const slot = { since: now };
    this.#taken.add(slot);
    return () => {
      this.#taken.delete(slot);
    };
  }

  /** @param {number} now */
  #forgetOld(now) {
    for (const slot of this.#taken) if (now - slot.since > LONGEST) this.#taken.delete(slot);
    for (const waiting of this.#queue) if (now - waiting.seen > GONE) this.#queue.delete(waiting);
  }
}
