// As the README of @hono/mcp has it: one transport, which serves one session.
import { StreamableHTTPTransport } from '@hono/mcp';
import { serve } from '@hono/node-server';
import { Hono } from 'hono';
import { createServer } from './sdk.mjs';
import { isStateful, port } from './tools.mjs';

const server = createServer();
const transport = new StreamableHTTPTransport(isStateful ? { sessionIdGenerator: () => crypto.randomUUID() } : {});
const app = new Hono();
app.all('/mcp', async (context) => {
  if (!server.isConnected()) await server.connect(transport);
  return transport.handleRequest(context);
});
serve({ fetch: app.fetch, hostname: '127.0.0.1', port });
