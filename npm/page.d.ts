import type { McpManager, SessionStorage } from './index.js';

/** How a manager follows its page. */
export interface PageOptions {
  /**
   * What becomes of the sessions when the page goes.
   *
   * - `keep` (default): they stay, and are written to the manager's storage, if it has one, for the next page.
   * - `terminate`: each is ended by a DELETE that outlives the page. If the page comes back after all, the next call makes a new session.
   */
  onHide?: 'keep' | 'terminate';
  /** How long a hidden page keeps its stream, in milliseconds. Default 30 000. */
  grace?: number;
  /**
   * The manager's storage, if it was made by {@link sharedStorage}: all tabs of this origin then use one session a user and server, and one of the
   * visible tabs has its stream and passes on what comes. Where Web Locks or BroadcastChannel are missing, each tab has its own stream.
   */
  tabs?: SharedStorage;
}

/** A storage that tabs use together. */
export interface SharedStorage extends SessionStorage {
  /** Whether this environment has what tabs need to agree. */
  readonly supported: boolean;
}

/**
 * Lets a manager follow the page that it lives in: streams to one origin share its connections with all tabs; the stream is closed while the page is hidden and opened again where it was left; nothing is tried
 * offline, and everything at once when the network is back; after sleep and after the back/forward cache, sessions are looked after.
 *
 * Call it before the first `connect`.
 *
 * @returns A function that ends it.
 */
export function attachToPage(manager: McpManager, options?: PageOptions): () => void;

/**
 * Makes of a storage that all tabs can reach, such as `indexedDbStorage()` or `webStorage(localStorage)`, one that they use together.
 *
 * Tabs then share not only what is stored but the session: one handshake for all, and one recovery.
 *
 * @param name Of the group of tabs. Default: `default`.
 */
export function sharedStorage(storage: SessionStorage, name?: string): SharedStorage;
