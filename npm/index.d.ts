/// <reference lib="esnext.disposable" />

/**
 * MCP sessions that survive: a client for Model Context Protocol servers over streamable HTTP.
 *
 * All times are in milliseconds. All errors are {@link McpError}s.
 */

import type {
  Bytes,
  PlatformAddress,
  PlatformEvent,
  PlatformEventTarget,
  PlatformModule,
  PlatformRequestInit,
  PlatformResponse,
  PlatformSignal,
  PlatformUrl,
} from './platform.js';
import type {
  CallToolRequestParams,
  CallToolResult,
  ClientCapabilities,
  ClientNotifications,
  ClientRequests,
  CompleteRequestParams,
  CompleteResult,
  GetPromptRequestParams,
  GetPromptResult,
  Implementation,
  ListPromptsResult,
  ListResourcesResult,
  ListResourceTemplatesResult,
  ListToolsResult,
  LoggingLevel,
  MessageOf,
  NotificationMethod,
  PaginatedRequestParams,
  Progress,
  ReadResourceResult,
  RequestMethod,
  ResourceRequestParams,
  ServerCapabilities,
  ServerNotification,
  ServerNotifications,
  ServerRequestMethod,
  ServerRequests,
  UnknownMessage,
} from './protocol.js';

export type * from './protocol.js';

/**
 * Loads the WebAssembly module, once for all callers.
 *
 * In a browser, await it before using anything else. In Node, Deno, Bun and workerd the import loads the module, and this resolves at once.
 *
 * @param source The module, if it is not next to the files of this package. Only the first call uses it.
 */
export default function init(
  source?: Bytes | PlatformModule | PlatformUrl | PlatformResponse | Promise<PlatformResponse>,
): Promise<void>;

/** A function with the signature of the global `fetch`, used in its place. The middlewares of the official SDK have this type. */
export type FetchLike = (url: PlatformAddress, init?: PlatformRequestInit) => Promise<PlatformResponse>;

/** The servers that a manager can connect to, in the format of chat applications. */
export interface McpConfig {
  mcpServers: Record<string, ServerConfig>;
}

/** Configuration of one server. */
export interface ServerConfig {
  /**
   * `http` means `streamable-http`, which is the default: if the server answers `initialize` with 400, 404 or 405, HTTP+SSE is tried, the transport
   * of revision 2024-11-05, unless {@link ServerConfig.protocolVersion} is pinned. `sse` uses only HTTP+SSE; `url` is then the URL of the
   * event stream.
   */
  type?: 'streamable-http' | 'http' | 'sse' | undefined;
  /** The URL of the MCP endpoint. `${NAME}` is replaced by that variable of {@link ManagerOptions.env}; an unset variable is a `config_error`. */
  url: string;
  /** Sent with every request. `${NAME}` works as in `url`; `{{USER_ID}}` and the names in {@link ConnectOptions.vars} are filled in for each user. */
  headers?: Record<string, string> | undefined;
  /** Timeout of one request in milliseconds. Default 60 000. */
  timeout?: number | undefined;
  /** Timeout of one handshake in milliseconds. Default 30 000. */
  initTimeout?: number | undefined;
  /**
   * Timeout in milliseconds of an {@link AuthProvider}, which may have to ask the user. After it, the signal is aborted and requests are sent without a token.
   * The `timeout` of waiting calls is paused meanwhile; `maxTotalTimeout` is not. Default 300 000.
   */
  authTimeout?: number | undefined;
  /**
   * The protocol revision.
   *
   * - `auto`, the default: one `server/discover` finds out whether the server speaks 2026-07-28; otherwise `initialize` negotiates. The result is
   *   cached for the server's URL; an older revision is checked again after an hour.
   * - `legacy`: no discovery, `initialize` negotiates.
   * - A date, `2024-11-05` to `2026-07-28`: that revision or `unsupported_version`.
   */
  protocolVersion?: 'auto' | 'legacy' | string | undefined;
  sessionConfig?: SessionConfig | undefined;
  /** Used for this server instead of {@link ManagerOptions.fetch}; errors are handled as described there. */
  fetch?: FetchLike | undefined;
  /** Provides tokens where `connect` gets no `auth`. */
  auth?: AuthProvider | undefined;
  /**
   * Whether the browser sends cookies. `include`: also to other origins, which the server must allow (`Access-Control-Allow-Credentials`). `omit`:
   * never. Default: `same-origin`. For hosts without a cookie store: `mcp-tether/cookies`.
   */
  credentials?: 'omit' | 'same-origin' | 'include' | undefined;
}

/** Lifetime and recovery of a session. */
export interface SessionConfig {
  /** A session that is unused for this time, in milliseconds, expires. Default: `MCP_SESSION_TIMEOUT`, else 3 600 000. */
  timeout?: number | undefined;
  /**
   * The number of retries of a handshake or a request, and of canary requests after the first one in an outage; 0 to 100. Default:
   * `MCP_SESSION_RETRY_ATTEMPTS`, else 3.
   */
  retryAttempts?: number | undefined;
  /**
   * The base of the exponential backoff in milliseconds, capped at 30 000. Each delay is random: from 0 to the backoff, in an outage from half of it to all of it.
   * Default: `MCP_SESSION_RETRY_DELAY`, else 1 000.
   */
  retryDelay?: number | undefined;
  /** The maximum age of a session in milliseconds, used or not. Default: no limit. */
  maxAge?: number | undefined;
  /**
   * The session is pinged after this time in milliseconds without a request, so that the server does not drop it. Pings do not count as use: `timeout` still applies.
   * Only for sessions of kind `stateful`. Default: no pings.
   */
  keepAlive?: number | undefined;
  /**
   * Which requests may be sent again.
   *
   * - `refused` (default): all requests that the server certainly did not run, and safe ones with an unknown outcome.
   * - `safe`: only safe ones: reads, and tools that are annotated as read-only or idempotent.
   * - `never`: none.
   */
  replay?: 'refused' | 'safe' | 'never' | undefined;
  /**
   * Further responses that mean a lost session, for servers that report it in a nonstandard way. Default: none.
   *
   * Each entry has an HTTP `status` (200 to 599), a `message` that the error contains (ignoring case), or both; then both must match. Such a response is
   * `session_invalid`: it causes one new handshake, and the request is sent again as one that the server did not run.
   */
  lostWhen?: LostWhen[] | undefined;
}

/** A response that means a lost session: {@link SessionConfig.lostWhen}. */
export type LostWhen =
  | { status: number; message?: string | undefined }
  | { status?: number | undefined; message: string };

/** A client's name and version; {@link Implementation} describes the members. */
export type ClientInfo = Pick<Implementation, 'name' | 'version'> & {
  [Name in Exclude<keyof Implementation, 'name' | 'version'>]?: Implementation[Name] | undefined;
};

/** Options of a manager. */
export interface ManagerOptions {
  /** Values for `${NAME}` and the `MCP_SESSION_…` settings. Default: `process.env` where there is one. */
  env?: Record<string, string | undefined> | undefined;
  /** Also log the debug lines. Default: whether `MCP_SESSION_DEBUG` is `true`. */
  debug?: boolean | undefined;
  /** Gets the log lines instead of the console; `false`: none are written. They contain no headers, tokens or complete session ids. */
  log?: ((level: 'debug' | 'info' | 'warn' | 'error', line: string) => void) | false | undefined;
  /**
   * Used instead of the global `fetch`. Its errors become the {@link McpError.cause} of the error that the caller gets. A `TypeError`, a `NetworkError`,
   * an `AbortError` or `TimeoutError` of its own, and errors with a system code (`ECONNRESET`) are network failures; other errors, and a
   * response that cannot be read, reject the call at once, without retries.
   */
  fetch?: FetchLike | undefined;
  /** The client's name and version, sent to servers. */
  clientInfo?: ClientInfo | undefined;
  /** Capabilities to declare in the handshake. Request handlers add theirs. */
  capabilities?: ClientCapabilities | undefined;
  /**
   * Persists sessions beyond this page or process: the next manager with the same storage, servers and users continues them without a handshake.
   * Default: none, nothing is written. Implementations are in `mcp-tether/storage`.
   *
   * A record has the session id, the server's response to the handshake, the cursor of its stream, the log level and the subscriptions, but no headers
   * and no tokens. The id is a secret, too: store it with the user's other credentials. `close()` keeps the record, `terminate()` removes it.
   */
  storage?: SessionStorage | undefined;
  limits?: { [Name in keyof Limits]?: Limits[Name] | undefined } | undefined;
}

/**
 * A storage for sessions; the values are opaque. Changes of one key must take effect in the order of the calls.
 *
 * If a storage throws, rejects or takes more than 2 seconds, the manager logs a warning and continues without it. `manager.idle()` waits for its promises.
 */
export interface SessionStorage {
  get(key: string): Promise<string | null> | string | null;
  set(key: string, value: string): Promise<void> | void;
  delete(key: string): Promise<void> | void;
}

/** Limits of a manager. Exceeding one fails with `limit_exceeded`. */
export interface Limits {
  /** Users with at least one session. Default 100 000. */
  maxUsers: number;
  /** Default 64. */
  maxSessionsPerUser: number;
  /** Concurrent requests of one session. Default 64. */
  maxInFlight: number;
  /** Calls waiting for one session to become ready. Default 16 384. */
  maxQueued: number;
  /** Bytes of one message from a server. Default 16 MiB. */
  maxMessageBytes: number;
  /** Bytes kept of an error page. Default 64 KiB. */
  maxErrorBytes: number;
  /** Default 8 192. */
  maxSessionIdBytes: number;
  /**
   * Long-lived responses of one origin: GET streams, `subscriptions/listen`, and responses to calls that stream for more than a second. Beyond it, GET
   * streams take turns of 30 seconds, or of 5 while a recently used session waits; a stream resumes where its last turn ended. The stream of HTTP+SSE
   * and streams of sessions with a pending call or server request are never closed for a turn.
   *
   * Default: in pages and their workers 3 over `http:`, and over `https:` no limit until requests wait for a connection, then 3 (a browser has six
   * connections to an HTTP/1.1 origin, over all its tabs; `attachToPage` of `mcp-tether/page` shares the 3 between tabs). In workerd 4 for all
   * origins together. Elsewhere no limit.
   */
  maxStreamsPerOrigin: number;
}

/** Manages the sessions of many users with many servers. */
export class McpManager {
  /**
   * Checks the configuration without sending anything.
   *
   * @throws McpError `config_error` that lists all problems with their paths.
   */
  constructor(config: McpConfig, options?: ManagerOptions);
  /**
   * Returns the session of this user with this server: created by the first call, the same one afterwards. Concurrent callers share one handshake.
   *
   * @throws McpError `config_error` for an unknown server, `unauthorized`, `unsupported_version`, `network_error`, `circuit_open` and others if no session could be created.
   */
  connect(userId: string, serverName: string, options?: ConnectOptions): Promise<McpSession>;
  /** Counts the manager's records, including those of 2026-07-28 servers, which keep no sessions. */
  getSessionStats(): { totalUsers: number; totalSessions: number; activeSessions: number };
  getAllActiveSessions(): SessionInfo[];
  getSessionInfo(userId: string, serverName: string): SessionInfo | undefined;
  /** Counters since the manager was created. */
  getMetrics(): Metrics;
  /** Ends one session, here and with a DELETE at the server: one attempt, 5 seconds. An unknown session at the server is not an error. */
  terminate(userId: string, serverName: string): Promise<void>;
  /** Ends all sessions of a user. */
  terminateUser(userId: string): Promise<void>;
  /**
   * Tests a server step by step, and reports findings with fixes. Opens two sessions of its own, one after the other; the user's live session is not
   * touched. The code is loaded on demand.
   *
   * @param userId The user whose headers are sent: those of the live session with its token, or the configured ones. Optional if they are the same for all users.
   * @throws McpError `config_error` for an unknown server or headers that cannot be filled in, `closed` if the manager is closed meanwhile.
   */
  diagnose(serverName: string, userId?: string, options?: DiagnosisOptions): Promise<Diagnosis>;
  /**
   * A Transport for the official SDK's `Client`, v1 and v2: `client.connect(manager.transport(userId, serverName))`.
   *
   * The client's `initialize` creates or joins the session of this user with this server. Its capabilities and its name are declared in that
   * handshake, and in those of later recoveries. The `signal` of the options is ignored: the client has its own ways to cancel.
   */
  transport(userId: string, serverName: string, options?: ConnectOptions): SdkTransport;
  /**
   * For applications that know the state of the network better than the browser does. After `offline` nothing is sent to any server, local ones
   * included, and calls wait within their deadlines; after `online` they are sent at once. It overrides `navigator.onLine`, which is only a hint: if that
   * is false, a HEAD request without credentials tests the server before calls wait.
   *
   * @throws McpError `config_error` for anything else.
   */
  notifyNetwork(state: 'offline' | 'online'): void;
  /**
   * Emits the `CustomEvent`s in {@link SessionEvent}:
   * `manager.events.addEventListener('recoverySucceeded', (event) => event.detail.durationMs)`.
   */
  readonly events: SessionEventTarget;
  /** Resolves when no work is pending: for `waitUntil` in a Worker. */
  idle(): Promise<void>;
  /** Settles pending calls with `closed` and releases all handlers; after it resolves, nothing is sent. `terminate` ends the sessions at their servers first. */
  close(options?: { terminate?: boolean | undefined }): Promise<void>;
  /** The same as `close()`. */
  [Symbol.asyncDispose](): Promise<void>;
}

/** Options of {@link McpManager.diagnose}. */
export interface DiagnosisOptions {
  /** Outside of pages: check CORS for pages of this origin. In a page, its own origin is used. */
  origin?: string | undefined;
  /** Timeout of each request in milliseconds. Default 5 000. */
  timeout?: number | undefined;
}

/** The result of each step, without credentials and complete session ids. */
export interface Diagnosis {
  /** Whether all steps passed. A step that passed and has a `fix` has advice. */
  ok: boolean;
  /** Undefined if no session could be created. */
  kind?: McpSession['kind'];
  protocolVersion?: string;
  /** In this order; `authorization` only if the server asks for a login, or has metadata that says so. */
  steps: {
    name: 'reachable' | 'initialize' | 'sessionHeader' | 'reuse' | 'terminate' | 'cors' | 'authorization';
    ok: boolean;
    ms: number;
    /** The observation. */
    detail: string;
    /** How to fix the problem; of a step that passed, what to improve. */
    fix?: string;
  }[];
}

/** Options of one user's session. For a live session, `headers` or `vars` replace both of before. */
export interface ConnectOptions {
  /** Sent with every request of this session; they override the server's headers. */
  headers?: Record<string, string> | undefined;
  /** Values for `{{name}}` in the server's headers. */
  vars?: Record<string, string> | undefined;
  /** Provides a token when the server requires one. */
  auth?: AuthProvider | undefined;
  /** Aborts waiting. Other callers that wait for the same session are not affected. */
  signal?: PlatformSignal | undefined;
}

/**
 * A transport for the official SDK's `Client`. Several clients can share one session.
 *
 * - Results and errors of the server are passed on unchanged. Other errors have code 1000, and the fields of the {@link McpError} in their
 *   `data`: `error.data.code` is `outcome_unknown`, `unauthorized` and so on. `onerror` gets the `McpError` itself.
 * - The client has its own timeouts: the session adds none.
 * - A request of the server goes to a client that declared the capability; among several, to the one whose call it belongs to.
 *   Notifications go to all clients.
 * - The SDK's resumption options are not needed: the session resumes its streams.
 */
export interface SdkTransport {
  start(): Promise<void>;
  send(message: object, options?: object): Promise<void>;
  /** Detaches this client and cancels its pending requests. The session stays, for other clients and for the next one. */
  close(): Promise<void>;
  /** Ends the session for all its clients, like {@link McpManager.terminate}. */
  terminateSession(): Promise<void>;
  /** Called once: by `close()`, or when a request finds the session or the manager ended. */
  onclose?: (() => void) | undefined;
  onerror?: ((error: Error) => void) | undefined;
  /** `extra.relatedRequestId` is the client's request on whose stream the message arrived. */
  onmessage?: ((message: JsonRpcMessage, extra?: object) => void) | undefined;
  /** The current session id; undefined before the response to `initialize`, and if the server keeps no sessions. */
  readonly sessionId?: string | undefined;
  /** Does nothing: the session negotiates its version. */
  setProtocolVersion(version: string): void;
}

/** A JSON-RPC message for a `Client`. */
export interface JsonRpcMessage {
  jsonrpc: '2.0';
  id?: string | number | undefined;
  method?: string | undefined;
  params?: { [key: string]: unknown } | undefined;
  result?: { [key: string]: unknown } | undefined;
  error?: { code: number; message: string; data?: unknown } | undefined;
}

/** One user's session with one server. It survives restarts of the server: methods wait for a pending recovery. */
export class McpSession {
  private constructor();
  readonly userId: string;
  readonly serverName: string;
  /** The `Mcp-Session-Id`; undefined if the server keeps no sessions, and over HTTP+SSE. Treat it as a secret. */
  readonly sessionId: string | undefined;
  readonly state: SessionState;
  /** `stateful`: the server sent a session id, or uses HTTP+SSE. `stateless`: it sent none. `modern`: it speaks 2026-07-28, which has no sessions. */
  readonly kind: 'stateful' | 'stateless' | 'modern';
  /** The number of handshakes of this session. */
  readonly generation: number;
  readonly protocolVersion: string;
  getServerCapabilities(): ServerCapabilities | undefined;
  getServerVersion(): Implementation | undefined;
  getInstructions(): string | undefined;
  /**
   * Sends a request and resolves with its result.
   *
   * Also for methods without a function of their own. `params.task` calls a tool as a task (2025-11-25); then use `tasks/get`, `tasks/result`,
   * `tasks/list` and `tasks/cancel`. `tasks/result` waits for the task, so pass a suitable `timeout`.
   *
   * @throws McpError `rpc_error` if the server answered with an error, `outcome_unknown` if the request may have run, `request_timeout`, `cancelled` and others.
   */
  request<Method extends RequestMethod>(
    request: MessageOf<Method, ClientRequests[Method]['params']>,
    options?: RequestOptions,
  ): Promise<ClientRequests[Method]['result']>;
  /** For methods that are not described here; `T` is the result's type, which is not checked. */
  request<T = unknown>(request: { method: string; params?: object | undefined }, options?: RequestOptions): Promise<T>;
  /** The same with the method's name: `session.request('tools/list')`, `session.request('tools/call', { name: 'echo' })`. */
  request<Method extends RequestMethod>(
    method: Method,
    ...rest: undefined extends ClientRequests[Method]['params']
      ? [params?: ClientRequests[Method]['params'], options?: RequestOptions]
      : [params: ClientRequests[Method]['params'], options?: RequestOptions]
  ): Promise<ClientRequests[Method]['result']>;
  request<T = unknown>(method: string, params?: object, options?: RequestOptions): Promise<T>;
  /** Sends a notification; resolves when the server has accepted it. */
  notification<Method extends keyof ClientNotifications>(
    notification: MessageOf<Method, ClientNotifications[Method]>,
  ): Promise<void>;
  notification(notification: { method: string; params?: object | undefined }): Promise<void>;
  /**
   * Asks the server for an answer, within the `timeout`. A lost session is replaced first, as for every request.
   *
   * @throws McpError
   */
  ping(options?: RequestOptions): Promise<void>;
  /** Lists of a 2026-07-28 server are cached for their `ttlMs`, and until the server announces a change. */
  listTools(params?: PaginatedRequestParams, options?: RequestOptions): Promise<ListToolsResult>;
  /**
   * Calls a tool. An error of the tool itself is a result with `isError`; other errors reject.
   *
   * @throws McpError `outcome_unknown` if the tool may have run: check its effect before a second call. `request_timeout`, `rpc_error`, `cancelled` and
   * others: {@link ErrorCode}.
   */
  callTool(params: CallToolRequestParams, options?: RequestOptions): Promise<CallToolResult>;
  listResources(params?: PaginatedRequestParams, options?: RequestOptions): Promise<ListResourcesResult>;
  listResourceTemplates(
    params?: PaginatedRequestParams,
    options?: RequestOptions,
  ): Promise<ListResourceTemplatesResult>;
  readResource(params: ResourceRequestParams, options?: RequestOptions): Promise<ReadResourceResult>;
  /** Subscribes to updates of a resource. A recovery renews the subscription. */
  subscribeResource(params: ResourceRequestParams, options?: RequestOptions): Promise<void>;
  unsubscribeResource(params: ResourceRequestParams, options?: RequestOptions): Promise<void>;
  listPrompts(params?: PaginatedRequestParams, options?: RequestOptions): Promise<ListPromptsResult>;
  getPrompt(params: GetPromptRequestParams, options?: RequestOptions): Promise<GetPromptResult>;
  complete(params: CompleteRequestParams, options?: RequestOptions): Promise<CompleteResult>;
  /** Sets the log level of the server. A recovery sets it again. */
  setLoggingLevel(level: LoggingLevel, options?: RequestOptions): Promise<void>;
  /**
   * Answers a request of the server, such as `sampling/createMessage`, `elicitation/create` or `roots/list`; also the input requests of a 2026-07-28 server
   * during a call.
   *
   * - The handler returns the result. An exception is sent as the error, with its `message`, its `code` if that is an integer, and its `data`.
   * - Its capability is declared from the next handshake on; to declare it in the first, add it to {@link ManagerOptions.capabilities}. An application with
   *   a handler of `roots/list` must announce changes: `session.notification({ method: 'notifications/roots/list_changed' })`.
   * - In an accepted form (`elicitation/create`), fields missing in `content` get the defaults of the schema. Only forms are declared, unless
   *   the capabilities include `{ elicitation: { form: {}, url: {} } }`.
   */
  setRequestHandler<Method extends ServerRequestMethod | (string & {})>(
    method: Method,
    handler: RequestHandler<Method>,
  ): void;
  setNotificationHandler<Method extends NotificationMethod | (string & {})>(
    method: Method,
    handler: NotificationHandler<Method>,
  ): void;
  /** Gets every notification without a handler. */
  onnotification?: ((notification: ServerNotification) => void) | undefined;
  /** Ends this session, like {@link McpManager.terminate}. */
  terminate(): Promise<void>;
  /**
   * Releases this object, not the session: nothing is sent, other objects returned by `connect` still work, and handlers stay set.
   * Pending calls still settle; any further use of this object throws `closed`. For `await using session = await manager.connect(…)`.
   */
  [Symbol.asyncDispose](): Promise<void>;
}

/** Answers a request of the server: returns the result, or a promise of it. An exception is sent to the server as an error. */
export type RequestHandler<Method extends string> = Method extends ServerRequestMethod
  ? (
      request: MessageOf<Method, ServerRequests[Method]['params']>,
      extra: RequestHandlerExtra,
    ) => ServerRequests[Method]['result'] | Promise<ServerRequests[Method]['result']>
  : (request: UnknownMessage, extra: RequestHandlerExtra) => unknown;

export interface RequestHandlerExtra {
  /** Aborted when the server cancels its request, and when the session or the manager ends. */
  signal: PlatformSignal;
}

export type NotificationHandler<Method extends string> = (
  notification: Method extends NotificationMethod ? MessageOf<Method, ServerNotifications[Method]> : UnknownMessage,
) => void;

/** Options of one request. */
export interface RequestOptions {
  /** Cancels the request, here and at the server. */
  signal?: PlatformSignal | undefined;
  /** Timeout in milliseconds. Default: the server's `timeout`. */
  timeout?: number | undefined;
  /** Limit on the total time in milliseconds, regardless of progress. Default: none. */
  maxTotalTimeout?: number | undefined;
  /** Whether progress restarts the `timeout`. Default: true. */
  resetTimeoutOnProgress?: boolean | undefined;
  /** Called for each progress notification. Servers report progress only if this is set. */
  onprogress?: ((progress: Progress) => void) | undefined;
  /** Default: the session's `replay`. */
  replay?: SessionConfig['replay'] | undefined;
}

/**
 * The state of a session.
 *
 * - `connecting`: the first handshake, or the one after expiry, is in progress.
 * - `ready`: requests are sent.
 * - `recovering`: the session was lost; one new handshake is in progress, and calls wait for it.
 * - `outage`: the server is unreachable. The session keeps its id, one canary request at a time tests the server, and calls wait within their deadlines.
 * - `degraded`: all attempts to recover failed; the next call tries again, after a backoff.
 * - `expired`: {@link SessionConfig.timeout} or `maxAge` has passed; the next call creates a new session.
 * - `terminated`: ended by the application. Final.
 * - `closed`: the manager was closed, or the first handshake failed. Final.
 */
export type SessionState =
  | 'connecting'
  | 'ready'
  | 'recovering'
  | 'outage'
  | 'degraded'
  | 'expired'
  | 'terminated'
  | 'closed';

/** A snapshot of a session. Times are like `Date.now()`. */
export interface SessionInfo {
  userId: string;
  serverName: string;
  sessionId?: string;
  kind: McpSession['kind'];
  state: SessionState;
  generation: number;
  protocolVersion: string;
  createdAt: number;
  lastUsedAt: number;
  expiresAt?: number;
  inFlight: number;
  recoveries: number;
}

/**
 * Why a call failed. {@link McpError.retryable} says whether the same call may be sent again; R marks the codes where it usually is true.
 *
 * - `session_terminated`, `session_invalid` (R): the session was lost, and new handshakes did not help. Call again later; if it repeats, run `diagnose`.
 * - `session_expired` (R): `sessionConfig.timeout` or `maxAge` has passed. The next call creates a session.
 * - `session_conflict`, `session_timeout` (R): in events: another client uses the stream; the server no longer answers.
 * - `outcome_unknown`: sent and not answered; it may have run. Check its effect before a second call.
 * - `request_timeout`: no answer within `timeout`. R only if it was never sent.
 * - `cancelled`: by `signal`; the `cause` is its reason.
 * - `rpc_error`: the server's JSON-RPC error: `rpcCode`, `data`.
 * - `protocol_error`: the server broke the protocol, or the params cannot be serialized.
 * - `http_error`: another HTTP `status`. R for 5xx, 408, 421, 425, 499, and for 429 after `retryAfterMs`.
 * - `network_error` (R): the server is unreachable; `cause` is the error of `fetch`.
 * - `cors_blocked`: the server's CORS headers hide the response; the message names the missing one.
 * - `unauthorized`: 401 or no token. Log in; the `cause` is the provider's error.
 * - `forbidden`: 403: other credentials or permissions are needed. Or the server does not allow this `Host` or `Origin`.
 * - `unsupported_version`: no common protocol revision.
 * - `circuit_open` (R): not sent after many failures. Call again after `retryAfterMs`.
 * - `limit_exceeded` (R): one of {@link Limits}.
 * - `config_error`: the configuration or an argument is wrong; the message has the path.
 * - `closed`: the manager or the session was closed or terminated.
 */
export type ErrorCode =
  | 'session_terminated'
  | 'session_expired'
  | 'session_invalid'
  | 'session_conflict'
  | 'session_timeout'
  | 'outcome_unknown'
  | 'request_timeout'
  | 'cancelled'
  | 'rpc_error'
  | 'protocol_error'
  | 'http_error'
  | 'network_error'
  | 'cors_blocked'
  | 'unauthorized'
  | 'forbidden'
  | 'unsupported_version'
  | 'circuit_open'
  | 'limit_exceeded'
  | 'config_error'
  | 'closed';

/** The error class of this package. */
export class McpError extends Error {
  /** For entries of this package. */
  constructor(
    message: string,
    fields: {
      code: ErrorCode;
      serverName?: string | undefined;
      retryable?: boolean | undefined;
      status?: number | undefined;
      rpcCode?: number | undefined;
      data?: unknown;
      retryAfterMs?: number | undefined;
      evidence?: string | undefined;
      cause?: unknown;
    },
  );
  readonly name: 'McpError';
  /** Stable, for use in conditions; messages may change. */
  readonly code: ErrorCode;
  readonly serverName?: string;
  /** Whether the same call may succeed later, without the risk of running twice. */
  readonly retryable: boolean;
  /** The status of the HTTP response, if there was one. */
  readonly status?: number;
  /**
   * The code of the JSON-RPC error, for `rpc_error`.
   *
   * −32042 means that the user must visit a URL first: `data.elicitations` lists `{ url, elicitationId, message }`. Afterwards, or when
   * `notifications/elicitation/complete` with the `elicitationId` arrives, repeat the call.
   */
  readonly rpcCode?: number;
  /** The data of the JSON-RPC error. */
  readonly data?: unknown;
  /** The `Retry-After` of the server, in milliseconds. */
  readonly retryAfterMs?: number;
  /** The observation behind this verdict. */
  readonly evidence?: string;
  /** The `reason` of an aborted signal, or the error of `fetch` in the last attempt: a `TypeError`, in Node with its own `cause`. Undefined after a response. */
  readonly cause?: unknown;
}

/** The types of the events; the `detail` of each is in {@link SessionEventMap}. */
export type SessionEvent =
  | 'sessionCreated'
  | 'sessionReused'
  | 'sessionError'
  | 'recoveryStarted'
  | 'recoverySucceeded'
  | 'recoveryFailed'
  | 'retryScheduled'
  | 'sessionExpired'
  | 'sessionTerminated'
  | 'stateChanged'
  | 'requestSent'
  | 'requestSettled'
  | 'streamOpened'
  | 'streamClosed'
  /** The GET stream waits for its turn: see {@link Limits.maxStreamsPerOrigin}. Once per wait; `streamOpened` ends it. */
  | 'streamWaiting'
  | 'toolsChanged'
  | 'breakerOpened'
  | 'breakerClosed'
  /** The server is unreachable: the first canary failed, too. `code` and `evidence` describe the failure. The state is `outage` until `outageEnded`. */
  | 'outageStarted'
  /** The server is reachable again after `durationMs`; `waited` calls are sent now. The session may still be lost: `recoveryStarted`. */
  | 'outageEnded'
  /** The server refused the credentials, and the {@link AuthProvider} is asked. */
  | 'authorizationNeeded'
  /** It has a token. */
  | 'authorized'
  /** It has none. */
  | 'authorizationFailed';

/** The `detail` of an event. Fields that do not apply to it are missing. */
export interface SessionEventDetail {
  userId: string;
  serverName: string;
  /** 0 before the first handshake. */
  generation: number;
  /** The time of the event, like `Date.now()`. */
  at: number;
  /** Cut to 8 characters. */
  sessionId?: string;
  /** An error code. */
  code?: ErrorCode;
  /** The observation, usually the server's response. */
  evidence?: string;
  /** Of `stateChanged`. */
  from?: SessionState;
  /** Of `stateChanged`. */
  to?: SessionState;
  /** Of a JSON-RPC request. */
  method?: string;
  requestId?: number;
  /** The `requestId` of the previous attempt. */
  replaces?: number;
  /** Of `requestSettled`: `result`, or the error's code. */
  outcome?: 'result' | ErrorCode;
  /** Counted from 1. */
  attempt?: number;
  /** Milliseconds until the next attempt. */
  delayMs?: number;
  /** Duration in milliseconds. */
  durationMs?: number;
  /** Of `outageEnded`: the number of calls that waited. */
  waited?: number;
  /** `listen` is the GET stream, `call` the response stream of a call. */
  stream?: 'listen' | 'call';
  /** Of `sessionReused`: restored from the storage. */
  source?: 'storage';
}

/** The `detail` of an event with its required and its optional fields. */
type DetailWith<
  Always extends keyof SessionEventDetail = never,
  Perhaps extends keyof SessionEventDetail = never,
> = Pick<SessionEventDetail, 'userId' | 'serverName' | 'generation' | 'at'> &
  Required<Pick<SessionEventDetail, Always>> &
  Pick<SessionEventDetail, Perhaps>;

/** The `detail` of each event. `sessionId` is missing if the server sent none. */
export interface SessionEventMap {
  /** A handshake succeeded: the first one, and that of each recovery. */
  sessionCreated: DetailWith<never, 'sessionId'>;
  /** `connect` found a live session, here or in the storage (`source`). */
  sessionReused: DetailWith<never, 'sessionId' | 'source'>;
  /** The session was lost, or the server broke a rule of the protocol. `code` is the error, `evidence` the observation. */
  sessionError: DetailWith<'code', 'evidence'>;
  /** A new handshake begins, and calls wait for it. `code` is the cause. */
  recoveryStarted: DetailWith<'code'>;
  /** The new session works; `durationMs` since the loss, `code` is the cause. */
  recoverySucceeded: DetailWith<'code' | 'durationMs'>;
  /** All attempts failed, and with them the waiting calls. The session tries once more after `delayMs`. */
  recoveryFailed: DetailWith<'code' | 'delayMs', 'evidence'>;
  /**
   * A retry follows after `delayMs`: of a call (`method`), a handshake (`attempt` failed, `code`, `evidence`), the GET stream
   * (`stream`, `attempt`), or all calls after `Retry-After` (`code`, `evidence`).
   */
  retryScheduled: DetailWith<'delayMs', 'method' | 'attempt' | 'code' | 'evidence' | 'stream'>;
  /** `SessionConfig.timeout` or `maxAge` has passed. */
  sessionExpired: DetailWith<'code', 'sessionId'>;
  /** The application ended the session. */
  sessionTerminated: DetailWith<never, 'sessionId'>;
  /** `from` is missing for a new session. */
  stateChanged: DetailWith<'to', 'from'>;
  /** A JSON-RPC request was sent. `replaces` is the `requestId` of the previous attempt. */
  requestSent: DetailWith<'method' | 'requestId' | 'attempt', 'replaces'>;
  /** A call ended. `requestId` is missing if it was never sent. */
  requestSettled: DetailWith<'method' | 'outcome' | 'durationMs', 'requestId' | 'evidence'>;
  /** The GET stream, or the response stream of a call (`requestId`), is open. */
  streamOpened: DetailWith<'stream', 'requestId' | 'evidence'>;
  /** The stream ended, broke (`evidence`) or was closed. */
  streamClosed: DetailWith<'stream', 'requestId' | 'evidence'>;
  /** The GET stream waits for its turn: see {@link Limits.maxStreamsPerOrigin}. */
  streamWaiting: DetailWith<'stream'>;
  /** The tools differ from those before the recovery. */
  toolsChanged: DetailWith;
  /** Too many failures: nothing is sent for `delayMs`. */
  breakerOpened: DetailWith<never, 'delayMs'>;
  /** An attempt succeeded after `breakerOpened`. */
  breakerClosed: DetailWith;
  /** The server is unreachable. */
  outageStarted: DetailWith<'code', 'evidence'>;
  /** The server is reachable again after `durationMs`; `waited` calls are sent now. */
  outageEnded: DetailWith<'durationMs' | 'waited'>;
  /** The server refused the credentials, and the {@link AuthProvider} is asked: for the `attempt`th time since a request was accepted. */
  authorizationNeeded: DetailWith<'attempt'>;
  /** The auth provider has a token. */
  authorized: DetailWith;
  /** It has none. */
  authorizationFailed: DetailWith<'code'>;
}

/** An event of {@link McpManager.events}: a `CustomEvent`, typed without the DOM library. */
export type SessionCustomEvent<Type extends SessionEvent = SessionEvent> = PlatformEvent & {
  readonly type: Type;
  readonly detail: SessionEventMap[Type];
};

export type SessionEventListener<Type extends SessionEvent> =
  | ((event: SessionCustomEvent<Type>) => void)
  | { handleEvent(event: SessionCustomEvent<Type>): void };

export interface SessionEventListenerOptions {
  capture?: boolean | undefined;
  once?: boolean | undefined;
  passive?: boolean | undefined;
  signal?: PlatformSignal | undefined;
}

/** An `EventTarget` with typed events. */
export interface SessionEventTarget extends PlatformEventTarget {
  /** Calls `listener` with each event of this type; its `detail` is in {@link SessionEventMap}. An exception of a listener does not affect calls. */
  addEventListener<Type extends SessionEvent>(
    type: Type,
    listener: SessionEventListener<Type> | null,
    options?: boolean | SessionEventListenerOptions,
  ): void;
  removeEventListener<Type extends SessionEvent>(
    type: Type,
    listener: SessionEventListener<Type> | null,
    options?: boolean | { capture?: boolean | undefined },
  ): void;
}

/**
 * Counters since the manager was created, by name: `created`, `reused`, `restored`, `recovered`, `recoveryFailed`, `expired`, `terminated`, `requests`,
 * `succeeded`, `failed`, `resent`, `replayed`, `outcomeUnknown`, `retries`, `streamsOpened`, `streamsResumed`, `breakerOpened`, `outages` (times that a
 * server became unreachable for a session), `serverRequests`, `staleDropped`.
 */
export interface Metrics {
  [counter: string]: number;
}

/** Provides access tokens. `mcp-tether/oauth` has ready-made providers. */
export interface AuthProvider {
  /**
   * Asked before the first request of a session, when the server refuses a token (401; 403 with `insufficient_scope`; 400 and 403 with
   * `invalid_token`), and before a token expires. A call leads to one question at most, concurrent ones to one together.
   *
   * What it rejects with is the `cause` of the caller's `unauthorized`; the next call that is refused asks again.
   *
   * @returns The token, or undefined to go without one.
   */
  token(context: TokenContext): Promise<string | Token | undefined>;
  /** Adds headers to each request with a token of the scheme `DPoP`: the proof (RFC 9449). */
  headers?(request: {
    userId: string;
    serverName: string;
    method: string;
    url: string;
    token: string;
    /** The server's latest `DPoP-Nonce`. */
    nonce?: string;
  }): Promise<Record<string, string>> | Record<string, string>;
}

/** What an {@link AuthProvider} is told. */
export interface TokenContext {
  userId: string;
  serverName: string;
  /** The MCP endpoint. */
  url: string;
  /** The status of the refusal; undefined before there was one, and before a token expires. */
  status?: number;
  /** Its `WWW-Authenticate`, if there was one and CORS shows it. */
  challenge?: string;
  /** How many questions after refusals this makes since a request was accepted: from the second on, new tokens do not help. */
  attempt: number;
  /** The manager's option `fetch`, if it was given one. */
  fetch?: FetchLike;
  /** Aborted after `authTimeout`, and when the session ends. */
  signal: PlatformSignal;
}

/** A token with what is known of it. */
export interface Token {
  token: string;
  /** Default: `Bearer`. */
  scheme?: 'Bearer' | 'DPoP' | undefined;
  /** In milliseconds, as of `Date.now()`. The provider is asked for the next token 30 to 60 seconds before, while calls go on with this one. */
  expiresAt?: number | undefined;
  /** Whose it is. After a token of another subject the session is terminated: it belongs to the one before. */
  subject?: string | undefined;
}
