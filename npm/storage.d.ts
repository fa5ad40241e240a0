import type { SessionStorage } from './index.js';

/**
 * Persists sessions in `sessionStorage`, which ends with the tab, or in `localStorage`, which all tabs of an origin share.
 *
 * Scripts of the same origin can read it, including the session ids.
 */
export function webStorage(storage: WebStorage): SessionStorage;

/**
 * Persists sessions in an IndexedDB database, which all tabs and workers of an origin share.
 *
 * @param name Name of the database. Default: `mcp-tether`.
 */
export function indexedDbStorage(name?: string): SessionStorage;

/** Persists sessions in the storage of a Durable Object: `durableObjectStorage(ctx.storage)`. */
export function durableObjectStorage(storage: {
  get(key: string): Promise<unknown>;
  put(key: string, value: string): Promise<void>;
  delete(key: string): Promise<boolean>;
}): SessionStorage;

/** The members of `sessionStorage` and `localStorage` that are used. */
export interface WebStorage {
  getItem(key: string): string | null;
  setItem(key: string, value: string): void;
  removeItem(key: string): void;
}

/**
 * Persists sessions in the storage of a browser extension, shared by its service worker, its pages and its side panel:
 * `chromeStorage(chrome.storage.session)`, in memory until the browser is closed, or `chrome.storage.local`. Both need the `storage` permission. Also for
 * `browser.storage` of Firefox.
 */
export function chromeStorage(area: {
  get(key: string): Promise<{ [key: string]: unknown }>;
  set(items: { [key: string]: string }): Promise<void>;
  remove(key: string): Promise<void>;
}): SessionStorage;
