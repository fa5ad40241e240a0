// Storages for the manager's option `storage`. A separate entry, because most applications use one of them or none.
// @ts-check

import { mustHave } from './arguments.js';

/** @import { SessionStorage } from './index.js' */

/**
 * `sessionStorage`, limited to the tab, or `localStorage`, shared by all tabs of an origin.
 * @param {Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>} storage
 * @returns {SessionStorage}
 */
export function webStorage(storage) {
  // While a server renders, there is none, and none is used.
  if (storage) mustHave(storage, 'getItem', 'webStorage() needs sessionStorage or localStorage');
  return {
    get: (key) => storage.getItem(key),
    set: (key, value) => storage.setItem(key, value),
    delete: (key) => storage.removeItem(key),
  };
}

/**
 * A separate database, shared by all tabs and workers of an origin.
 * @param {string} [name]
 * @returns {SessionStorage}
 */
export function indexedDbStorage(name = 'mcp-tether') {
  /** @type {Promise<IDBDatabase> | undefined} */
  let opening;
  const forget = () => {
    opening = undefined;
  };

  const open = () => {
    opening ??= /** @type {Promise<IDBDatabase>} */ (
      new Promise((resolve, reject) => {
        const request = indexedDB.open(name, 1);
        request.onupgradeneeded = () => request.result.createObjectStore(STORE);
        request.onsuccess = () => resolve(request.result);
        request.onerror = () => reject(request.error);
      })
    ).then((database) => {
      // An open connection would block deleting the database; the next use opens it again.
      database.onversionchange = () => {
        forget();
        database.close();
      };
      database.onclose = forget;
      return database;
    });
    opening.catch(forget);
    return opening;
  };

  /** @type {(mode: IDBTransactionMode, act: (store: IDBObjectStore) => IDBRequest) => Promise<unknown>} */
  const use = async (mode, act) => {
    const database = await open();
    return new Promise((resolve, reject) => {
      const transaction = database.transaction(STORE, mode);
      const request = act(transaction.objectStore(STORE));
      transaction.oncomplete = () => resolve(request.result);
      transaction.onabort = () => reject(transaction.error);
      transaction.onerror = () => reject(transaction.error);
    });
  };

  return {
    get: async (key) => /** @type {string | undefined} */ (await use('readonly', (store) => store.get(key))) ?? null,
    set: async (key, value) => void (await use('readwrite', (store) => store.put(value, key))),
    delete: async (key) => void (await use('readwrite', (store) => store.delete(key))),
  };
}

/** @typedef {{ get(key: string): Promise<unknown>, put(key: string, value: string): Promise<void>, delete(key: string): Promise<boolean> }} DurableStorage */

/**
 * The storage of a Durable Object: `durableObjectStorage(ctx.storage)`.
 * @param {DurableStorage} storage
 * @returns {SessionStorage}
 */
export function durableObjectStorage(storage) {
  mustHave(storage, 'put', 'durableObjectStorage() needs ctx.storage of the object');
  return {
    get: async (key) => /** @type {string | undefined} */ (await storage.get(key)) ?? null,
    set: (key, value) => storage.put(key, value),
    delete: async (key) => void (await storage.delete(key)),
  };
}

/**
 * @typedef {{
 *   get(key: string): Promise<Record<string, unknown>>,
 *   set(items: Record<string, unknown>): Promise<void>,
 *   remove(key: string): Promise<void>,
 * }} ExtensionArea
 */

const STORE = 'sessions';

/**
 * @param {ExtensionArea} area
 * @returns {SessionStorage}
 */
export function chromeStorage(area) {
  mustHave(area, 'remove', 'chromeStorage() needs an area, such as chrome.storage.session');
  return {
    get: async (key) => /** @type {string | undefined} */ ((await area.get(key))[key]) ?? null,
    set: (key, value) => area.set({ [key]: value }),
    delete: (key) => area.remove(key),
  };
}
