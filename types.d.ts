// Types for the checked JavaScript: workerd, Node, and internal members of the module.

declare module 'cloudflare:workers' {
  /** https://developers.cloudflare.com/durable-objects/api/base/ */
  export abstract class DurableObject {
    protected readonly ctx: import('./gateway/types.js').ObjectContext;
    protected readonly env: import('./gateway/types.js').Env;
    constructor(ctx: import('./gateway/types.js').ObjectContext, env: import('./gateway/types.js').Env);
  }
}

declare module 'gateway-module' {
  import type { McpConfig } from 'mcp-tether';
  import type { Rpc, Tool } from './gateway/types.js';

  export interface Refusal {
    name: string;
    status: number;
    code: number;
    message: string;
  }

  export type Headers = Record<string, string>;
  export type Pair = [name: string, value: string];

  /** The state of a breaker, and the milliseconds until the next attempt. */
  export interface BreakerState {
    failures?: number;
    since?: number;
    openings?: number;
    until?: number;
    trying?: number;
  }

  /** src/web/gateway.rs. */
  export class Gateway {
    constructor(config: McpConfig, env: object, origins: string[], perMinute: number);
    lifetime(server: string): [timeout: number, maxAge: number | undefined] | undefined;
    upstream(server: string, user: string, vars: Record<string, string>): [url: string, headers: Pair[]];
    route(path: string): { name: string; subject: string | undefined; allow: string } | undefined;
    admits(origin: string | undefined): boolean;
    corsHeaders(origin: string | undefined): Pair[];
    preflightHeaders(origin: string | undefined, allow: string, asked: string | undefined): Pair[];
    checkMedia(headers: Headers, method: string): Refusal | undefined;
    eraOfPost(headers: Headers, message: unknown): 'initialize' | 'session' | 'modern' | Refusal;
    eraOfOther(headers: Headers): 'initialize' | 'session' | 'modern' | Refusal;
    namesSession(headers: Headers): boolean;
    eraInSession(
      version: string | undefined,
      message: unknown,
      agreed: string,
    ): 'initialize' | 'session' | 'modern' | Refusal;
    missingHeaders(headers: Headers, message: Rpc, tool: Tool | undefined): Pair[];
    isAnnotated(tool: Tool): boolean;
    cacheKey(message: object): string | undefined;
    publicFor(result: object): number;
    tellsOfChange(text: string): boolean;
    goesToServer(name: string): boolean;
    goesToClient(name: string): boolean;
    takeRate(user: string, count: number, now: number): number;
    negotiated(asked: string): string;
    isOutOfReach(code: string, status: number | undefined): boolean;
    breakerAfter(
      known: BreakerState | undefined,
      happened: string,
      now: number,
      cooldown: number,
    ): Required<BreakerState> & { wait: number };
    refusal(name: string): Refusal;
    isPlausibleId(id: string): boolean;
    same(one: string, other: string): boolean;
  }
}

/** The script and the style of the page at `/`, as text: tools/build-worker.sh. */
declare module 'landing-script' {
  const text: string;
  export default text;
}

declare module 'landing-style' {
  const text: string;
  export default text;
}

declare module 'node:fs/promises' {
  export function readFile(path: URL, encoding: 'utf8'): Promise<string>;
}

declare module 'node:util' {
  interface Option {
    readonly type: 'string' | 'boolean';
    readonly multiple?: boolean;
    readonly default?: string | boolean | readonly string[];
  }
  export function parseArgs(config: { args: string[]; options: Record<string, Option>; allowPositionals: boolean }): {
    values: { header: string[]; origin?: string; timeout: string; json: boolean; version: boolean; help: boolean };
    positionals: string[];
  };
}

/** Node's, if defined. */
declare var process: {
  argv: string[];
  env: Record<string, string | undefined>;
  exitCode: number;
  versions?: { node?: string };
  stdout: { isTTY?: boolean; write(text: string): void };
  stderr: { write(text: string): void };
};

/** Deno's, if defined. */
declare var Deno: object | undefined;

/** For www/service-worker.js, which is checked with the library for pages, where this scope is missing. */
interface ServiceWorkerGlobalScope extends EventTarget {
  readonly clients: { claim(): Promise<void> };
  skipWaiting(): Promise<void>;
  addEventListener(type: 'install' | 'activate' | 'message', listener: (event: ExtendableEvent) => void): void;
  addEventListener(type: 'fetch', listener: (event: FetchEvent) => void): void;
}

interface ExtendableEvent extends Event {
  waitUntil(promise: Promise<unknown>): void;
}

interface FetchEvent extends ExtendableEvent {
  readonly request: Request;
  respondWith(response: Promise<Response>): void;
}
