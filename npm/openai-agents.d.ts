import type {
  ConnectOptions,
  ContentBlock,
  ListResourcesResult,
  ListResourceTemplatesResult,
  McpManager,
  ReadResourceResult,
} from './index.js';

/** Options of {@link TetherMcpServer}: those of `connect`, and the Agents SDK's options of the same names. */
export interface TetherMcpServerOptions extends ConnectOptions {
  /** The server's name in the SDK. Default: its name in the configuration. */
  name?: string | undefined;
  /** Whether the tools are listed only once. Default: false. */
  cacheToolsList?: boolean | undefined;
  toolFilter?: unknown;
  useStructuredContent?: boolean | undefined;
  errorFunction?: unknown;
}

/** A tool in the form of the Agents SDK. */
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

/** One content item of a tool's result, in the form of the Agents SDK. */
export type AgentContent = ContentBlock & { [member: string]: unknown };

/** A tool's result, in the form of the Agents SDK. */
export interface AgentToolResult {
  content: AgentContent[];
  structuredContent?: { [name: string]: unknown };
  isError?: boolean;
  _meta?: { [name: string]: unknown };
  [member: string]: unknown;
}

/**
 * A session as an `MCPServer` of OpenAI's Agents SDK: `new Agent({ mcpServers: [new TetherMcpServer(manager, 'ada', 'notes')] })`, after `connect()`.
 * It survives restarts of the server. `close()` keeps the session for the next run.
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
    options?: Pick<ConnectOptions, 'signal'>,
  ): Promise<AgentContent[]>;
  callToolResult(
    name: string,
    args: { [name: string]: unknown } | null,
    meta?: { [name: string]: unknown } | null,
    options?: Pick<ConnectOptions, 'signal'>,
  ): Promise<AgentToolResult>;
  listResources(params?: { cursor?: string | undefined }): Promise<ListResourcesResult>;
  listResourceTemplates(params?: { cursor?: string | undefined }): Promise<ListResourceTemplatesResult>;
  readResource(uri: string): Promise<ReadResourceResult>;
  invalidateToolsCache(): Promise<void>;
}
