// @ts-check
// Places for credentials. Sessions have storages of their own: what is here may log in.

import { indexedDbStorage } from '../storage.js';

/** Forgets everything with the page or process. */
export function memoryStorage() {
  const entries = new Map();
  return {
    get: async (/** @type {string} */ key) => entries.get(key) ?? null,
    set: async (/** @type {string} */ key, /** @type {unknown} */ value) => void entries.set(key, value),
    delete: async (/** @type {string} */ key) => void entries.delete(key),
  };
}

/** In pages and their workers a database of its own, elsewhere the memory; also in an iframe of another site that may have no database. */
export function defaultStorage() {
  const memory = memoryStorage();
  /** @type {any} */
  let used = globalThis.indexedDB ? indexedDbStorage('mcp-tether-oauth') : memory;
  const by =
    (/** @type {string} */ name) =>
    (/** @type {unknown[]} */ ...words) =>
      used[name](...words).catch((/** @type {any} */ error) => {
        if (error.name !== 'UnknownError' && error.name !== 'SecurityError') throw error;
        used = memory;
        return used[name](...words);
      });
  return { get: by('get'), set: by('set'), delete: by('delete') };
}
