// Clients and frameworks, each with its own transport and through mcp-tether, with what they recommend for a server over
// Streamable HTTP. Every opener resolves to `echo(message)`, which calls the tool the way the framework does, and `close()`.

import { readFileSync } from 'node:fs';
import { createMCPClient } from '@ai-sdk/mcp';
import { loadMcpTools, MultiServerMCPClient } from '@langchain/mcp-adapters';
import { Client as ClientV2, StreamableHTTPClientTransport as TransportV2 } from '@modelcontextprotocol/client';
import { Client as ClientV1 } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport as TransportV1 } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { MCPServerStreamableHttp } from '@openai/agents';

const packageFolder = new URL('../../../../pkg/', import.meta.url);
const { McpManager } = await import(new URL('node.js', packageFolder));
const { TetherMcpServer } = await import(new URL('openai-agents.js', packageFolder));

const info = { name: 'compare', version: '1.0.0' };
const newManager = (url) => new McpManager({ mcpServers: { notes: { url } } }, { env: {}, log: () => {} });

/** @typedef {{ echo(message: string): Promise<unknown>, close(): Promise<unknown> }} Opened */

/** @param {(transport: object) => Promise<Opened>} open */
const throughTransport = (open) => async (url) => {
  const manager = newManager(url);
  const opened = await open(manager.transport('ada', 'notes'));
  return { ...opened, close: () => opened.close().finally(() => manager.close()) };
};

const official = (Client) => async (transport) => {
  const client = new Client(info);
  client.onerror = () => {};
  await client.connect(transport);
  return {
    echo: (message) => client.callTool({ name: 'echo', arguments: { message } }),
    close: () => client.close(),
  };
};

const aiSdk = async (transport) => {
  const client = await createMCPClient({ transport, onUncaughtError: () => {} });
  const { echo } = await client.tools();
  return {
    echo: (message) => echo.execute({ message }, { toolCallId: message, messages: [] }),
    close: () => client.close(),
  };
};

const langChain = (tools, close) => {
  const echo = tools.find(({ name }) => name === 'echo');
  return { echo: (message) => echo.invoke({ message }), close };
};

const openaiAgents = async (server, close = async () => {}) => {
  await server.connect();
  return {
    echo: (message) => server.callTool('echo', { message }),
    close: () => server.close().finally(close),
  };
};

/**
 * @typedef {object} Framework
 * @property {string} name
 * @property {string} packageName
 * @property {(url: string) => Promise<Opened>} own with its own transport
 * @property {(url: string) => Promise<Opened>} tethered through mcp-tether
 */

/** @type {Framework[]} */
export const frameworks = [
  {
    name: 'Official client, v1',
    packageName: '@modelcontextprotocol/sdk',
    own: (url) => official(ClientV1)(new TransportV1(new URL(url))),
    tethered: throughTransport(official(ClientV1)),
  },
  {
    name: 'Official client, v2',
    packageName: '@modelcontextprotocol/client',
    own: (url) => official(ClientV2)(new TransportV2(new URL(url))),
    tethered: throughTransport(official(ClientV2)),
  },
  {
    name: 'AI SDK',
    packageName: '@ai-sdk/mcp',
    own: (url) => aiSdk({ type: 'http', url }),
    tethered: throughTransport(aiSdk),
  },
  {
    name: 'LangChain, `reconnect` on',
    packageName: '@langchain/mcp-adapters',
    async own(url) {
      const reconnect = { enabled: true, maxAttempts: 3, delayMs: 100 };
      const client = new MultiServerMCPClient({ mcpServers: { notes: { transport: 'http', url, reconnect } } });
      return langChain(await client.getTools(), () => client.close());
    },
    tethered: throughTransport(async (transport) => {
      const client = new ClientV1(info);
      await client.connect(transport);
      return langChain(await loadMcpTools('notes', client), () => client.close());
    }),
  },
  {
    name: 'OpenAI Agents SDK',
    packageName: '@openai/agents',
    own: (url) => openaiAgents(new MCPServerStreamableHttp({ url, name: 'notes' })),
    tethered(url) {
      const manager = newManager(url);
      return openaiAgents(new TetherMcpServer(manager, 'ada', 'notes'), () => manager.close());
    },
  },
];

/** The installed version of a package. */
export function versionOf(packageName) {
  const file = new URL(`../../../../node_modules/${packageName}/package.json`, import.meta.url);
  return JSON.parse(readFileSync(file, 'utf8')).version;
}
