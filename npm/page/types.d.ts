// What the parts of mcp-tether/page hand to each other.

import type { McpManager } from '../index.js';

/** Called whenever the long-lived responses of an origin change: how many are open and wanted, and how many slots there are; 0 means no limit. */
export type OnConnections = (origin: string, used: number, wanted: number, slots: number) => void;

/** Gets what servers tell and ask: `signal` is there for a request, and then the result is the answer. */
export type Tap = (message: Rpc, about: About) => unknown;

export interface About {
  userId: string;
  serverName: string;
  signal?: AbortSignal;
}

/** A manager with the members that are the package's own: src/web/manager.rs. */
export interface PageManager extends McpManager {
  tell(news: 'offline' | 'online' | 'wake' | 'retire' | 'save'): void;
  tell(news: 'park' | 'unpark' | 'look', userId?: string, serverName?: string): void;
  tell(news: 'hear', userId: string, serverName: string, message: Rpc): void;
  tell(news: 'slots', origin: string, _: undefined, held: number): void;
  tell(news: 'crowded', origin: string, _: undefined, crowded: boolean): void;
  tell(news: 'share', _?: undefined, __?: undefined, onchange?: OnConnections): void;
  tap(tap: Tap | undefined): void;
}

/** A JSON-RPC request or notification of a server. */
export interface Rpc {
  jsonrpc?: '2.0';
  id?: string | number;
  method: string;
  params?: object;
}

/** A session as the storage has it: the part that tabs look at. */
export interface SessionRecord {
  user: string;
  server: string;
  sessionId: string;
  lastUsedAt: number;
  cursor?: string;
}

/** A session whose stream this tab would have. */
export interface Followed {
  userId: string;
  serverName: string;
  /** Ends the wait for the lock, or lets it go. */
  stop?: (() => void) | undefined;
  held?: boolean;
}

/** A message between tabs: shared-stream.js. */
export type TabMessage = { from: string; to?: string } & (
  | { type: 'here' | 'gone' }
  | { type: 'stored'; userId: string; serverName: string }
  | { type: 'heard'; userId: string; serverName: string; message: Rpc }
  | { type: 'ask'; id: string; userId: string; serverName: string; message: Rpc }
  | { type: 'took'; id: string; yes: boolean }
);

/** The slots of one origin. */
export interface OriginSlots {
  origin: string;
  held: Map<number, { release: (value?: unknown) => void; since: number }>;
  used: number;
  wanted: number;
  slots: number;
  crowded: boolean;
  yielding?: boolean;
  aborter?: AbortController | undefined;
}
