// What the modules of the demo page hand to each other.

import type { McpManager, McpSession, ServerConfig, SessionEvent, SessionEventDetail, SessionState } from 'mcp-tether';
import type { OpenRequests } from './timeline/open-requests.js';

/** A tool as `tools/list` describes it: the part that the page uses. */
export interface Tool {
  name: string;
  title?: string;
  description?: string;
  annotations?: { readOnlyHint?: boolean; idempotentHint?: boolean };
  inputSchema?: { properties?: Record<string, ToolProperty>; required?: string[] };
}

export interface ToolProperty {
  type?: string;
  default?: unknown;
  enum?: unknown[];
}

/** The result of `tools/call`: the part that the page uses. */
export interface ToolResult {
  content?: { type: string; text?: string }[];
  isError?: boolean;
}

/** The outcome of one call. */
export interface CallOutcome {
  ok: boolean;
  text?: string;
  error?: unknown;
  ms: number;
}

/** The outcome of many calls at once. */
export interface LoadOutcome {
  sent: number;
  answered: number;
  failures: unknown[];
  ms: number;
}

/** A user of a server, with the session that they have there. */
export interface Holder {
  key: string;
  userId: string;
  serverName: string;
  session?: McpSession;
  tools?: Tool[];
  /** What is being done with the session, as "Ada is …". */
  busy?: string;
  cameFrom?: SessionState;
  story?: string;
}

export interface BackendServer extends ServerConfig {
  name: string;
}

/** Where the page's MCP servers are, and who can break them: backends/backend.js. */
export interface Backend {
  kind: 'demo' | 'simulated' | 'own';
  about: string;
  servers: [BackendServer, ...BackendServer[]];
  controlUrl: ((serverName: string) => string) | undefined;
}

export type BackendMaker = () => Promise<Backend>;

/** The built package, and how long it took to load. */
export interface Library {
  McpManager: typeof McpManager;
  version: string;
  readyMs: number;
}

/** The clients that may meet a fault. */
export type FaultClient = 'mcp-tether' | 'official';

/** Asks the servers' control side to do something. */
export type Control = (what: string, body?: Record<string, unknown> & { client?: FaultClient }) => Promise<unknown>;

/** What a fault needs of the world. */
export interface FaultWorld {
  backend: Backend;
  holder: Holder;
  manager: McpManager;
  network: { cutNext(): void; delayNext(ms: number): void; goOffline(ms: number): Promise<void> };
  control: Control;
}

/** A way to break a session: faults.js. */
export interface Fault {
  id: string;
  label: string;
  /** What the timeline writes on its axis. */
  flag: string;
  tells: string;
  possible(world: Pick<FaultWorld, 'backend'>): boolean;
  break?(world: FaultWorld): unknown;
  arm?(world: FaultWorld, client: FaultClient): unknown;
}

/** A request to the control side, as the snippet repeats it. */
export interface ControlRequest {
  url: string;
  body: Record<string, unknown>;
}

/** What the snippet repeats: the last fault, and how many calls were made. */
export interface Scenario {
  fault?: Pick<Fault, 'id' | 'label'> & { requests?: ControlRequest[] };
  times: number;
}

/** What the server counted of each client. */
export interface ServerCounts {
  clients: Record<string, ClientCounts | undefined>;
}

export interface ClientCounts {
  http: Record<string, number>;
  rpc: Record<string, number>;
  runs: number;
}

/** A row of the timeline: one user's session with one server. */
export interface Lane {
  key: string;
  index: number;
  userId: string;
  serverName: string;
  since: number;
  state?: SessionState;
  generation: number;
  band?: TimelineItem;
  open: OpenRequests<TimelineItem>;
  waits: TimelineItem[];
  stream?: TimelineItem;
  /** Whether its name and its rule are drawn. */
  drawn?: boolean;
}

/** Something on the timeline that can be pointed at. */
export interface TimelineItem {
  type: 'request' | 'state' | 'wait' | 'stream' | 'generation' | 'mark';
  lane: Lane;
  generation: number;
  start: number;
  /** Undefined while it goes on. */
  end?: number;
  method?: string;
  requestId?: number;
  attempt?: number;
  evidence?: string;
  code?: string;
  /** The request that this one repeats. */
  replaces?: TimelineItem;
  outcome?: string;
  durationMs?: number;
  state?: SessionState;
  from?: SessionState;
  delayMs?: number;
  /** How many requests wait together. */
  refusals?: number;
  stream?: 'listen' | 'call';
  sessionId?: string;
  kind?: SessionEvent;
  waited?: number;
}

/** An event as the timeline keeps it. */
export type TimelineEvent = [kind: SessionEvent, detail: SessionEventDetail];

/** The parts of <session-timeline> that picture.js builds. */
export interface TimelineParts {
  lanes: HTMLElement;
  scroll: HTMLElement;
  svg: SVGSVGElement;
  live: SVGLineElement;
  buttons: HTMLElement;
  detail: HTMLElement;
  text: HTMLDetailsElement;
  list: HTMLOListElement;
  scale: HTMLElement;
  layers: Record<LayerName, SVGGElement>;
  /** How far the picture is scrolled: read once a drawing. */
  scrolled?: number;
}

export type LayerName =
  | 'cuts'
  | 'rules'
  | 'lines'
  | 'waits'
  | 'streams'
  | 'bands'
  | 'bars'
  | 'marks'
  | 'captions'
  | 'notes';
