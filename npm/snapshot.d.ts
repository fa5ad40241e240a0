import type {
  AuthProvider,
  CallToolResult,
  ConnectOptions,
  McpError,
  McpManager,
  McpSession,
  RequestOptions,
  SessionInfo,
  SessionState,
  Token,
  TokenContext,
  Tool,
} from './index.js';
import type { PlatformSignal } from './platform.js';

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
  /**
   * `failed`: connecting failed with `error`. `needsLogin`: the server wants a login, and requests wait for {@link WatchedSession.login}; only with an
   * `auth` that can log in, such as `oauth()` ({@link LoginProvider}).
   */
  readonly state: SessionState | 'failed' | 'needsLogin';
  /** Undefined before the first connection. */
  readonly session: McpSession | undefined;
  /** All pages of the list, read again when the server announces a change. */
  readonly tools: readonly Tool[];
  /** The error of the last attempt to connect or to list the tools. Calls reject with their own errors. */
  readonly error: McpError | undefined;
  /** In the state `needsLogin`: why the last login failed, such as `access_denied` or `popup_blocked`. Undefined before there was one. */
  readonly loginError: LoginError | undefined;
}

/** An `OAuthError` of `mcp-tether/oauth`; of a provider of your own whatever its `signIn` rejects with. */
export interface LoginError extends Error {
  /** An OAuth error code such as `access_denied`, or one of `docs/oauth.md`. */
  readonly code?: string;
  /** The document or endpoint that it is about. */
  readonly url?: string;
  readonly status?: number;
  /** Whether the same may succeed later. */
  readonly isTransient?: boolean;
}

/** A provider that can log in: that of `oauth()`, or one of your own. */
export interface LoginProvider extends AuthProvider {
  /** With `interactive: false` it rejects with an error whose `code` is `login_required` where it would have to ask the user. */
  token(context: TokenContext & { interactive?: boolean | undefined }): Promise<string | Token | undefined>;
  /** `refusal` is the response to the token of before, if there was one. */
  signIn(
    userId: string,
    serverName: string,
    options?: {
      url?: string | undefined;
      signal?: PlatformSignal | undefined;
      refusal?: Pick<TokenContext, 'status' | 'challenge'> | undefined;
    },
  ): Promise<void>;
}

/** A session for user interfaces. */
export interface WatchedSession extends Snapshot<SessionSnapshot> {
  /** Calls a tool, after connecting if necessary. Rejects with an {@link McpError}; an error of the tool itself is a result with `isError`. */
  call(name: string, args?: object, options?: RequestOptions): Promise<CallToolResult>;
  /** Connects again after `failed` or `terminated`. Never rejects: the snapshot has the error. */
  retry(): Promise<void>;
  /**
   * Logs in, in the handler of a click: the login window is opened at once. Then the waiting requests are sent, or the session is connected. Called
   * again, it begins again. It never rejects: the snapshot has the error.
   */
  login(): Promise<void>;
}

/** Connects when the first listener subscribes. When the last one unsubscribes, the session object is disposed; the session itself stays. */
export function watchSession(
  manager: McpManager,
  userId: string,
  serverName: string,
  options?: ConnectOptions,
): WatchedSession;

/** A login that a server asks for. */
export interface NeededLogin {
  readonly userId: string;
  readonly serverName: string;
  /** Why the last login failed. */
  readonly error?: LoginError;
}

/** Shows which logins are needed. As the `auth` of `connect` or `transport`, it opens no login by itself: refused requests wait for `login`. */
export interface DeferredLogin extends AuthProvider, Snapshot<readonly NeededLogin[]> {
  /** Logs in, in the handler of a click. @throws OAuthError */
  login(userId: string, serverName: string): Promise<void>;
}

/** Makes the logins of a provider wait for a click. One object per provider. {@link watchSession} does the same by itself. */
export function deferLogin(auth: LoginProvider): DeferredLogin;
