// Compiled, never run: the official clients take our transport without a cast.

import type { Transport as Transport2 } from '@modelcontextprotocol/client';
import { Client as Client2 } from '@modelcontextprotocol/client';
import { Client as Client1 } from '@modelcontextprotocol/sdk/client/index.js';
import type { Transport as Transport1 } from '@modelcontextprotocol/sdk/shared/transport.js';
import type { SdkTransport } from 'mcp-tether';
import { McpManager } from 'mcp-tether';

const manager = new McpManager({ mcpServers: {} });
const implementation = { name: 'app', version: '1.0.0' };
await new Client1(implementation).connect(manager.transport('u', 's'));
await new Client2(implementation).connect(manager.transport('u', 's', { vars: { team: 'a' } }));

const transport: SdkTransport = manager.transport('u', 's');
export const both: [Transport1, Transport2] = [transport, transport];
const id: string | undefined = transport.sessionId;
transport.onclose = () => console.log('closed', id);
transport.onclose = undefined;
await transport.terminateSession();

// @ts-expect-error What a session is called is for the server to say.
transport.sessionId = 'mine';
