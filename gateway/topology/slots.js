// How many requests an isolate has in flight at one server, with a bounded queue.
//
// In workerd, work for one request must not be done by another one, so each waiting request looks for its turn with a timer of its own.
// @ts-check

const QUEUED = 4; // waiting requests per slot
const PATIENCE = 10_000; // milliseconds that a request waits
const LOOK = 20; // milliseconds between two looks
const GONE = 1_000; // milliseconds without a look, after which a waiting request has ended
const BEAT = 1_000; // milliseconds between two signs of life of a request in flight
// Milliseconds without one, after which a request in flight has ended: workerd does not tell of all that end when their client leaves, but their timers stop.
const LOST = 4_000;

/** @typedef {{ seen: number }} Sign when a request was seen last */

export class Slots {
  #most;
  /** @type {Set<Sign>} */
  #taken = new Set();
  /** @type {Set<Sign>} */
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
    if (signal?.aborted) return undefined;
    const begin = Date.now();
    this.#forgetOld(begin);
    if (this.#queue.size === 0 && this.#taken.size < this.#most) return this.#use(begin);
    if (this.#queue.size >= this.#most * QUEUED) return undefined;
    /** @type {Sign} */
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
    /** @type {Sign} */
    const slot = { seen: now };
    this.#taken.add(slot);
    const beat = setInterval(() => {
      slot.seen = Date.now();
      this.#taken.add(slot); // unless it is still there
    }, BEAT);
    return () => {
      clearInterval(beat);
      this.#taken.delete(slot);
    };
  }

  /** @param {number} now */
  #forgetOld(now) {
    for (const slot of this.#taken) if (now - slot.seen > LOST) this.#taken.delete(slot);
    for (const waiting of this.#queue) if (now - waiting.seen > GONE) this.#queue.delete(waiting);
  }
}
