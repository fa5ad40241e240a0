// Results that a 2026-07-28 server marks as public: cached for their `ttlMs` in this isolate, and shared by all users.
// @ts-check

/** @import { RawJson } from './raw-json.js' */

const MAX_ENTRIES = 500;
const MAX_BYTES = 8 * 1024 * 1024; // of an isolate's 128 MB

/** @type {Map<string, { result: RawJson, bytes: number, until: number }>} */
const entries = new Map(); // by server and key: { result, bytes, until }, the oldest first
let bytes = 0;

/**
 * The cached result, with the rest of its `ttlMs`; undefined if there is no fresh one.
 * @param {string} server
 * @param {string} key
 */
export function cached(server, key) {
  const entry = entries.get(nameOf(server, key));
  const left = entry ? entry.until - Date.now() : 0;
  return entry && left > 0 ? entry.result.copy().set('ttlMs', left) : undefined;
}

/**
 * Caches a result for the given milliseconds.
 * @param {string} server
 * @param {string} key
 * @param {RawJson} result
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
 * Drops all results of a server, after a change notification.
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
