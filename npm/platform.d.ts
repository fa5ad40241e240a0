// The platform's types where the program declares them (DOM, Node, Workers, Deno or Bun), otherwise the members that this package needs.

/** The instance type of a global class, or `Fallback` where the program does not declare that class. */
type InstanceOfGlobal<Name extends string, Fallback> = typeof globalThis extends {
  [name in Name]: { prototype: infer Instance };
}
  ? Instance
  : Fallback;

export type PlatformSignal = InstanceOfGlobal<
  'AbortSignal',
  {
    readonly aborted: boolean;
    readonly reason: unknown;
    addEventListener(type: 'abort', listener: () => void): void;
    removeEventListener(type: 'abort', listener: () => void): void;
  }
>;

export type PlatformUrl = InstanceOfGlobal<'URL', { readonly href: string }>;

/** What `fetch` is called with. Workers declare `URL` as a class, which `typeof globalThis` does not have. */
export type PlatformAddress = string | InstanceOfGlobal<'URL', string>;

export type PlatformEvent = InstanceOfGlobal<
  'Event',
  { readonly type: string; stopImmediatePropagation(): void; preventDefault(): void }
>;

export type PlatformEventTarget = InstanceOfGlobal<'EventTarget', { dispatchEvent(event: PlatformEvent): boolean }>;

export type PlatformModule = typeof globalThis extends {
  WebAssembly: { Module: { prototype: infer Module } };
}
  ? Module
  : object;

/** The options that the package passes to `fetch`. */
interface OwnRequestInit {
  method: string;
  headers: { [name: string]: string };
  body?: string;
  signal: PlatformSignal;
  redirect: 'follow' | 'manual';
  credentials?: 'omit' | 'same-origin' | 'include';
  cache?: 'no-store';
  keepalive?: boolean;
}

/** The members of a response that the package reads. */
interface OwnResponse {
  readonly status: number;
  readonly headers: { get(name: string): string | null };
  readonly body: unknown;
}

export type PlatformRequestInit = typeof globalThis extends {
  fetch: (...args: infer Args) => unknown;
}
  ? NonNullable<Args[1]>
  : OwnRequestInit;

export type PlatformResponse = typeof globalThis extends {
  fetch: (...args: never[]) => Promise<infer Response>;
}
  ? Response
  : OwnResponse;

export type PlatformFetch = typeof globalThis extends { fetch: infer Fetch }
  ? Fetch
  : (
      url: string,
      init?: {
        method?: string;
        headers?: { [name: string]: string };
        body?: string;
        signal?: PlatformSignal;
        redirect?: 'error' | 'follow' | 'manual';
      },
    ) => Promise<OwnResponse & { text(): Promise<string> }>;

export type PlatformCryptoKey = InstanceOfGlobal<
  'CryptoKey',
  {
    readonly algorithm: { name: string };
    readonly extractable: boolean;
    readonly type: string;
    readonly usages: readonly string[];
  }
>;

/** RFC 7517; the DOM library has it as a type without a class, which cannot be looked up. */
export interface PlatformJsonWebKey {
  alg?: string | undefined;
  crv?: string | undefined;
  d?: string | undefined;
  dp?: string | undefined;
  dq?: string | undefined;
  e?: string | undefined;
  ext?: boolean | undefined;
  k?: string | undefined;
  key_ops?: string[] | undefined;
  kid?: string | undefined;
  kty?: string | undefined;
  n?: string | undefined;
  oth?: unknown;
  p?: string | undefined;
  q?: string | undefined;
  qi?: string | undefined;
  use?: string | undefined;
  x?: string | undefined;
  y?: string | undefined;
}

/** Bytes in an `ArrayBuffer` or a view of one. */
export type Bytes = ArrayBuffer | ArrayBufferView;
