// A cache of computed values. They depend only on their keys, so they can be dropped at any time.
// @ts-check

const MAX_ENTRIES = 1_000;
const MAX_KEY = 2_000; // longer keys are not cached: a flood of them must not fill the memory

/** @template T */
export class Memo {
  /** @type {Map<string, T>} */
  #entries = new Map();

  /** @param {string} key */
  get(key) {
    return this.#entries.get(key);
  }

  /**
   * Caches a value, and returns it.
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
