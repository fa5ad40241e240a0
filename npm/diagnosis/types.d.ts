// Types shared by the parts of the diagnosis.

import type { Diagnosis, McpSession } from '../index.js';

/** The URL and headers of requests. */
export interface Target {
  url: string;
  headers: Record<string, string>;
  fetch?: typeof fetch;
  /** Whether the server is configured as HTTP+SSE. */
  sse?: boolean;
  protocolVersion?: string;
}

/** Called before every request, so that a closed manager sends nothing. */
export type Resolve = () => Target;

export type StepName = Diagnosis['steps'][number]['name'];

/** The result of a step. */
export interface Finding {
  ok: boolean;
  /** The observation. */
  detail: string;
  /** The fix. */
  fix?: string;
}

/** Why a step failed. */
export type Explanation = Required<Omit<Finding, 'ok'>>;

/** A JSON-RPC message. */
export interface Message {
  jsonrpc: '2.0';
  id?: number | string | null;
  method?: string;
  params?: object;
  result?: Result;
  error?: { code: number; message: string; data?: { supported?: string[] } };
}

/** The results of `initialize` and `server/discover`: the members that are read. */
export interface Result {
  protocolVersion?: string;
  supportedVersions?: string[];
  capabilities?: { tools?: object };
  serverInfo?: Implementation;
  _meta?: { 'io.modelcontextprotocol/serverInfo'?: Implementation };
}

export interface Implementation {
  name?: string;
  version?: string;
}

export interface Failure {
  kind: string;
  words: string;
  fix?: string;
}

export type Media = 'stream' | 'json' | 'page' | 'other';

/** An exchange with a response. */
export interface Received {
  /** Milliseconds. */
  ms: number;
  status: number;
  headers: Headers;
  media: Media;
  /** An opaque redirect: pages cannot read its target. */
  isRedirect: boolean;
  text?: string;
  /** After redirects that were followed. */
  url?: string;
  /** The JSON-RPC message of the response. */
  message?: Message | undefined;
  /** How the message differs from the protocol; clients read it all the same. */
  oddity?: 'array' | 'unversioned';
  /** The body is a JSON-RPC message, but answers another request. */
  isForeign?: boolean;
  /** A redirect to what is only a web page. */
  leadsToPage?: boolean;
  /** The URL at which there seems to be an MCP endpoint, if not here. */
  elsewhere?: string | undefined;
  /** The data of the first event that is not a JSON-RPC message. */
  event?: string | undefined;
  /** The head arrived, the body did not. */
  isLate?: boolean;
  /** HTTP+SSE: the URL in the first event. */
  endpoint?: string | undefined;
  /** A 403 because of the Origin header. */
  isAboutOrigin?: boolean;
  failure?: undefined;
}

/** An exchange that failed. */
export interface Failed {
  ms: number;
  failure: Failure;
  status?: undefined;
  headers?: undefined;
  media?: undefined;
  isRedirect?: undefined;
  url?: undefined;
  text?: undefined;
  message?: undefined;
  isLate?: undefined;
  endpoint?: undefined;
  isAboutOrigin?: undefined;
  oddity?: undefined;
  isForeign?: undefined;
  leadsToPage?: undefined;
  elsewhere?: undefined;
}

export type Answer = Received | Failed;

/** A response with what CORS depends on. */
export interface Seen {
  method: string;
  title?: string | undefined;
  status: number;
  headers: Headers;
}

/** A server that accepted the handshake: the steps of its kind. */
export interface Server {
  kind: McpSession['kind'];
  /** Methods and headers that CORS must allow. */
  methods: string[];
  requestHeaders: string[];
  answer: Answer;
  protocolVersion: string | undefined;
  /** The session id, if there is one and it is readable. */
  id?: string | undefined;
  idIsHidden?: boolean;
  /** HTTP+SSE: the URL for requests. */
  endpoint?: string;
  headers?: Record<string, string>;
  /** The response to DELETE, and whether the session still existed afterwards. */
  deleted?: { answer: Answer; alive: boolean };
  /** The answer to its GET, if it may have a stream. */
  listen?(): Promise<Answer>;
  initialize(): Finding;
  sessionHeader(): Finding;
  reuse(): Promise<Finding>;
  terminate(): Finding | Promise<Finding>;
}

/** Checks CORS during and at the end of a session; the latter returns the step. */
export interface CorsDoctor {
  examineSession(server: Server): void | Promise<void>;
  examineEnd(server: Server | undefined, answer: Answer): Finding | Promise<Finding>;
}
