import type { McpManager, Metrics, SessionEvent, SessionEventDetail, SessionInfo } from './index.js';

/** `HTMLElement` where the DOM library is loaded. */
type Dom<Name extends string> = typeof globalThis extends Record<Name, { prototype: infer Type }> ? Type : object;

export interface DevtoolsOptions {
  /** The devtools are embedded here. Default: a button in the corner of the page opens them. */
  target?: Dom<'Element'>;
  /** Whether the floating devtools are open at the beginning. Default: false. */
  open?: boolean;
  /** Default: as the system. */
  theme?: 'light' | 'dark';
  /** The number of events that are kept; beyond it the oldest are dropped. Default 10 000. */
  limit?: number;
}

/**
 * The element `<mcp-tether-devtools>`: lanes of requests, states, waits and streams on a time axis, the log of events, sessions and counters. It has a
 * shadow root of its own, needs no inline style or script, and shows no header, token or complete session id.
 */
export type DevtoolsElement = Dom<'HTMLElement'> & {
  /**
   * The manager whose sessions are shown, with their events from now on. Undefined stops, and what was recorded stays; another manager begins with an
   * empty record.
   */
  get manager(): McpManager | undefined;
  set manager(manager: McpManager | null | undefined);
  limit: number;
  /** All events so far, to be stored or sent. */
  readonly trace: Trace;
  /** Shows a trace in place of a manager. @throws Error if it is not one. */
  load(trace: unknown): void;
  /** Adds an event that does not come from the manager, for example of another client: its type, and the fields of its detail. */
  add(type: SessionEvent, detail: SessionEventDetail): void;
  /** A flag on the time axis. */
  note(text: string, at?: number): void;
  /** Removes all events. */
  clear(): void;
};

/** Adds devtools for a manager to the page. `remove()` of the element ends them. */
export function mountDevtools(manager: McpManager, options?: DevtoolsOptions): DevtoolsElement;

/** The types of all events of a manager. */
export const eventTypes: readonly SessionEvent[];

/** An event in a trace. */
export type TraceEvent = { type: SessionEvent } & SessionEventDetail;

/** What happened to the sessions of a manager, as a JSON document: `docs/devtools.md` describes the format. */
export interface Trace {
  format: 'mcp-tether-trace';
  version: 1;
  /** ISO 8601. */
  exportedAt: string;
  events: TraceEvent[];
  notes: { at: number; text: string }[];
  sessions: SessionInfo[];
  stats?: { totalUsers: number; totalSessions: number; activeSessions: number };
  metrics?: Metrics;
}

/**
 * Reads a trace, as text or as a value. Unknown fields are dropped, long words are cut.
 *
 * @throws Error that says what is wrong with it.
 */
export function parseTrace(source: unknown): Trace;
