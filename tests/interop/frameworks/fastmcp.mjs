import { FastMCP } from 'fastmcp';
import { z } from 'zod';
import { isStateful, port, tools } from './tools.mjs';

const server = new FastMCP({ name: 'frameworks', version: '1.0.0' });
for (const [name, { shape, annotations, run }] of Object.entries(tools))
  server.addTool({ name, description: name, parameters: z.object(shape), annotations, execute: run });
await server.start({
  transportType: 'httpStream',
  httpStream: { host: '127.0.0.1', port, endpoint: '/mcp', stateless: !isStateful },
});
