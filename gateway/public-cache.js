// Results that a 2026-07-28 server marks as public: cached for their `ttlMs` in this isolate, and shared by users for whom it gets the same credentials.
// @ts-check

import { copyOf, put, RawJson, write } from './raw-json.js';

const MAX_ENTRIES = 500;
const MAX_BYTES = 8 * 1024 * 1024; // of an isolate's 128 MB
/** The largest result that is cached, in characters of its message. */
export const LARGEST_ENTRY = MAX_BYTES / 8;

/** @type {Map<string, { result: RawJson, bytes: number, until: number }>} */
const entries = new Map(); // by server and key: { result, bytes, until }, the oldest first
let bytes = 0;
/** @type {Map<string, number>} */
const epochs = new Map(); // by server: how often its results were dropped; as many as there are servers

/**
 * The cached result, with the rest of its `ttlMs`; undefined if there is no fresh one.
 * @param {string} server
 * @param {string} key
 */
export function cached(server, key) {
  const entry = entries.get(nameOf(server, key));
  const left = entry ? entry.until - Date.now() : 0;
  if (!entry || left <= 0) return undefined;
  const result = copyOf(entry.result);
  put(result, 'ttlMs', left);
  return result;
}

/**
 * How often the results of a server were dropped: a result that was requested before that must not be cached after it.
 * @param {string} server
 */
export function epochOf(server) {
  return epochs.get(server) ?? 0;
}

/**
 * Caches a result for `ttl` milliseconds, unless a change was announced since `epoch`.
 * @param {string} server
 * @param {string} key
 * @param {RawJson} result
 * @param {{ size: number, ttl: number, epoch: number }} details
 */
export function keep(server, key, result, { size, ttl, epoch }) {
  if (size > LARGEST_ENTRY || epoch !== epochOf(server)) return;
  const name = nameOf(server, key);
  drop(name);
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
  epochs.set(server, epochOf(server) + 1);
  for (const name of [...entries.keys()]) if (name.startsWith(`${server} `)) drop(name);
}

/** @param {string} name */
function drop(name) {
  bytes -= entries.get(name)?.bytes ?? 0;
  entries.delete(name);
}

/** @type {(server: string, key: string) => string} */
const nameOf = (server, key) => `${server} ${key}`; // the names of servers have no spaces

/**
 * The message without equal members where they decide, and with one spelling of texts; the values in it are as they were written, and so are the id and the
 * token, which return to the sender.
 * @param {RawJson} body
 */
export function unambiguous(body) {
  const params = body.get('params');
  const meta = params instanceof RawJson ? params.get('_meta') : undefined;
  if (!(params instanceof RawJson) || !(meta instanceof RawJson)) return body.text;
  const members = { ...membersOf(params), _meta: membersOf(meta, 'progressToken') };
  return write({ ...membersOf(body, 'id'), params: members }) ?? '';
}

/** @param {RawJson} object @param {string} [echoed] a member that returns to the sender */
function membersOf(object, echoed) {
  const read = (/** @type {string} */ name) =>
    name === echoed ? new RawJson(undefined, object.token(name) ?? 'null') : object.get(name);
  return Object.fromEntries(object.keys().map((name) => [name, read(name)]));
}
