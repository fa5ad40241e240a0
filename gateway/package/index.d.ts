// Types of mcp-tether-gateway: the Worker and the variables, secrets and bindings that it reads.

import { DurableObject } from 'cloudflare:workers';

/** A client session: its state, its events, and the connection to the server. */
export class SessionObject extends DurableObject<Env> {}

/** The sessions of one user, and the servers that are out of reach. */
export class IndexObject extends DurableObject<Env> {}

/** The counters of all users, for `/metrics`. */
export class RegistryObject extends DurableObject<Env> {}

/** The OAuth tokens of one user at one server with `auth`, encrypted. */
export class CredentialsObject extends DurableObject<Env> {}

/** The Worker. */
declare const gateway: {
  fetch(request: Request, env: Env, ctx: { waitUntil(promise: Promise<unknown>): void }): Promise<Response>;
};
export default gateway;

/** A span that has ended. Times are milliseconds since the Unix epoch. */
export interface SpanRecord {
  name: string;
  kind: 'server' | 'client' | 'internal';
  /** 32 hexadecimal digits. */
  traceId: string;
  /** 16 hexadecimal digits. */
  spanId: string;
  parentSpanId?: string;
  traceState?: string;
  startTime: number;
  endTime: number;
  attributes: Record<string, string | number | boolean>;
  status: 'unset' | 'error';
}

/** Gets each span that has ended. A promise that it returns is waited for. */
export type OnSpan = (span: SpanRecord, context: { env: Env; waitUntil(promise: Promise<unknown>): void }) => unknown;

/** Calls `onSpan` with each span, in requests and in objects: `export default withTelemetry(gateway, otlp({ url }))`. Returns the handler. */
export function withTelemetry<Handler>(handler: Handler, onSpan: OnSpan): Handler;

/** Sends spans to an OpenTelemetry collector (OTLP over HTTP, JSON), at most once a second in an isolate. */
export function otlp(options: { url: string; headers?: Record<string, string>; service?: string }): OnSpan;

/** The bindings, variables and secrets of the Worker. `${NAME}` in `MCP_SERVERS` may name any further variable or secret. */
export interface Env {
  /** Binding of {@link SessionObject}. */
  SESSIONS: DurableObjectNamespace<SessionObject>;
  /** Binding of {@link IndexObject}. */
  INDEX: DurableObjectNamespace<IndexObject>;
  /** Binding of {@link RegistryObject}. */
  REGISTRY: DurableObjectNamespace<RegistryObject>;
  /** Binding of {@link CredentialsObject}: required if a server has `auth`. */
  CREDENTIALS?: DurableObjectNamespace<CredentialsObject>;

  /** The servers, as an object or as JSON. Each has the address `/{name}/mcp`. */
  MCP_SERVERS: string | { mcpServers: Record<string, ServerConfig> };
  /** How clients are authenticated: one or more of `bearer`, `jwt`, `access`, separated by commas; `none` opens the gateway to all clients. */
  AUTH: string;
  /** Secret, required by `bearer`: `{"<user>": "<token>"}`, or `{"<user>": {"token": …, "vars": {…}}}`, as an object or as JSON. */
  BEARER_TOKENS?: string | Record<string, string | { token: string; vars?: Record<string, string> }>;
  /** Required by `jwt`: the URL of the issuer's keys. */
  JWT_JWKS_URL?: string;
  /** Required by `jwt`: the `iss` of accepted tokens. */
  JWT_ISSUER?: string;
  /** Required by `jwt`: the `aud` of accepted tokens. */
  JWT_AUDIENCE?: string;
  /** Required by `access`: the domain of the Cloudflare Access team, such as `team.cloudflareaccess.com`. */
  ACCESS_TEAM_DOMAIN?: string;
  /** Required by `access`: the audience tag of the Access application. */
  ACCESS_AUDIENCE?: string;
  /** Authorization servers that issue the JWTs, for the protected resource metadata (RFC 9728), separated by spaces. Default: none, and no metadata. */
  AUTHORIZATION_SERVERS?: string | string[];
  /** Where clients reach the gateway, such as `https://mcp.example.com`. Required by a server's `auth`. Default: the origin of the request. */
  PUBLIC_ORIGIN?: string;
  /** Secret, required by a server's `auth`: 32 random bytes in Base64. To rotate, put a new one before it, separated by a space. */
  TOKEN_KEYS?: string | string[];
  /** Names and addresses of the local network that authorization servers may have. Default: none. */
  PRIVATE_HOSTS?: string | string[];
  /** Milliseconds without a use after which a user's OAuth credentials at a server are revoked and deleted; 0: never. Default: 90 days. */
  CREDENTIALS_MAX_IDLE?: NumberSetting;
  /** Origins of pages that may use the gateway, separated by spaces; `*` for all. Default: none. */
  ALLOWED_ORIGINS?: string | string[];
  /** Secret: the administrator's token, for `/metrics`, `/admin/sessions`, `/admin/servers` and the page at `/`. Default: none of them is available. */
  ADMIN_TOKEN?: string;
  /** Which requests get a log line: `requests` (all), `errors` (those that were not served), `off`. Default: `requests`. */
  LOG?: string;
  /** Maximum age of a session in milliseconds; a server's `sessionConfig.maxAge` takes precedence. Default: a day. */
  SESSION_MAX_AGE?: NumberSetting;
  /** Milliseconds without a call or a stream after which an object closes its connections to the server. Default: 20 000. */
  REST_AFTER?: NumberSetting;
  /** Of a user who has as many, the least recently called session ends for a new one. Default: 100. */
  MAX_SESSIONS_PER_USER?: NumberSetting;
  /** Milliseconds during which a user opens no session with a server that was out of reach three times in two minutes. Default: 30 000. */
  BREAKER_COOLDOWN?: NumberSetting;
  /** Messages of one user per minute and isolate, and failed logins of one address; 0: no limit. Default: 1 200. */
  RATE_PER_MINUTE?: NumberSetting;
  /** Bytes of a request's body, at most 15 MiB. Default: 4 MiB. */
  MAX_BODY_BYTES?: NumberSetting;
  /** Bytes of a request's headers. Default: 16 KiB. */
  MAX_HEADER_BYTES?: NumberSetting;
  /** Events that a session keeps for clients that resume. Default: 1 000. */
  EVENT_LOG_EVENTS?: NumberSetting;
  /** Bytes of these events. Default: 1 MiB. */
  EVENT_LOG_BYTES?: NumberSetting;
  /** Bytes that are buffered for a slow client before its stream is cut; the client can resume. Default: 8 MiB. */
  SLOW_READER_BYTES?: NumberSetting;
}

/** A whole number, also as text, which variables set in the dashboard are. */
export type NumberSetting = number | string;

/** A server of `MCP_SERVERS`. `${NAME}` in `url` and `headers` is a variable or secret of the Worker. */
export interface ServerConfig {
  /** The URL of the MCP endpoint. */
  url: string;
  /** `http` or `streamable-http`, the default, or `sse` for a server of 2024-11-05. */
  type?: 'streamable-http' | 'http' | 'sse';
  /** Sent with every request. `{{USER_ID}}` and other `{{name}}`s are filled in for each user. */
  headers?: Record<string, string>;
  /** Milliseconds after which a request about which the server sends nothing ends. */
  timeout?: number;
  /** Timeout of a handshake in milliseconds. Default: 30 000. */
  initTimeout?: number;
  /** `auto`, the default, or a revision of MCP. */
  protocolVersion?: 'auto' | 'legacy' | (string & {});
  /** Lifetime and recovery of sessions: https://github.com/mcp-tether/mcp-tether/blob/main/docs/settings.md */
  sessionConfig?: {
    timeout?: number;
    maxAge?: number;
    retryAttempts?: number;
    retryDelay?: number;
    keepAlive?: number;
    replay?: 'refused' | 'safe' | 'never';
    lostWhen?: ({ status: number; message?: string } | { status?: number; message: string })[];
  };
  /** Keeps a jar for each session, so that a load balancer's cookies lead it to the same replica. Default: `false`. */
  cookies?: boolean;
  /** Further addresses of the same server, at most 16: https://github.com/mcp-tether/mcp-tether/blob/main/docs/topology.md */
  replicas?: string[];
  /** Takes no new sessions: the server (`true`), or some of its addresses. */
  drain?: boolean | string[];
  /** An address for some sessions, chosen by a request header, a share of users in percent, or both. */
  canary?: { url: string; header?: string; percent?: number };
  /** Requests in flight at once: of a session, and for 2026-07-28 of an isolate. */
  maxConcurrency?: number;
  /** Where sessions are placed: https://developers.cloudflare.com/durable-objects/reference/data-location/ */
  locationHint?: 'wnam' | 'enam' | 'sam' | 'weur' | 'eeur' | 'apac' | 'oc' | 'afr' | 'me';
  /** Logs each user in by OAuth: https://github.com/mcp-tether/mcp-tether/blob/main/docs/oauth.md#at-the-gateway */
  auth?: {
    type: 'oauth';
    clientId?: string;
    clientSecret?: string;
    clientName?: string;
    clientMetadata?: boolean;
    scope?: string;
    resource?: string | null;
    issuer?: string;
    parameters?: Record<string, string>;
    assumePkce?: boolean;
    dpop?: boolean;
    /** The gateway's own access: no user logs in. */
    grant?: 'client_credentials';
    /** Of a client that proves itself by a key: PKCS #8 as PEM. */
    privateKey?: string;
    algorithm?: 'ES256' | 'ES384' | 'RS256' | 'PS256' | 'Ed25519';
    keyId?: string;
  };
}
