// Types of the gateway, and the part of workerd's API that it uses.

import type { Gateway } from 'gateway-module';
import type { McpConfig, ServerConfig, SessionInfo } from 'mcp-tether';
import type { IndexObject } from './index-object.js';
import type { CredentialsObject } from './oauth/credentials-object.js';
import type { Invitation } from './oauth/pending-login.js';
import type { Vault } from './oauth/vault.js';
import type { RegistryObject } from './registry-object.js';
import type { SessionObject } from './session-object.js';
import type { SharedCircuit } from './topology/circuit.js';
import type { Drains } from './topology/drains.js';
import type { Health } from './topology/health.js';
import type { Slots } from './topology/slots.js';

// workerd

export interface ObjectContext {
  id: ObjectId;
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

/** The RPC stub of an object: every method returns a promise. */
export type Stub<T> = {
  [Name in keyof T]: T[Name] extends (...given: infer Given) => infer Result
    ? (...given: Given) => Promise<Awaited<Result>>
    : never;
} & { fetch(url: string): Promise<Response> };

export interface ObjectId {
  readonly name?: string;
}

export interface Namespace<T> {
  get(id: ObjectId, options?: { locationHint: string }): Stub<T>;
  idFromName(name: string): ObjectId;
}

/** Bindings of wrangler.jsonc, variables and secrets, documented in README.md. */
export interface Env {
  SESSIONS: Namespace<SessionObject>;
  INDEX: Namespace<IndexObject>;
  REGISTRY: Namespace<RegistryObject>;
  CREDENTIALS?: Namespace<CredentialsObject>;
  MCP_SERVERS?: string | McpConfig;
  BEARER_TOKENS?: string | Users;
  ALLOWED_ORIGINS?: string | string[];
  AUTHORIZATION_SERVERS?: string | string[];
  AUTH?: string;
  ADMIN_TOKEN?: string;
  LOG?: string;
  JWT_JWKS_URL?: string;
  JWT_ISSUER?: string;
  JWT_AUDIENCE?: string;
  ACCESS_TEAM_DOMAIN?: string;
  ACCESS_AUDIENCE?: string;
  ACCESS_JWKS_URL?: string;
  PUBLIC_ORIGIN?: string;
  TOKEN_KEYS?: string | string[];
  PRIVATE_HOSTS?: string | string[];
}

// Gateway

/** By user: a token, optionally with values for headers of servers. */
export type Users = Record<string, string | { token: string; vars?: Record<string, string> }>;

/**
 * A caller: the owner of sessions (`key`), the object that counts them (`index`), the value of `{{USER_ID}}`, further values for the headers of servers,
 * and when the token expires, in milliseconds since the Unix epoch.
 */
export interface Identity {
  key: string;
  index: string;
  id: string;
  vars: Record<string, string>;
  until?: number;
}

/** The headers of a request by lower-case name. */
export type Head = Record<string, string>;

/** Authenticates a request; undefined if the method does not apply. */
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
  | 'CREDENTIALS_MAX_IDLE'
  | 'SESSION_MAX_AGE';

export type Limits = Record<LimitName, number>;

export interface Lifetime {
  timeout: number;
  maxAge: number;
}

/** Which requests get a log line: all, those that were not served, or none. */
export type LogMode = 'requests' | 'errors' | 'off';

export interface Settings {
  gateway: Gateway;
  limits: Limits;
  servers: Record<string, ServerConfig>;
  auth: AuthMethod[];
  /** Undefined if no server asks for OAuth. */
  oauth: OAuthSettings | undefined;
  authorizationServers: string[];
  adminToken: string | undefined;
  log: LogMode;
  publicOrigin: string | undefined;
  configuredVars(key: string): Record<string, string> | undefined;
  fingerprint(server: string): Promise<string>;
  lifetime(server: string): Lifetime | undefined;
  /** By server: where its requests go, if not simply to its URL, and how many at once. */
  topology: Map<string, Topology>;
  /** What takes nothing new. */
  drains: Drains;
  /** By server: whether it is out of reach for all users of this isolate. */
  circuit: SharedCircuit;
  /** Of the servers' addresses. */
  health: Health;
}

/** An address of a server: its place in the configuration, as it is written there, and with the values of variables; whether it is drained there. */
export interface Address {
  server: string;
  replica: string;
  text: string;
  url: string;
  isDrained: boolean;
}

/** Where some sessions go: those of requests with a header, of any value if it has none, and of a share of users. */
export interface Canary {
  address: Address;
  header: { name: string; value: string | undefined } | undefined;
  percent: number;
}

export interface Topology {
  /** The first address, which is the one that the session's manager knows. */
  url: string;
  addresses: Address[];
  canary: Canary | undefined;
  cookies: boolean;
  maxConcurrency: number | undefined;
  slots: Slots | undefined;
  locationHint: string | undefined;
}

/** Options of a server's `auth`, as those of `oauth()` in mcp-tether/oauth. */
export interface LoginOptions {
  clientId?: string;
  clientSecret?: string;
  clientName?: string;
  /** Whether the gateway may name itself by its client metadata document. Default: true. */
  clientMetadata?: boolean;
  scope?: string;
  resource?: string | null;
  issuer?: string;
  parameters?: Record<string, string>;
  assumePkce?: boolean;
  /** Tokens are bound to a key of the user (RFC 9449). */
  dpop?: boolean;
  /** The gateway's own access, without its users. Default: they log in. */
  grant?: 'client_credentials';
  /** In place of `clientSecret`: PEM (PKCS #8). */
  privateKey?: string;
  /** Of the key. Default: ES256. */
  algorithm?: 'ES256' | 'ES384' | 'RS256' | 'PS256' | 'Ed25519';
  keyId?: string;
}

export interface OAuthSettings {
  /** Of the gateway, as browsers know it. */
  origin: string;
  vault: Vault;
  servers: Map<string, LoginOptions>;
  /** By server: values in its URL that errors may not show. */
  secrets: Map<string, string[]>;
  /** Names and addresses of the local network that logins may use. */
  privateHosts: string[];
  /** Milliseconds without a use after which a user's credentials at a server are revoked and deleted; 0: never. */
  maxIdle: number;
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

/** A response as a plain object: answers.js. */
export interface Answer {
  status: number;
  headers?: AnswerHeaders | undefined;
  body: string | ReadableStream<Uint8Array> | null;
}

/** The response of a session's object to the entry. */
export interface ObjectAnswer extends Answer {
  /** Increased counters. */
  counts?: Counts;
  /** The number for fetching the body. */
  bodyNumber?: number;
  /** Whether a session was created. */
  opened?: boolean;
  /** What opening a session says about the server. */
  reach?: ServerNews;
}

export type Counts = Record<string, number>;

/** An McpError, as passed on by the transport. */
export interface Cause {
  code: string;
  status?: number;
  retryable?: boolean;
  retryAfterMs?: number;
}

/** The outcome of the client's `initialize` at the server. */
export interface Opening {
  result?: RpcResult;
  error?: RpcError;
  /** Of an error that no server sent. */
  cause?: Cause;
  /** That would help. */
  login?: Invitation;
}

/** The stored record of a session: row.js. */
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

/** An event of the log. `data` is null if it was too large to store. */
export interface LoggedEvent {
  id: number;
  data: string | null;
}

/** How a session is used: when it was called last, when its unanswered requests time out (0: it has none), and whether a stream is open. */
export interface Usage {
  usedAt: number;
  busyUntil: number;
  isListening: boolean;
}

export type ServerNews = 'failed' | 'worked';

export type { SessionInfo };
