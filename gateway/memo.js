// Answers that were worked out lately. They depend on nothing but their keys, so all may be forgotten at any time.
// @ts-check

const MAX_ENTRIES = 1_000;
const MAX_KEY = 2_000; // what is longer is worked out each time: a flood of long keys is not to fill the memory

/** @template T */
export class Memo {
  /** @type {Map<string, T>} */
  #entries = new Map();

  /** @param {string} key */
  get(key) {
    return this.#entries.get(key);
  }

  /**
   * Keeps an answer, and returns it.
   * @param {string} key
   * @param {T} value
   */
  set(key, value) {
    if (key.length > MAX_KEY) return value;
    if (this.#entries.size >= MAX_ENTRIES) this.#entries.clear();
    this.#entries.set(key, value);
    return value;
  }
}
