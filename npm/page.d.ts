import type { McpManager, SessionStorage } from './index.js';

/** Options of {@link attachToPage}. */
export interface PageOptions {
  /**
   * What happens to sessions when the page is closed.
   *
   * - `keep` (default): they are written to the manager's storage, if it has one, for the next page.
   * - `terminate`: each is ended by a DELETE with `keepalive`. If the page is restored, the next call creates a new session.
   */
  onHide?: 'keep' | 'terminate' | undefined;
  /** Milliseconds until a hidden page closes its stream. Default 30 000. */
  grace?: number | undefined;
  /**
   * The manager's storage, if it was made by {@link sharedStorage}: all tabs of this origin then share one session per user and server, and one
   * visible tab opens its stream and forwards the messages. Without Web Locks or BroadcastChannel, each tab has its own stream.
   */
  tabs?: SharedStorage | undefined;
}

/** A storage that tabs share. */
export interface SharedStorage extends SessionStorage {
  /** Whether this environment has Web Locks and BroadcastChannel. */
  readonly supported: boolean;
}

/**
 * Makes a manager follow its page. Tabs share the connections for streams to an origin. The stream is closed while the page is hidden, and resumed
 * afterwards. Offline, nothing is sent; when the network is back, all retries start at once. After sleep and after a return from the back/forward cache,
 * sessions are validated.
 *
 * Call it before the first `connect`.
 *
 * @returns A function that ends this.
 */
export function attachToPage(manager: McpManager, options?: PageOptions): () => void;

/**
 * Wraps a storage that all tabs can access, such as `indexedDbStorage()` or `webStorage(localStorage)`, so that they share its sessions.
 *
 * Tabs then share more than the records: there is one handshake for all of them, and one recovery.
 *
 * @param name Name of the group of tabs. Default: `default`.
 */
export function sharedStorage(storage: SessionStorage, name?: string): SharedStorage;
