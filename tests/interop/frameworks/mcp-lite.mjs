import { serve } from '@hono/node-server';
import { Hono } from 'hono';
import { InMemorySessionAdapter, McpServer, StreamableHttpTransport } from 'mcp-lite';
import { z } from 'zod';
import { isStateful, port, resultOf, tools } from './tools.mjs';

const server = new McpServer({
  name: 'frameworks',
  version: '1.0.0',
  schemaAdapter: (schema) => z.toJSONSchema(schema),
});
for (const [name, tool] of Object.entries(tools))
  server.tool(name, {
    description: name,
    inputSchema: z.object(tool.shape),
    annotations: tool.annotations,
    handler: (given) => resultOf(tool, given),
  });
const sessions = isStateful ? { sessionAdapter: new InMemorySessionAdapter({ maxEventBufferSize: 1_024 }) } : {};
const handle = new StreamableHttpTransport(sessions).bind(server);
const app = new Hono();
app.all('/mcp', (context) => handle(context.req.raw));
serve({ fetch: app.fetch, hostname: '127.0.0.1', port });
