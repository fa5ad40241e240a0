// What the parts of the diagnosis hand to each other.

import type { Diagnosis, McpSession } from '../index.js';

/** Where requests go, and as whom. */
export interface Target {
  url: string;
  headers: Record<string, string>;
  fetch?: typeof fetch;
  /** Whether the server is configured as one of HTTP+SSE. */
  sse?: boolean;
  protocolVersion?: string;
}

/** Asked before every request, so that nothing is sent once the manager is closed. */
export type Resolve = () => Target;

export type StepName = Diagnosis['steps'][number]['name'];

/** What a step found. */
export interface Finding {
  ok: boolean;
  /** What was seen. */
  detail: string;
  /** What to do about it. */
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

/** The results of `initialize` and `server/discover`: the part that is looked at. */
export interface Result {
  protocolVersion?: string;
  supportedVersions?: string[];
  capabilities?: object;
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

/** An exchange that brought a response. */
export interface Received {
  /** Milliseconds. */
  ms: number;
  status: number;
  headers: Headers;
  media: Media;
  /** Whether it is a redirect that a page may not look into. */
  isRedirect: boolean;
  text?: string;
  /** The JSON-RPC message of the answer. */
  message?: Message | undefined;
  /** The head came, and the rest did not. */
  isLate?: boolean;
  /** HTTP+SSE: what the first event names. */
  endpoint?: string | undefined;
  /** A 403 that is about the origin. */
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
  text?: undefined;
  message?: undefined;
  isLate?: undefined;
  endpoint?: undefined;
  isAboutOrigin?: undefined;
}

export type Answer = Received | Failed;

/** An answer as CORS sees it. */
export interface Seen {
  method: string;
  title?: string | undefined;
  status: number;
  headers: Headers;
}

/** A server that took us in: the steps of its kind. */
export interface Server {
  kind: McpSession['kind'];
  /** Methods and headers that CORS has to allow. */
  methods: string[];
  requestHeaders: string[];
  answer: Answer;
  protocolVersion: string | undefined;
  /** The session's id, where there is one that can be read. */
  id?: string | undefined;
  idIsHidden?: boolean;
  /** HTTP+SSE: where requests go. */
  endpoint?: string;
  headers?: Record<string, string>;
  /** What DELETE met, and whether the session was still there afterwards. */
  deleted?: { answer: Answer; alive: boolean };
  initialize(): Finding;
  sessionHeader(): Finding;
  reuse(): Promise<Finding>;
  terminate(): Finding | Promise<Finding>;
}

/** Examines CORS in the middle and at the end of a session; the latter gives the step. */
export interface CorsDoctor {
  examineSession(server: Server): void | Promise<void>;
  examineEnd(server: Server | undefined, answer: Answer): Finding | Promise<Finding>;
}
