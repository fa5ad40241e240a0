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

/** What `useSyncExternalStore` of React takes, and what a few lines make a `shallowRef` of Vue or a store of Svelte. */
export interface Snapshot<Value> {
  /** The same object until something changes. */
  getSnapshot(): Value;
  /** Calls `listener` after changes, once for those of one turn. Returns what ends that. */
  subscribe(listener: () => void): () => void;
}

export interface ManagerSnapshot {
  readonly sessions: readonly SessionInfo[];
}

/** All active sessions of a manager, renewed whenever one is made, changes its state or ends. One for each manager. */
export function snapshotOf(manager: McpManager): Snapshot<ManagerSnapshot>;

export interface SessionSnapshot {
  /** `failed`: no session came about, and `error` says why. */
  readonly state: SessionState | 'failed';
  /** Undefined until there is one. */
  readonly session: McpSession | undefined;
  /** Of all pages, and read again when the server says that they changed. */
  readonly tools: readonly Tool[];
  /** Of the last attempt to connect or to list the tools. A call tells its own. */
  readonly error: McpError | undefined;
}

/** A session that user interfaces show. */
export interface WatchedSession extends Snapshot<SessionSnapshot> {
  /** Calls a tool, as soon as there is a session. */
  call(name: string, args?: object, options?: RequestOptions): Promise<CallToolResult>;
  /** Connects again, after `failed`. */
  retry(): Promise<void>;
}

/** Connects when the first listener subscribes, and lets go of the session object when the last one leaves; the session itself stays. */
export function watchSession(
  manager: McpManager,
  userId: string,
  serverName: string,
  options?: ConnectOptions,
): WatchedSession;
