// Three clients behind one face, each with its defaults: the official SDK v1 and v2, and ours.
import { pathToFileURL } from 'node:url';
import { Client as ClientV1 } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport as TransportV1 } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { CallToolResultSchema } from '@modelcontextprotocol/sdk/types.js';
import { Client as ClientV2, StreamableHTTPClientTransport as TransportV2 } from '@modelcontextprotocol/client';

const packageEntry = process.env.MCP_TETHER_PACKAGE ? pathToFileURL(process.env.MCP_TETHER_PACKAGE) : new URL('../../../pkg/node.js', import.meta.url);
const { McpManager } = await import(packageEntry);

const info = { name: 'compare', version: '1.0.0' };

/**
 * By name: opens a session at a URL. `timeout` is that of one call; `headers` go with each request.
 * @type {Record<string, (url: string, options?: { timeout?: number, headers?: Record<string, string>, fetch?: typeof fetch }) => Promise<object>>}
 */
export const clients = {
  'SDK v1': (url, options) => official(new ClientV1(info), new TransportV1(new URL(url), transportOptions(options)), options, CallToolResultSchema),
  'SDK v2': (url, options) => official(new ClientV2(info), new TransportV2(new URL(url), transportOptions(options)), options),
  async 'mcp-tether'(url, { timeout = 60_000, headers, fetch } = {}) {
    const manager = new McpManager({ mcpServers: { it: { url, timeout, headers } } }, { env: {}, log: () => {}, fetch });
    const session = await manager.connect('user', 'it').catch(async (error) => {
      await manager.close();
      throw error;
    });
    return {
      call: (name, args = {}) => session.callTool({ name, arguments: args }),
      terminate: () => session.terminate(),
      close: () => manager.close(),
      sessionId: () => session.sessionId,
    };
  },
};

async function official(client, transport, { timeout = 60_000 } = {}, schema = undefined) {
  client.onerror = () => {};
  await client.connect(transport);
  const options = { timeout };
  return {
    call: (name, args = {}) => (schema ? client.callTool({ name, arguments: args }, schema, options) : client.callTool({ name, arguments: args }, options)),
    terminate: () => transport.terminateSession(),
    close: () => client.close(),
    sessionId: () => transport.sessionId,
  };
}

function transportOptions({ headers, fetch } = {}) {
  return { ...(headers && { requestInit: { headers } }), ...(fetch && { fetch }) };
}
