// Answers that were worked out lately. They depend on nothing but their keys, so all may be forgotten at any time.

const MAX_ENTRIES = 1_000;
const MAX_KEY = 2_000; // what is longer is worked out each time: a flood of long keys is not to fill the memory

export class Memo {
  #entries = new Map();

  get(key) {
    return this.#entries.get(key);
  }

  /** Keeps an answer, and returns it. */
  set(key, value) {
    if (key.length > MAX_KEY) return value;
    if (this.#entries.size >= MAX_ENTRIES) this.#entries.clear();
    this.#entries.set(key, value);
    return value;
  }
}
