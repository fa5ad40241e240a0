// A server of the official SDK, for the packages that bring only a transport.
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { register } from './tools.mjs';

export function createServer() {
  const server = new McpServer({ name: 'frameworks', version: '1.0.0' });
  register(server);
  return server;
}
