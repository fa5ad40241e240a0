// Compiled, never run: what this package gives fits what others take, without a cast.

import { createMCPClient } from '@ai-sdk/mcp';
import { Validator } from '@cfworker/json-schema';
import { applyMiddlewares, type OAuthClientProvider, withOAuth } from '@modelcontextprotocol/client';
import { CfWorkerJsonSchemaValidator } from '@modelcontextprotocol/client/validators/cf-worker';
import { Agent, type MCPServer } from '@openai/agents';
import { McpManager } from 'mcp-tether';
import { TetherMcpServer } from 'mcp-tether/openai-agents';
import { checkOutput } from 'mcp-tether/output-schema';
import { useMcp } from 'mcp-tether/react';
import { snapshotOf } from 'mcp-tether/snapshot';
import { useSyncExternalStore } from 'react';
import { shallowRef } from 'vue';

declare const provider: OAuthClientProvider;
const guarded = applyMiddlewares(withOAuth(provider, 'https://notes.example/mcp'))(fetch);
const manager = new McpManager({ mcpServers: { notes: { url: '/mcp', fetch: guarded } } }, { fetch: guarded });

checkOutput(manager, Validator);
checkOutput(manager, new CfWorkerJsonSchemaValidator());

await createMCPClient({ transport: manager.transport('ada', 'notes') });

const server: MCPServer = new TetherMcpServer(manager, 'ada', 'notes');
export const agent = new Agent({ name: 'Assistant', mcpServers: [server] });

export function useSessions(): number {
  const { subscribe, getSnapshot } = snapshotOf(manager);
  const { tools } = useMcp(manager, 'ada', 'notes');
  return useSyncExternalStore(subscribe, getSnapshot, getSnapshot).sessions.length + tools.length;
}
export const sessions = shallowRef(snapshotOf(manager).getSnapshot());
