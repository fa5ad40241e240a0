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

/** Bytes in an `ArrayBuffer` or a view of one. */
export type Bytes = ArrayBuffer | ArrayBufferView;
