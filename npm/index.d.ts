/// <reference lib="esnext.disposable" />

/**
 * MCP sessions that survive: a client for Model Context Protocol servers over streamable HTTP.
 *
 * All times are in milliseconds. Whatever fails, fails with an {@link McpError}.
 */

import type {
  Bytes,
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
  Result,
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
 * In a browser, await it before anything else. In Node, Deno, Bun and workerd the import has done it already, and this resolves at once.
 *
 * @param source Where the module is, if it is not beside this package's files; heeded only by the first call.
 */
export default function init(
  source?: Bytes | PlatformModule | PlatformUrl | PlatformResponse | Promise<PlatformResponse>,
): Promise<void>;

/** What is used to send requests: the global `fetch`, or a function that is called in its place. The middlewares of the official SDK have this type. */
export type FetchLike = (url: string | PlatformUrl, init?: PlatformRequestInit) => Promise<PlatformResponse>;

/** The servers that a manager may connect to, in the shape that chat applications already keep them. */
export interface McpConfig {
  mcpServers: Record<string, ServerConfig>;
}

/** How to reach one server. */
export interface ServerConfig {
  /**
   * `http` means `streamable-http`, which is the default: a server that answers its `initialize` with 400, 404 or 405 is tried for HTTP+SSE, the transport
   * of revision 2024-11-05, unless {@link ServerConfig.protocolVersion} is pinned. `sse` begins with HTTP+SSE and tries nothing else; `url` is then that of
   * the event stream.
   */
  type?: 'streamable-http' | 'http' | 'sse';
  /** The MCP endpoint. `${NAME}` stands for that variable of {@link ManagerOptions.env}; one that is not set is a `config_error`. */
  url: string;
  /** Sent with every request. `${NAME}` works as in `url`; `{{USER_ID}}` and the names in {@link ConnectOptions.vars} are filled in for each user. */
  headers?: Record<string, string>;
  /** How long one request may take. Default 60 000. */
  timeout?: number;
  /** How long one handshake may take. Default 30 000. */
  initTimeout?: number;
  /**
   * How long an {@link AuthProvider} may take for a token; it may have to ask its user. After that its signal is aborted and requests go without one.
   * Meanwhile the `timeout` of waiting calls stands still; `maxTotalTimeout` runs on. Default 300 000.
   */
  authTimeout?: number;
  /**
   * Which revision of MCP is spoken.
   *
   * - `auto`, the default: one `server/discover` finds out whether the server speaks 2026-07-28; where it does not, `initialize` negotiates. What was
   *   found out is kept for the server's address, and asked again after an hour where it was an older revision.
   * - `legacy`: nothing is asked, `initialize` negotiates.
   * - A date, `2024-11-05` to `2026-07-28`: that revision or `unsupported_version`.
   */
  protocolVersion?: 'auto' | 'legacy' | string;
  sessionConfig?: SessionConfig;
  /** Used for this server instead of {@link ManagerOptions.fetch}, which says what becomes of what it throws. */
  fetch?: FetchLike;
  /** Asked for tokens where `connect` is given no `auth` of its own. */
  auth?: AuthProvider;
  /**
   * Whether the browser sends cookies: `include` to other origins as well, which the server has to allow (`Access-Control-Allow-Credentials`), `omit`
   * never. Default: `same-origin`. Where the host keeps no cookies: `mcp-tether/cookies`.
   */
  credentials?: 'omit' | 'same-origin' | 'include';
}

/** How long a session lives, and what is done to save it. */
export interface SessionConfig {
  /** Without use for this long, the session is given up. Default: `MCP_SESSION_TIMEOUT`, else 3 600 000. */
  timeout?: number;
  /**
   * How often a handshake or a request is tried again, and how many canaries follow the first one in an outage; 0 to 100. Default: `MCP_SESSION_RETRY_ATTEMPTS`,
   * else 3.
   */
  retryAttempts?: number;
  /**
   * The base of the exponential backoff, which ends at 30 000. Each wait is drawn between nothing and the backoff, in an outage between half of it and
   * the whole. Default: `MCP_SESSION_RETRY_DELAY`, else 1 000.
   */
  retryDelay?: number;
  /** The longest that a session may live, used or not. Default: no limit. */
  maxAge?: number;
  /**
   * After this long without a request the session is pinged, so that the server does not drop it. Pings do not count as use: `timeout` ends the session
   * all the same. Only for sessions of kind `stateful`. Default: no ping is sent.
   */
  keepAlive?: number;
  /**
   * What may be sent a second time.
   *
   * - `refused` (default): anything that the server certainly did not run, and reads whose fate is unknown.
   * - `safe`: only reads, and tools that call themselves read-only or idempotent.
   * - `never`: nothing.
   */
  replay?: 'refused' | 'safe' | 'never';
  /**
   * Further answers that mean a lost session, for servers that report it in words of their own. Default: none.
   *
   * Each entry has an HTTP `status` (200 to 599), a `message` that the error contains in any case of letters, or both, and then both have to fit. Such an
   * answer is `session_invalid`: it leads to one new handshake, and the request is sent again as one that was refused unread.
   */
  lostWhen?: LostWhen[];
}

/** An answer that means a lost session: {@link SessionConfig.lostWhen}. */
export type LostWhen = { status: number; message?: string } | { status?: number; message: string };

/** What a manager is given besides its servers. */
export interface ManagerOptions {
  /** Values for `${NAME}` and the `MCP_SESSION_…` settings. Default: `process.env` where there is one. */
  env?: Record<string, string | undefined>;
  /** Log the debug lines as well. Default: whether `MCP_SESSION_DEBUG` is `true`. */
  debug?: boolean;
  /** Takes the log lines instead of the console. It never sees a header, a token or a whole session id. */
  log?: (level: 'debug' | 'info' | 'warn' | 'error', line: string) => void;
  /**
   * Used instead of the global `fetch`. What it throws is the {@link McpError.cause} of the error that the caller gets. A `TypeError`, a `NetworkError`,
   * an `AbortError` or `TimeoutError` of its own, and errors with a code of the system (`ECONNRESET`) are failures of the network; anything else is told
   * at once and never retried.
   */
  fetch?: FetchLike;
  /** The name that this client gives to servers. */
  clientInfo?: Implementation;
  /** Capabilities to declare at the handshake. A request handler adds its own. */
  capabilities?: ClientCapabilities;
  /**
   * Keeps sessions beyond this page or process: the next manager with the same storage, servers and users goes on with them, without a handshake.
   * None by default: nothing is written. Ready-made ones are in `mcp-tether/storage`.
   *
   * Written are the session's id, the server's answer to the handshake, the place in its stream, the log level and the subscriptions; never a header
   * or a token. The id is a secret, too: keep it where the user's other credentials are. `close()` leaves a session stored, `terminate()` removes it.
   */
  storage?: SessionStorage;
  limits?: Partial<Limits>;
}

/**
 * A place to keep sessions in; what it stores is opaque. Changes of one key have to take effect in the order of the calls.
 *
 * A storage that throws, rejects or does not answer within 2 seconds is gone on without, with a warning. `manager.idle()` waits for its promises.
 */
export interface SessionStorage {
  get(key: string): Promise<string | null> | string | null;
  set(key: string, value: string): Promise<void> | void;
  delete(key: string): Promise<void> | void;
}

/** Bounds on what a manager holds. What goes past one fails with `limit_exceeded`. */
export interface Limits {
  /** Users with at least one session. Default 100 000. */
  maxUsers: number;
  /** Default 64. */
  maxSessionsPerUser: number;
  /** Requests under way at once, in one session. Default 64. */
  maxInFlight: number;
  /** Calls that wait for a session to be ready, in one session. Default 16 384. */
  maxQueued: number;
  /** Bytes of one message from a server. Default 16 MiB. */
  maxMessageBytes: number;
  /** Bytes kept of an error page. Default 64 KiB. */
  maxErrorBytes: number;
  /** Default 8 192. */
  maxSessionIdBytes: number;
  /**
   * Long-lived responses of one origin: GET streams, `subscriptions/listen`, and responses to calls that stream for more than a second. Past it GET
   * streams take turns of 30 seconds, or of 5 while a session that was just used waits; a stream goes on where its last turn ended. Never closed for
   * a turn: the stream of HTTP+SSE, and that of a session with a call or a request of the server under way.
   *
   * Default: in pages and their workers 3 over `http:`, and over `https:` no limit until requests wait for a connection, then 3 (a browser has six
   * connections to an HTTP/1.1 origin, over all its tabs; `attachToPage` of `mcp-tether/page` shares the 3 between tabs). In workerd 4 for all
   * origins together. Elsewhere no limit.
   */
  maxStreamsPerOrigin: number;
}

/** Holds the sessions of many users with many servers. */
export class McpManager {
  /**
   * Checks the configuration; nothing is sent.
   *
   * @throws McpError `config_error` that lists everything that is wrong, each with its path.
   */
  constructor(config: McpConfig, options?: ManagerOptions);
  /**
   * The session of this user with this server: made the first time, the same one afterwards. Concurrent callers share one handshake.
   *
   * @throws McpError `config_error` for an unknown server, `unauthorized`, `unsupported_version`, `network_error`, `circuit_open` and others if no session comes about.
   */
  connect(userId: string, serverName: string, options?: ConnectOptions): Promise<McpSession>;
  /** Counts of our records: of a server of 2026-07-28, which keeps no sessions, as of any other. */
  getSessionStats(): { totalUsers: number; totalSessions: number; activeSessions: number };
  getAllActiveSessions(): SessionInfo[];
  getSessionInfo(userId: string, serverName: string): SessionInfo | undefined;
  /** Counters since the manager was made. */
  getMetrics(): Metrics;
  /** Ends one session, here and with a DELETE at the server. That gets 5 seconds and one try; a server that knows no such session is fine. */
  terminate(userId: string, serverName: string): Promise<void>;
  /** Ends all sessions of a user. */
  terminateUser(userId: string): Promise<void>;
  /**
   * Tries a server out, step by step, and says what was seen and how to mend it. It makes a session of its own and ends it; the user's
   * live session is not touched. What does this is loaded at the first call, from a file of its own.
   *
   * @param userId Whose headers are sent: those of the live session, token included, or the configured ones. May be left out where they are the same for all.
   * @throws McpError `config_error` for an unknown server or headers that cannot be filled in, `closed` if the manager is closed meanwhile.
   */
  diagnose(serverName: string, userId?: string, options?: DiagnosisOptions): Promise<Diagnosis>;
  /**
   * A Transport for the official SDK's `Client`, v1 and v2: `client.connect(manager.transport(userId, serverName))`.
   *
   * The client's own `initialize` makes or joins the session of this user with this server. Its capabilities and its name are declared in that
   * handshake, and in those of later recoveries. The options' `signal` is not heeded: the client gives up in its own way.
   */
  transport(userId: string, serverName: string, options?: ConnectOptions): SdkTransport;
  /**
   * For applications that know whether there is a network better than the browser does. After `offline` nothing is sent to any server, this machine's own
   * included, and calls wait within their deadlines; after `online` they go at once. It beats `navigator.onLine`, which is only a hint: where that is false,
   * a HEAD request without credentials tries the server before calls wait.
   *
   * @throws McpError `config_error` for anything else.
   */
  notifyNetwork(state: 'offline' | 'online'): void;
  /**
   * Reports what happens, as `CustomEvent`s named in {@link SessionEvent}:
   * `manager.events.addEventListener('recoverySucceeded', (event) => event.detail.durationMs)`.
   */
  readonly events: SessionEventTarget;
  /** Resolves once nothing is under way: for `waitUntil` in a Worker. */
  idle(): Promise<void>;
  /** Settles what is under way with `closed` and lets go of all handlers; once it resolves, nothing more is sent. `terminate` ends the sessions at their servers first. */
  close(options?: { terminate?: boolean }): Promise<void>;
  /** The same as `close()`. */
  [Symbol.asyncDispose](): Promise<void>;
}

/** How to try a server out. */
export interface DiagnosisOptions {
  /** Outside of pages: judge CORS for pages of this origin. A page is always judged by its own. */
  origin?: string;
  /** How long to wait for each answer. Default 5 000. */
  timeout?: number;
}

/** What became of each step. It holds no credentials and no whole session id. */
export interface Diagnosis {
  /** Whether every step is well. */
  ok: boolean;
  /** Undefined if the server took nobody in. */
  kind?: McpSession['kind'];
  protocolVersion?: string;
  /** All six, in this order. */
  steps: {
    name: 'reachable' | 'initialize' | 'sessionHeader' | 'reuse' | 'terminate' | 'cors';
    ok: boolean;
    ms: number;
    /** What was seen. */
    detail: string;
    /** How to mend it. */
    fix?: string;
  }[];
}

/** What is particular to one user's session. */
export interface ConnectOptions {
  /** Sent with every request of this session; these win over the server's own. */
  headers?: Record<string, string>;
  /** Values for `{{name}}` in the server's headers. */
  vars?: Record<string, string>;
  /** Asked for a token when the server wants one. */
  auth?: AuthProvider;
  /** Gives up waiting. Others who wait for the same session are not disturbed. */
  signal?: PlatformSignal;
}

/**
 * What the official SDK's `Client` talks to. Any number of them may ride on one session.
 *
 * - Results, and errors of the server, arrive as they are. An error of ours arrives with code 1000, and the fields of the {@link McpError} in its
 *   `data`: `error.data.code` is `outcome_unknown`, `unauthorized` and so on. `onerror` gets the `McpError` itself.
 * - How long to wait is the client's affair: requests are sent without a timeout of ours.
 * - A request of the server goes to a client that declared the capability; among several, to the one whose call it is about.
 *   Notifications go to all.
 * - The SDK's resumption options are not needed: the session resumes its streams by itself.
 */
export interface SdkTransport {
  start(): Promise<void>;
  send(message: object, options?: object): Promise<void>;
  /** Ends this client's part; its running requests are cancelled. The session stays, for other clients and for the next one. */
  close(): Promise<void>;
  /** Ends the session, for all its clients, as {@link McpManager.terminate} does. */
  terminateSession(): Promise<void>;
  /** Called once: by `close()`, or when a request finds that the session or the manager was ended. */
  onclose?: (() => void) | undefined;
  onerror?: ((error: Error) => void) | undefined;
  /** `extra.relatedRequestId` is the client's request on whose stream the message came. */
  onmessage?: ((message: JsonRpcMessage, extra?: object) => void) | undefined;
  /** What the server calls the session at present; undefined before `initialize` is answered, and where it keeps none. */
  readonly sessionId?: string | undefined;
  /** Does nothing: the session knows its version. */
  setProtocolVersion(version: string): void;
}

/** A JSON-RPC message as a `Client` gets it. */
export interface JsonRpcMessage {
  jsonrpc: '2.0';
  id?: string | number | undefined;
  method?: string | undefined;
  params?: { [key: string]: unknown } | undefined;
  result?: { [key: string]: unknown } | undefined;
  error?: { code: number; message: string; data?: unknown } | undefined;
}

/** One user's session with one server. It outlives restarts of the server: methods wait for a recovery that is under way. */
export class McpSession {
  private constructor();
  readonly userId: string;
  readonly serverName: string;
  /** What the server called the session; undefined if it keeps none, and over HTTP+SSE. Treat it as a secret. */
  readonly sessionId: string | undefined;
  readonly state: SessionState;
  /** `stateful`: the server gave an id, or the session is an event stream of HTTP+SSE. `stateless`: it gave none. `modern`: it speaks 2026-07-28, which has no sessions. */
  readonly kind: 'stateful' | 'stateless' | 'modern';
  /** How many handshakes this session has had. */
  readonly generation: number;
  readonly protocolVersion: string;
  getServerCapabilities(): ServerCapabilities | undefined;
  getServerVersion(): Implementation | undefined;
  getInstructions(): string | undefined;
  /**
   * Sends a request and resolves with its result.
   *
   * Methods that have no method of their own here work too. A tool is called as a task (2025-11-25) with `params.task`; `tasks/get`, `tasks/result`,
   * `tasks/list` and `tasks/cancel` then follow it. `tasks/result` waits for the task, so give it a `timeout` to match.
   *
   * @throws McpError `rpc_error` if the server answered with an error, `outcome_unknown` if it may or may not have run, `request_timeout`, `cancelled` and others.
   */
  request<Method extends RequestMethod>(
    request: MessageOf<Method, ClientRequests[Method]['params']>,
    options?: RequestOptions,
  ): Promise<ClientRequests[Method]['result']>;
  /** For methods that are not described here; `T` is the result's type, which is not checked. */
  request<T = unknown>(request: { method: string; params?: object }, options?: RequestOptions): Promise<T>;
  /** The same with the method's name: `session.request('tools/list')`, `session.request('tools/call', { name: 'echo' })`. */
  request<Method extends RequestMethod>(
    method: Method,
    ...rest: undefined extends ClientRequests[Method]['params']
      ? [params?: ClientRequests[Method]['params'], options?: RequestOptions]
      : [params: ClientRequests[Method]['params'], options?: RequestOptions]
  ): Promise<ClientRequests[Method]['result']>;
  request<T = unknown>(method: string, params?: object, options?: RequestOptions): Promise<T>;
  /** Sends a notification; resolves once the server has taken it. */
  notification<Method extends keyof ClientNotifications>(
    notification: MessageOf<Method, ClientNotifications[Method]>,
  ): Promise<void>;
  notification(notification: { method: string; params?: object }): Promise<void>;
  ping(options?: RequestOptions): Promise<void>;
  /** Lists of a server of 2026-07-28 come from memory for as long as it calls them fresh (`ttlMs`), and until it tells of a change. */
  listTools(params?: PaginatedRequestParams, options?: RequestOptions): Promise<ListToolsResult>;
  /** The tool that failed itself is a result with `isError`; what fails on the way there rejects. */
  callTool(params: CallToolRequestParams, options?: RequestOptions): Promise<CallToolResult>;
  listResources(params?: PaginatedRequestParams, options?: RequestOptions): Promise<ListResourcesResult>;
  listResourceTemplates(
    params?: PaginatedRequestParams,
    options?: RequestOptions,
  ): Promise<ListResourceTemplatesResult>;
  readResource(params: ResourceRequestParams, options?: RequestOptions): Promise<ReadResourceResult>;
  /** Asks for updates of a resource. A recovery asks again by itself. */
  subscribeResource(params: ResourceRequestParams, options?: RequestOptions): Promise<void>;
  unsubscribeResource(params: ResourceRequestParams, options?: RequestOptions): Promise<void>;
  listPrompts(params?: PaginatedRequestParams, options?: RequestOptions): Promise<ListPromptsResult>;
  getPrompt(params: GetPromptRequestParams, options?: RequestOptions): Promise<GetPromptResult>;
  complete(params: CompleteRequestParams, options?: RequestOptions): Promise<CompleteResult>;
  /** Sets what the server logs. A recovery sets it again by itself. */
  setLoggingLevel(level: LoggingLevel, options?: RequestOptions): Promise<void>;
  /**
   * Answers a request of the server, such as `sampling/createMessage`, `elicitation/create` or `roots/list`; also what a server of 2026-07-28
   * wants to know before it goes on with a call.
   *
   * - What it returns is the result. What it throws is the error, with its `message`, its `code` if that is an integer, and its `data`.
   * - Its capability is declared from the next handshake on; to declare it in the first, name it in {@link ManagerOptions.capabilities}. A handler of
   *   `roots/list` promises to tell of changes: `session.notification({ method: 'notifications/roots/list_changed' })`.
   * - A form (`elicitation/create`) that is accepted gets the defaults of its schema for the fields that `content` leaves out. Only forms are asked
   *   for, unless the capabilities say `{ elicitation: { form: {}, url: {} } }`.
   */
  setRequestHandler<Method extends ServerRequestMethod | (string & {})>(
    method: Method,
    handler: RequestHandler<Method>,
  ): void;
  setNotificationHandler<Method extends NotificationMethod | (string & {})>(
    method: Method,
    handler: NotificationHandler<Method>,
  ): void;
  /** Gets every notification that has no handler of its own. */
  onnotification?: ((notification: ServerNotification) => void) | undefined;
  /** Ends this session, as {@link McpManager.terminate} does. */
  terminate(): Promise<void>;
  /**
   * Releases this object, not the session: nothing is sent, the session stays for the other objects that `connect` gave out, and handlers stay set.
   * Calls under way are still answered; any further use of this object throws `closed`. For `await using session = await manager.connect(…)`.
   */
  [Symbol.asyncDispose](): Promise<void>;
}

/** Answers a request of the server: the result, or a promise of it. What it throws is the error that the server gets. */
export type RequestHandler<Method extends string> = Method extends ServerRequestMethod
  ? (
      request: MessageOf<Method, ServerRequests[Method]['params']>,
      extra: RequestHandlerExtra,
    ) => ServerRequests[Method]['result'] | Promise<ServerRequests[Method]['result']>
  : (request: UnknownMessage, extra: RequestHandlerExtra) => unknown;

export interface RequestHandlerExtra {
  /** Aborted when the server takes its request back, and when the session or the manager is ended. */
  signal: PlatformSignal;
}

export type NotificationHandler<Method extends string> = (
  notification: Method extends NotificationMethod ? MessageOf<Method, ServerNotifications[Method]> : UnknownMessage,
) => void;

/** What is particular to one request. */
export interface RequestOptions {
  /** Cancels the request, here and at the server. */
  signal?: PlatformSignal;
  /** Default: the server's `timeout`. */
  timeout?: number;
  /** Bound on the whole wait, whatever progress comes. Default: none. */
  maxTotalTimeout?: number;
  /** Progress starts the `timeout` anew. Default: true. */
  resetTimeoutOnProgress?: boolean;
  /** Called for each step that the server reports; asking for it is what makes the server report. */
  onprogress?: (progress: Progress) => void;
  /** Default: the session's `replay`. */
  replay?: SessionConfig['replay'];
}

/**
 * Where a session stands.
 *
 * - `connecting`: the first handshake, or the one after expiry, is under way.
 * - `ready`: requests are sent.
 * - `recovering`: the session was lost; one new handshake is under way, and calls wait for it.
 * - `outage`: the server is out of reach. The session keeps its id, one canary request at a time tests the server, and calls wait within their deadlines.
 * - `degraded`: all attempts to recover have failed; the next call tries again, after a backoff.
 * - `expired`: {@link SessionConfig.timeout} or `maxAge` has passed; the next call makes a new session.
 * - `terminated`: ended by its owner. Final.
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

/** A session as it was at the moment of asking. Times are as of `Date.now()`. */
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

/** The one error that this package throws and rejects with. */
export class McpError extends Error {
  /** For the package's own entries: errors come from the methods above. */
  constructor(
    message: string,
    fields: {
      code: ErrorCode;
      serverName?: string;
      retryable?: boolean;
      status?: number;
      rpcCode?: number;
      data?: unknown;
      retryAfterMs?: number;
      evidence?: string;
      cause?: unknown;
    },
  );
  readonly name: 'McpError';
  /** What to branch on; messages may change. */
  readonly code: ErrorCode;
  readonly serverName?: string;
  /** Whether the same call may succeed later, without running anything twice. */
  readonly retryable: boolean;
  /** The status of the HTTP answer, if there was one. */
  readonly status?: number;
  /**
   * The code of the JSON-RPC error, for `rpc_error`.
   *
   * −32042 means that the user has to visit a URL first: `data.elicitations` lists `{ url, elicitationId, message }`. When they have, or when
   * `notifications/elicitation/complete` names the `elicitationId`, make the same call again.
   */
  readonly rpcCode?: number;
  /** The data of the JSON-RPC error. */
  readonly data?: unknown;
  /** How long the server asked to be left alone. */
  readonly retryAfterMs?: number;
  /** What was seen that led to this verdict. */
  readonly evidence?: string;
  /** The `reason` of an aborted signal, or what `fetch` threw at the last attempt: a `TypeError`, in Node with a `cause` of its own. Undefined after a response. */
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
  /** The GET stream waits for its turn: see {@link Limits.maxStreamsPerOrigin}. Once for each wait; `streamOpened` ends it. */
  | 'streamWaiting'
  | 'toolsChanged'
  | 'breakerOpened'
  | 'breakerClosed'
  /** The server is out of reach: the first canary failed, too. `code` and `evidence` say what was seen. The state is `outage` until `outageEnded`. */
  | 'outageStarted'
  /** The server is within reach again, after `durationMs`; `waited` calls are sent now. The session may still turn out to be lost: `recoveryStarted`. */
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
  /** When it happened, as of `Date.now()`. */
  at: number;
  /** Cut to 8 characters. */
  sessionId?: string;
  /** An error code. */
  code?: ErrorCode;
  /** What was seen of the server's answer. */
  evidence?: string;
  /** Of `stateChanged`. */
  from?: SessionState;
  /** Of `stateChanged`. */
  to?: SessionState;
  /** Of a JSON-RPC request. */
  method?: string;
  requestId?: number;
  /** The `requestId` of the attempt before. */
  replaces?: number;
  /** Of `requestSettled`: `result`, or the error's code. */
  outcome?: 'result' | ErrorCode;
  /** Counted from 1. */
  attempt?: number;
  /** Milliseconds until the next attempt. */
  delayMs?: number;
  /** Milliseconds that it took. */
  durationMs?: number;
  /** Of `outageEnded`: calls that waited for it. */
  waited?: number;
  /** `listen` is the GET stream, `call` the response stream of a call. */
  stream?: 'listen' | 'call';
  /** Of `sessionReused`: taken over from the storage. */
  source?: 'storage';
}

/** The `detail` of an event with the fields that it always has and those that it may have. */
type DetailWith<
  Always extends keyof SessionEventDetail = never,
  Perhaps extends keyof SessionEventDetail = never,
> = Pick<SessionEventDetail, 'userId' | 'serverName' | 'generation' | 'at'> &
  Required<Pick<SessionEventDetail, Always>> &
  Pick<SessionEventDetail, Perhaps>;

/** The `detail` of each event. `sessionId` is missing where the server gave none. */
export interface SessionEventMap {
  /** A handshake succeeded: the first one, and that of each recovery. */
  sessionCreated: DetailWith<never, 'sessionId'>;
  /** `connect` found a session that lives, or the storage had one (`source`). */
  sessionReused: DetailWith<never, 'sessionId' | 'source'>;
  /** The session was lost, or the server broke a rule about sessions. `code` says which, `evidence` what was seen. */
  sessionError: DetailWith<'code', 'evidence'>;
  /** A new handshake begins, and calls wait for it. `code` is the loss. */
  recoveryStarted: DetailWith<'code'>;
  /** The new session works; `durationMs` since the loss, `code` is the loss. */
  recoverySucceeded: DetailWith<'code' | 'durationMs'>;
  /** The attempts are spent, and waiting calls failed. The session tries once more after `delayMs`. */
  recoveryFailed: DetailWith<'code' | 'delayMs', 'evidence'>;
  /**
   * Something is tried again after `delayMs`: a call (`method`), a handshake (`attempt` failed, `code`, `evidence`), the GET stream
   * (`stream`, `attempt`), or all calls after `Retry-After` (`code`, `evidence`).
   */
  retryScheduled: DetailWith<'delayMs', 'method' | 'attempt' | 'code' | 'evidence' | 'stream'>;
  /** `SessionConfig.timeout` or `maxAge` has passed. */
  sessionExpired: DetailWith<'code', 'sessionId'>;
  /** The owner ended the session. */
  sessionTerminated: DetailWith<never, 'sessionId'>;
  /** `from` is missing for a session that was just made. */
  stateChanged: DetailWith<'to', 'from'>;
  /** A JSON-RPC request was sent. `replaces` is the `requestId` of the attempt before. */
  requestSent: DetailWith<'method' | 'requestId' | 'attempt', 'replaces'>;
  /** A call ended. `requestId` is missing if it was never sent. */
  requestSettled: DetailWith<'method' | 'outcome' | 'durationMs', 'requestId' | 'evidence'>;
  /** The GET stream or the response stream of a call (`requestId`) delivers. */
  streamOpened: DetailWith<'stream', 'requestId' | 'evidence'>;
  /** It ended, broke (`evidence`) or was given up. */
  streamClosed: DetailWith<'stream', 'requestId' | 'evidence'>;
  /** The GET stream waits for its turn: see {@link Limits.maxStreamsPerOrigin}. */
  streamWaiting: DetailWith<'stream'>;
  /** The tools differ from those before the recovery. */
  toolsChanged: DetailWith;
  /** Too many failures: nothing is sent for `delayMs`. */
  breakerOpened: DetailWith<never, 'delayMs'>;
  /** An attempt succeeded after that. */
  breakerClosed: DetailWith;
  /** The server is out of reach. */
  outageStarted: DetailWith<'code', 'evidence'>;
  /** The server is within reach again after `durationMs`; `waited` calls are sent now. */
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
  capture?: boolean;
  once?: boolean;
  passive?: boolean;
  signal?: PlatformSignal;
}

/** An `EventTarget` that knows its events. */
export interface SessionEventTarget extends PlatformEventTarget {
  addEventListener<Type extends SessionEvent>(
    type: Type,
    listener: SessionEventListener<Type> | null,
    options?: boolean | SessionEventListenerOptions,
  ): void;
  removeEventListener<Type extends SessionEvent>(
    type: Type,
    listener: SessionEventListener<Type> | null,
    options?: boolean | { capture?: boolean },
  ): void;
}

/**
 * Counters since the manager was made, by name: `created`, `reused`, `restored`, `recovered`, `recoveryFailed`, `expired`, `terminated`, `requests`,
 * `succeeded`, `failed`, `resent`, `replayed`, `outcomeUnknown`, `retries`, `streamsOpened`, `streamsResumed`, `breakerOpened`, `outages` (times that a
 * server was out of reach of a session), `serverRequests`, `staleDropped`.
 */
export interface Metrics {
  [counter: string]: number;
}

/** Where tokens come from. `mcp-tether/oauth` has ready-made ones. */
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
  scheme?: 'Bearer' | 'DPoP';
  /** As of `Date.now()`. The provider is asked for the next token 30 to 60 seconds before, while calls go on with this one. */
  expiresAt?: number;
  /** Whose it is. After a token of another subject the session is terminated: it belongs to the one before. */
  subject?: string;
}
