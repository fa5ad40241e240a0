import type {
  CallToolResult,
  ConnectOptions,
  McpError,
  McpManager,
  McpSession,
  RequestOptions,
  SessionInfo,
  SessionState,
  Tool,
} from './index.js';

/** For React's `useSyncExternalStore`; a few lines turn it into a `shallowRef` of Vue or a store of Svelte. */
export interface Snapshot<Value> {
  /** Returns the same object until the next change. */
  getSnapshot(): Value;
  /** Calls `listener` after changes, once per turn. Returns a function that ends this. */
  subscribe(listener: () => void): () => void;
}

export interface ManagerSnapshot {
  readonly sessions: readonly SessionInfo[];
}

/** All active sessions of a manager, updated when one is created, changes its state or ends. One object per manager. */
export function snapshotOf(manager: McpManager): Snapshot<ManagerSnapshot>;

export interface SessionSnapshot {
  /** `failed`: connecting failed with `error`. */
  readonly state: SessionState | 'failed';
  /** Undefined before the first connection. */
  readonly session: McpSession | undefined;
  /** All pages of the list, read again when the server announces a change. */
  readonly tools: readonly Tool[];
  /** The error of the last attempt to connect or to list the tools. Calls reject with their own errors. */
  readonly error: McpError | undefined;
}

/** A session for user interfaces. */
export interface WatchedSession extends Snapshot<SessionSnapshot> {
  /** Calls a tool, after connecting if necessary. */
  call(name: string, args?: object, options?: RequestOptions): Promise<CallToolResult>;
  /** Connects again after `failed`. */
  retry(): Promise<void>;
}

/** Connects when the first listener subscribes. When the last one unsubscribes, the session object is disposed; the session itself stays. */
export function watchSession(
  manager: McpManager,
  userId: string,
  serverName: string,
  options?: ConnectOptions,
): WatchedSession;
