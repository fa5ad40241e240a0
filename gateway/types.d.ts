// What the modules of the gateway hand to each other, and the part of workerd that they use.

import type { Gateway } from 'gateway-module';
import type { McpConfig, ServerConfig, SessionInfo } from 'mcp-tether';
import type { IndexObject } from './index-object.js';
import type { RegistryObject } from './registry-object.js';
import type { SessionObject } from './session-object.js';

// workerd

export interface ObjectContext {
  storage: {
    sql: Sql;
    setAlarm(at: number): Promise<void>;
    deleteAlarm(): Promise<void>;
    deleteAll(): Promise<void>;
  };
  waitUntil(promise: Promise<unknown>): void;
}

export interface EventContext {
  waitUntil(promise: Promise<unknown>): void;
}

export type SqlValue = string | number | null;

export interface Sql {
  exec<Row>(query: string, ...bindings: (SqlValue | undefined)[]): SqlCursor<Row>;
}

export interface SqlCursor<Row> extends Iterable<Row> {
  toArray(): Row[];
  one(): Row;
}

/** An object as others call it: every method answers by a promise. */
export type Stub<T> = {
  [Name in keyof T]: T[Name] extends (...given: infer Given) => infer Result
    ? (...given: Given) => Promise<Awaited<Result>>
    : never;
} & { fetch(url: string): Promise<Response> };

export interface ObjectId {
  readonly name?: string;
}

export interface Namespace<T> {
  get(id: ObjectId): Stub<T>;
  idFromName(name: string): ObjectId;
}

/** Bindings of wrangler.toml, variables and secrets: README.md says what each means. */
export interface Env {
  SESSIONS: Namespace<SessionObject>;
  INDEX: Namespace<IndexObject>;
  REGISTRY: Namespace<RegistryObject>;
  MCP_SERVERS?: string | McpConfig;
  BEARER_TOKENS?: string | Users;
  ALLOWED_ORIGINS?: string | string[];
  AUTHORIZATION_SERVERS?: string | string[];
  AUTH?: string;
  ADMIN_TOKEN?: string;
  JWT_JWKS_URL?: string;
  JWT_ISSUER?: string;
  JWT_AUDIENCE?: string;
  ACCESS_TEAM_DOMAIN?: string;
  ACCESS_AUDIENCE?: string;
  ACCESS_JWKS_URL?: string;
}

// The gateway's own

/** By user: a token, with or without values for headers of servers. */
export type Users = Record<string, string | { token: string; vars?: Record<string, string> }>;

/** A caller: whom sessions belong to, what `{{USER_ID}}` stands for, and further names for the headers of servers. */
export interface Identity {
  key: string;
  id: string;
  vars: Record<string, string>;
}

/** The headers of a request by their names in lower case. */
export type Head = Record<string, string>;

/** Tries to authenticate; undefined where it does not apply. */
export type AuthMethod = (head: Head) => Identity | undefined | Promise<Identity | undefined>;

export type LimitName =
  | 'MAX_BODY_BYTES'
  | 'MAX_HEADER_BYTES'
  | 'MAX_SESSIONS_PER_USER'
  | 'RATE_PER_MINUTE'
  | 'EVENT_LOG_EVENTS'
  | 'EVENT_LOG_BYTES'
  | 'SLOW_READER_BYTES'
  | 'REST_AFTER'
  | 'BREAKER_COOLDOWN'
  | 'SESSION_MAX_AGE';

export type Limits = Record<LimitName, number>;

export interface Lifetime {
  timeout: number;
  maxAge: number;
}

export interface Settings {
  gateway: Gateway;
  limits: Limits;
  servers: Record<string, ServerConfig>;
  auth: AuthMethod[];
  authorizationServers: string[];
  adminToken: string | undefined;
  configuredVars(key: string): Record<string, string> | undefined;
  lifetime(server: string): Lifetime | undefined;
}

export type RpcId = string | number | null;

export interface RpcError {
  code: number;
  message: string;
  data?: unknown;
}

/** A JSON-RPC message. */
export interface Rpc {
  jsonrpc: '2.0';
  id?: RpcId;
  method?: string;
  params?: RpcParams;
  result?: RpcResult;
  error?: RpcError;
}

export interface RpcParams {
  [name: string]: unknown;
  name?: string;
  requestId?: RpcId;
  _meta?: Record<string, unknown>;
}

export interface RpcResult {
  [name: string]: unknown;
}

export interface Tool {
  name: string;
}

export type AnswerHeaders = Record<string, string | undefined>;

/** An answer before it is a Response: answers.js. */
export interface Answer {
  status: number;
  headers?: AnswerHeaders | undefined;
  body: string | ReadableStream<Uint8Array> | null;
}

/** What a session's object answers to the entry. */
export interface ObjectAnswer extends Answer {
  /** Counters that grew. */
  counts?: Counts;
  /** Where the body is to be fetched. */
  bodyNumber?: number;
  /** Whether a session began. */
  opened?: boolean;
}

export type Counts = Record<string, number>;

/** An error of the package, as the transport passes it on. */
export interface Cause {
  code: string;
  status?: number;
  retryable?: boolean;
  retryAfterMs?: number;
}

/** What became of the client's `initialize` at the server. */
export interface Opening {
  result?: RpcResult;
  error?: RpcError;
  /** Of an error that no server sent. */
  cause?: Cause;
}

/** What goes with a request to the server. */
export interface RequestOptions {
  requestHeaders?: Head;
  /** Called when the server answers by a stream. */
  onstream?(id: RpcId): void;
}

/** What is kept of a session: row.js. */
export interface SessionRow {
  owner: string;
  identity: string;
  settings: string;
  initialize: string;
  agreed: string;
  upstream: string | null;
  lives: number;
  created: number;
  touched: number;
}

/** An event of the log. `data` is null where it was too large to keep. */
export interface LoggedEvent {
  id: number;
  data: string | null;
}

export type ServerNews = 'failed' | 'worked';

export type { SessionInfo };
