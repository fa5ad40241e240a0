// A session as an `MCPServer` of OpenAI's Agents SDK.
// @ts-check

import { mustBeManager } from './arguments.js';

/** @import { McpManager, McpSession, ConnectOptions } from './index.js' */
/** @import { TetherMcpServerOptions } from './openai-agents.js' */

/** @typedef {{ [name: string]: unknown }} Members */

export class TetherMcpServer {
  cacheToolsList;
  toolFilter;
  useStructuredContent;
  errorFunction;
  name;
  #connect;
  /** @type {McpSession | undefined} */
  #session;
  /** @type {object[] | undefined} */
  #tools;

  /** @param {McpManager} manager @param {string} userId @param {string} serverName @param {TetherMcpServerOptions} [options] */
  constructor(manager, userId, serverName, options = {}) {
    const { name, cacheToolsList, toolFilter, useStructuredContent, errorFunction, ...connection } = options;
    this.name = name ?? serverName;
    this.cacheToolsList = cacheToolsList ?? false;
    if (toolFilter) this.toolFilter = toolFilter;
    if (useStructuredContent !== undefined) this.useStructuredContent = useStructuredContent;
    if (errorFunction !== undefined) this.errorFunction = errorFunction;
    this.#connect = () => {
      mustBeManager(manager);
      return manager.connect(userId, serverName, connection);
    };
  }

  async connect() {
    this.#session ??= await this.#connect();
  }

  // The session stays for the next run; `manager.terminate()` ends it.
  async close() {
    const session = this.#session;
    this.#session = this.#tools = undefined;
    await session?.[Symbol.asyncDispose]();
  }

  async listTools() {
    if (this.cacheToolsList && this.#tools) return this.#tools;
    const { tools } = await this.#live().listTools();
    // The SDK requires these members.
    const complete = tools.map((tool) => {
      const { properties = {}, required = [], additionalProperties = false, ...schema } = tool.inputSchema;
      return { ...tool, inputSchema: { ...schema, properties, required, additionalProperties } };
    });
    this.#tools = complete;
    return complete;
  }

  /** @param {string} name @param {Members | null} args @param {Members | null} [meta] @param {Pick<ConnectOptions, 'signal'>} [options] */
  async callTool(name, args, meta, options) {
    const { content } = await this.callToolResult(name, args, meta, options);
    return content;
  }

  /** @param {string} name @param {Members | null} args @param {Members | null} [meta] @param {Pick<ConnectOptions, 'signal'>} [options] */
  async callToolResult(name, args, meta, options) {
    const params = { name, arguments: args ?? {}, ...(meta && { _meta: meta }) };
    return this.#live().callTool(params, options?.signal ? { signal: options.signal } : undefined);
  }

  /** @param {{ cursor?: string }} [params] */
  async listResources(params) {
    return this.#live().listResources(params);
  }

  /** @param {{ cursor?: string }} [params] */
  async listResourceTemplates(params) {
    return this.#live().listResourceTemplates(params);
  }

  /** @param {string} uri */
  async readResource(uri) {
    return this.#live().readResource({ uri });
  }

  async invalidateToolsCache() {
    this.#tools = undefined;
  }

  #live() {
    if (!this.#session) throw new Error(`${this.name} is not connected: await connect() before other methods`);
    return this.#session;
  }
}
