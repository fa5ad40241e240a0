// The compared clients in Node: the official SDK's v1 and v2, and ours.
import { pathToFileURL } from 'node:url';
import { Client as ClientV2, StreamableHTTPClientTransport as TransportV2 } from '@modelcontextprotocol/client';
import { Client as ClientV1 } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport as TransportV1 } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { CallToolResultSchema } from '@modelcontextprotocol/sdk/types.js';
import { officialClient, ownClient } from './faces.mjs';

const packageEntry = process.env.MCP_TETHER_PACKAGE
  ? pathToFileURL(process.env.MCP_TETHER_PACKAGE)
  : new URL('../../../../pkg/node.js', import.meta.url);
const { McpManager } = await import(packageEntry);

/**
 * By name: opens a session at a URL. `timeout` is that of one call; `headers` go with each request.
 * @typedef {{ timeout?: number, headers?: Record<string, string>, fetch?: typeof fetch, sessionConfig?: object }} Options
 * @type {Record<string, (url: string, options?: Options) => Promise<object>>}
 */
export const clients = {
  'SDK v1': officialClient({ Client: ClientV1, StreamableHTTPClientTransport: TransportV1, CallToolResultSchema }),
  'SDK v2': officialClient({ Client: ClientV2, StreamableHTTPClientTransport: TransportV2 }),
  'mcp-tether': ownClient({ McpManager }),
};
