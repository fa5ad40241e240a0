// Types shared by the parts of mcp-tether/page.

import type { McpManager, SessionInfo } from '../index.js';

/** Called when the long-lived responses of an origin change: the number open, the number needed, and the number of slots (0: no limit). */
export type OnConnections = (origin: string, used: number, wanted: number, slots: number) => void;

/** Receives notifications and requests of servers. A request has a `signal`, and the result answers it. */
export type Tap = (message: Rpc, about: About) => unknown;

export interface About {
  userId: string;
  serverName: string;
  signal?: AbortSignal;
}

/** A manager with its internal members: src/web/manager.rs. */
export interface PageManager extends McpManager {
  getAllActiveSessions(others?: boolean): SessionInfo[];
  tell(news: 'offline' | 'online' | 'wake' | 'retire' | 'save'): void;
  tell(news: 'park' | 'unpark' | 'look', userId?: string, serverName?: string): void;
  tell(news: 'hear', userId: string, serverName: string, message: Rpc): void;
  tell(news: 'slots', origin: string, _: undefined, held: number): void;
  tell(news: 'crowded', origin: string, _: undefined, crowded: boolean): void;
  tell(news: 'share', _?: undefined, __?: undefined, onchange?: OnConnections): void;
  tell(news: 'tap', _?: undefined, __?: undefined, tap?: Tap): void;
}

/** A JSON-RPC request or notification of a server. */
export interface Rpc {
  jsonrpc?: '2.0';
  id?: string | number;
  method: string;
  params?: object;
}

/** The stored record of a session: the members that tabs use. */
export interface SessionRecord {
  user: string;
  server: string;
  sessionId: string;
  lastUsedAt: number;
  cursor?: string;
}

/** A session whose stream this tab requests. */
export interface Followed {
  userId: string;
  serverName: string;
  /** Withdraws the request for the lock, or releases it. */
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
