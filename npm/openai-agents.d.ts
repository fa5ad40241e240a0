import type {
  ConnectOptions,
  ContentBlock,
  ListResourcesResult,
  ListResourceTemplatesResult,
  McpManager,
  ReadResourceResult,
} from './index.js';

/** Options of {@link TetherMcpServer}: those of `connect`, and the Agents SDK's own of the same names. */
export interface TetherMcpServerOptions extends ConnectOptions {
  /** What the SDK calls the server. Default: its name in the configuration. */
  name?: string;
  /** Whether the tools are listed once only. Default: false. */
  cacheToolsList?: boolean;
  toolFilter?: unknown;
  useStructuredContent?: boolean;
  errorFunction?: unknown;
}

/** A tool as the Agents SDK has it. */
export interface AgentTool {
  name: string;
  description?: string;
  inputSchema: {
    type: 'object';
    properties: { [name: string]: object };
    required: string[];
    additionalProperties: boolean;
    [keyword: string]: unknown;
  };
  [member: string]: unknown;
}

/** One piece of a tool's result, as the Agents SDK has it. */
export type AgentContent = ContentBlock & { [member: string]: unknown };

/** A tool's result, as the Agents SDK has it. */
export interface AgentToolResult {
  content: AgentContent[];
  structuredContent?: { [name: string]: unknown };
  isError?: boolean;
  _meta?: { [name: string]: unknown };
  [member: string]: unknown;
}

/**
 * A session as an `MCPServer` of OpenAI's Agents SDK: `new Agent({ mcpServers: [new TetherMcpServer(manager, 'ada', 'notes')] })`, after `connect()`.
 * It outlives restarts of the server. `close()` leaves the session for the next run.
 */
export class TetherMcpServer {
  constructor(manager: McpManager, userId: string, serverName: string, options?: TetherMcpServerOptions);
  readonly name: string;
  cacheToolsList: boolean;
  connect(): Promise<void>;
  close(): Promise<void>;
  listTools(): Promise<AgentTool[]>;
  callTool(
    name: string,
    args: { [name: string]: unknown } | null,
    meta?: { [name: string]: unknown } | null,
    options?: { signal?: ConnectOptions['signal'] },
  ): Promise<AgentContent[]>;
  callToolResult(
    name: string,
    args: { [name: string]: unknown } | null,
    meta?: { [name: string]: unknown } | null,
    options?: { signal?: ConnectOptions['signal'] },
  ): Promise<AgentToolResult>;
  listResources(params?: { cursor?: string }): Promise<ListResourcesResult>;
  listResourceTemplates(params?: { cursor?: string }): Promise<ListResourceTemplatesResult>;
  readResource(uri: string): Promise<ReadResourceResult>;
  invalidateToolsCache(): Promise<void>;
}
