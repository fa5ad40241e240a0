import { createServer } from 'node:http';
import { createRequestListener } from '@remix-run/node-fetch-server';
import { ZodJsonSchemaAdapter } from '@tmcp/adapter-zod';
import { HttpTransport } from '@tmcp/transport-http';
import { McpServer } from 'tmcp';
import { z } from 'zod';
import { port, resultOf, tools } from './tools.mjs';

const server = new McpServer(
  { name: 'frameworks', version: '1.0.0', description: 'A server of the interop tests' },
  { adapter: new ZodJsonSchemaAdapter(), capabilities: { tools: { listChanged: true } } },
);
for (const [name, tool] of Object.entries(tools))
  server.tool({ name, description: name, schema: z.object(tool.shape), annotations: tool.annotations }, (given) =>
    resultOf(tool, given),
  );
const transport = new HttpTransport(server);
createServer(
  createRequestListener(async (request) => (await transport.respond(request)) ?? new Response(null, { status: 404 })),
).listen(port, '127.0.0.1');
