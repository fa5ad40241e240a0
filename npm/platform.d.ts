// The platform's own types where the program has them (DOM, Node, Workers, Deno or Bun types), and what this package needs of them where it has none.

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

/** What the package sends to `fetch`. */
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

/** What the package reads of a response. */
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

/** Bytes in an `ArrayBuffer` or a view of one. */
export type Bytes = ArrayBuffer | ArrayBufferView;
