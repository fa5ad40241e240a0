// Results that a server of 2026-07-28 calls public: kept for their `ttlMs` in this isolate, and given to anybody.
// @ts-check

/** @import { RpcResult } from './types.js' */

const MAX_ENTRIES = 500;
const MAX_BYTES = 8 * 1024 * 1024; // of an isolate's 128 MB

/** @type {Map<string, { result: RpcResult, bytes: number, until: number }>} */
const entries = new Map(); // by server and key: { result, bytes, until }, the oldest first
let bytes = 0;

/**
 * The result, with what is left of its `ttlMs`; undefined when there is none that is fresh.
 * @param {string} server
 * @param {string} key
 */
export function cached(server, key) {
  const entry = entries.get(nameOf(server, key));
  const left = entry ? entry.until - Date.now() : 0;
  return entry && left > 0 ? { ...entry.result, ttlMs: left } : undefined;
}

/**
 * Keeps a result for so many milliseconds.
 * @param {string} server
 * @param {string} key
 * @param {RpcResult} result
 * @param {number} size
 * @param {number} ttl
 */
export function keep(server, key, result, size, ttl) {
  const name = nameOf(server, key);
  drop(name);
  if (size > MAX_BYTES / 8) return;
  entries.set(name, { result, bytes: size, until: Date.now() + ttl });
  bytes += size;
  for (const oldest of entries.keys()) {
    if (entries.size <= MAX_ENTRIES && bytes <= MAX_BYTES) break;
    drop(oldest);
  }
}

/**
 * Something of the server changed: none of its results is fresh any more.
 * @param {string} server
 */
export function forget(server) {
  for (const name of [...entries.keys()]) if (name.startsWith(`${server} `)) drop(name);
}

/** @param {string} name */
function drop(name) {
  bytes -= entries.get(name)?.bytes ?? 0;
  entries.delete(name);
}

/** @type {(server: string, key: string) => string} */
const nameOf = (server, key) => `${server} ${key}`; // the names of servers have no spaces
