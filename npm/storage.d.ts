import type { SessionStorage } from './index.js';

/**
 * Keeps sessions in `sessionStorage`, which lives as long as the tab, or in `localStorage`, which all tabs of an origin share.
 *
 * Scripts of the same origin can read it, and with it the ids of the sessions.
 */
export function webStorage(storage: WebStorage): SessionStorage;

/**
 * Keeps sessions in an IndexedDB database, which all tabs and workers of an origin share.
 *
 * @param name Of the database. Default: `mcp-tether`.
 */
export function indexedDbStorage(name?: string): SessionStorage;

/** Keeps sessions in the storage of a Durable Object: `durableObjectStorage(ctx.storage)`. */
export function durableObjectStorage(storage: {
  get(key: string): Promise<unknown>;
  put(key: string, value: string): Promise<void>;
  delete(key: string): Promise<boolean>;
}): SessionStorage;

/** What is used of `sessionStorage` or `localStorage`. */
export interface WebStorage {
  getItem(key: string): string | null;
  setItem(key: string, value: string): void;
  removeItem(key: string): void;
}

/**
 * Keeps sessions in the storage of a browser extension, which its service worker, its pages and its side panel share: `chromeStorage(chrome.storage.session)`,
 * which is in memory until the browser ends, or `chrome.storage.local`. Both need the permission `storage`. For `browser.storage` of Firefox as well.
 */
export function chromeStorage(area: {
  get(key: string): Promise<{ [key: string]: unknown }>;
  set(items: { [key: string]: string }): Promise<void>;
  remove(key: string): Promise<void>;
}): SessionStorage;
