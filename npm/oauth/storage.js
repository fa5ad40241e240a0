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

/** In pages and their workers a database of its own, elsewhere the memory. */
export function defaultStorage() {
  return globalThis.indexedDB ? indexedDbStorage('mcp-tether-oauth') : memoryStorage();
}
