// Types of the demo page.

import type { McpManager, McpSession, ServerConfig, SessionState } from 'mcp-tether';

/** A tool in `tools/list`: the members that the page uses. */
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

/** The result of `tools/call`: the members that the page uses. */
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

/** A user of a server, with the user's session. */
export interface Holder {
  key: string;
  userId: string;
  serverName: string;
  session?: McpSession;
  tools?: Tool[];
  /** The running action, completing "Ada is …". */
  busy?: string;
  cameFrom?: SessionState;
  story?: string;
}

export interface BackendServer extends ServerConfig {
  name: string;
}

/** The page's MCP servers and their fault control: backends/backend.js. */
export interface Backend {
  kind: 'demo' | 'simulated' | 'login' | 'own';
  about: string;
  servers: [BackendServer, ...BackendServer[]];
  controlUrl: ((serverName: string) => string) | undefined;
  /** The page's name at servers that other windows use, too. */
  page?: string;
  /** The server of the first screen; undefined if there is none. */
  story?: StoryServer;
  /** What is shown below `about`: login-story.js. */
  loginStory?: { begin(place: Element): void; end(): void };
}

/** The server of the first screen, and the URL that causes its faults and returns its counts. */
export interface StoryServer {
  url: string;
  controlUrl: string;
  /** The page's name there, if other windows use it, too. */
  page?: string | undefined;
}

/** What a fault of the story may use. */
interface StoryWorld {
  control(what: string, body?: object): Promise<unknown>;
  network: { goOffline(ms: number): Promise<void> };
  /** Opens the page once more, and waits until its calls are answered. */
  secondTab(): Promise<unknown>;
  /** Arms something once for each client. */
  each(arm: (client: FaultClient) => Promise<unknown>): Promise<unknown>;
}

/** A fault of the story: story/faults.js. */
export interface StoryFault {
  id: string;
  label: string;
  /** Shown until there is a sentence. */
  now: string;
  chip: string;
  /** The tool of the first call after it; the others read. */
  tool?: string;
  /** The calls after it are made while it lasts. */
  isLasting?: boolean;
  /** It ends this page; the next one goes on. */
  reloads?: boolean;
  /** Its sentence speaks of streams, which a hidden page closes. */
  countsStreams?: boolean;
  /** May return how long it lasted. */
  break(world: StoryWorld): Promise<unknown>;
  broke(run: StoryRun): string;
  sentence(run: StoryRun): string;
}

/** The calls of one client after a fault. */
export interface StoryTally {
  made: number;
  answered: number;
  /** Those that ended as `outcome_unknown`. */
  unknown: number;
  /** The first error. */
  error?: string | undefined;
}

/** What the server counted for one client after a fault. */
export interface StoryCounted {
  handshakes: number;
  requests: number;
  gets: number;
  runs: number;
  charges: number;
  repeated: number;
}

/** What followed a fault. */
export interface StoryRun {
  fault: StoryFault;
  ours: StoryTally;
  theirs: StoryTally;
  brokeMs: number;
  /** Our calls that were open while the session or the network was away. */
  waited: number;
  counted: { ours: StoryCounted; theirs: StoryCounted };
}

export type BackendMaker = () => Promise<Backend>;

/** What the page uses of `mcp-tether/devtools`. */
export type Devtools = typeof import('mcp-tether/devtools');

/** The built package, and its load time. */
export interface Library
  extends Pick<typeof import('mcp-tether/page'), 'attachToPage' | 'sharedStorage'>,
    Pick<typeof import('mcp-tether/storage'), 'webStorage'> {
  McpManager: typeof McpManager;
  version: string;
  /** On the clock of `performance`. */
  readyAt: number;
}

/** The clients for which a fault can be caused. */
export type FaultClient = 'mcp-tether' | 'official';

/** Sends a command to the servers' fault control. */
export type Control = (what: string, body?: Record<string, unknown> & { client?: FaultClient }) => Promise<unknown>;

/** The members of the world that faults use. */
export interface FaultWorld {
  backend: Backend;
  holder: Holder;
  manager: McpManager;
  network: { cutNext(): void; delayNext(ms: number): void; goOffline(ms: number): Promise<void> };
  control: Control;
}

/** A fault: faults.js. */
export interface Fault {
  id: string;
  label: string;
  /** The label on the time axis. */
  flag: string;
  tells: string;
  possible(world: Pick<FaultWorld, 'backend'>): boolean;
  break?(world: FaultWorld): unknown;
  arm?(world: FaultWorld, client: FaultClient): unknown;
}

/** A request to the fault control, for the snippet. */
export interface ControlRequest {
  url: string;
  body: Record<string, unknown>;
}

/** The scenario of the snippet: the last fault, and the number of calls. */
export interface Scenario {
  fault?: Pick<Fault, 'id' | 'label'> & { requests?: ControlRequest[] };
  times: number;
}

/** The server's counts by client. */
export interface ServerCounts {
  /** Another value if they have begun at zero again. */
  since?: string;
  clients: Record<string, ClientCounts | undefined>;
}

export interface ClientCounts {
  http: Record<string, number>;
  rpc: Record<string, number>;
  runs: number;
  /** Runs by tool. */
  tools?: Record<string, number>;
  /** Runs of a call that had run before. */
  repeated?: number;
}
