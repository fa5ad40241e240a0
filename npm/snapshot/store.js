// A value with listeners.
// @ts-check

/** @import { Snapshot } from '../snapshot.js' */

/**
 * Several changes in one turn call the listeners once.
 * @template Value
 */
export class Store {
  /** @type {Set<() => void>} */
  #listeners = new Set();
  #isQueued = false;
  /** @type {Snapshot<Value>} */
  face = {
    getSnapshot: () => this.value,
    subscribe: (listener) => {
      const own = () => listener();
      this.#listeners.add(own);
      return () => this.#listeners.delete(own);
    },
  };

  /** @param {Value} value */
  constructor(value) {
    this.value = value;
  }

  /** @param {Value} value */
  set(value) {
    this.value = value;
    if (this.#isQueued) return;
    this.#isQueued = true;
    queueMicrotask(() => {
      this.#isQueued = false;
      for (const listener of [...this.#listeners]) listener();
    });
  }
}
