// A storage with sessions shared by all tabs.
//
// Web Locks, which are released even if their tab crashes:
//   mcp-tether:make:<name>:<key>   held from a read that finds no session until one is stored: one handshake for all tabs.
// @ts-check

/** @import { SessionStorage } from '../index.js' */
/** @import { SessionRecord } from './types.js' */

/** Milliseconds that a tab waits for the handshake of another: less than the 2 seconds that a manager waits for its storage. */
const LONGEST_WAIT = 1_500;
/** Milliseconds after which another tab's handshake counts as failed. */
const LONGEST_HANDSHAKE = 10_000;

export class SharedStorage {
  #storage;
  /** @type {Map<string, string | undefined>} */
  #known = new Map(); // by key: the session that this tab saw last, until it loses it
  /** @type {Map<string, (value?: unknown) => void>} */
  #making = new Map(); // by key: releases the lock of a session that this tab is creating
  /** @type {Map<string, Promise<unknown>>} */
  #tails = new Map(); // by key: the last pending operation; operations of a key run in order
  /** @type {(record: SessionRecord) => void} */
  onstored = () => {};
  /** @type {(record: SessionRecord) => boolean} */
  listens = () => true;

  /** @param {SessionStorage} storage @param {string} name */
  constructor(storage, name) {
    this.#storage = storage;
    this.name = name;
    this.supported = typeof BroadcastChannel === 'function' && Boolean(globalThis.navigator?.locks);
  }

  /** @param {string} key */
  get(key) {
    if (isVerdict(key)) return this.#storage.get(key);
    return this.#next(key, async () => {
      let text = await this.#storage.get(key);
      // Only where this tab has no session: it is about to create one.
      if (text === null && this.supported && !this.#known.has(key)) {
        await this.#lock(key);
        text = await this.#storage.get(key);
        // The previous holder of the lock has created it.
        if (text !== null) this.#unlock(key);
      }
      if (text !== null) this.#known.set(key, sessionOf(text));
      return text;
    });
  }

  /** @param {string} key @param {string} value */
  set(key, value) {
    if (isVerdict(key)) return this.#storage.set(key, value);
    /** @type {SessionRecord} */
    const record = JSON.parse(value);
    const listens = this.listens(record);
    return this.#next(key, async () => {
      const stored = parse(await this.#storage.get(key));
      const isNew = stored?.sessionId !== record.sessionId;
      if (stored && !isNew) {
        record.lastUsedAt = Math.max(record.lastUsedAt, stored.lastUsedAt);
        // Only the tab with the stream knows the cursor.
        if (!listens) record.cursor = stored.cursor;
      }
      await this.#storage.set(key, JSON.stringify(record));
      this.#known.set(key, record.sessionId);
      this.#unlock(key);
      if (isNew) this.onstored(record);
    });
  }

  /** @param {string} key */
  delete(key) {
    if (isVerdict(key)) return this.#storage.delete(key);
    return this.#next(key, async () => {
      const text = await this.#storage.get(key);
      // Another tab may have created the next session already.
      if (text !== null && sessionOf(text) === this.#known.get(key)) await this.#storage.delete(key);
      this.#known.delete(key);
    });
  }

  /** Resolves when no operation is pending. */
  settled() {
    return Promise.all(this.#tails.values());
  }

  /** @template T @param {string} key @param {() => Promise<T>} act @returns {Promise<T>} */
  #next(key, act) {
    const done = (this.#tails.get(key) ?? Promise.resolve()).then(act);
    this.#tails.set(
      key,
      done.catch(() => {}),
    );
    return done;
  }

  /** @param {string} key @returns {Promise<void>} */
  #lock(key) {
    return new Promise((resolve) => {
      // A tab whose server does not answer must not block the others.
      const signal = AbortSignal.timeout(LONGEST_WAIT);
      navigator.locks
        .request(`mcp-tether:make:${this.name}:${key}`, { signal }, () => {
          resolve();
          return new Promise((release) => {
            this.#unlock(key);
            this.#making.set(key, release);
            setTimeout(release, LONGEST_HANDSHAKE);
          });
        })
        .catch(() => resolve());
    });
  }

  /** @param {string} key */
  #unlock(key) {
    this.#making.get(key)?.();
    this.#making.delete(key);
  }
}

/** @param {string | null} text @returns {SessionRecord | undefined} */
function parse(text) {
  try {
    return text === null ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}

/**
 * What is known of a server is no session: no tab makes it for the others.
 * @param {string} key
 */
function isVerdict(key) {
  return key.startsWith('mcp-tether:server:');
}

/** @param {string} text */
function sessionOf(text) {
  return parse(text)?.sessionId;
}
