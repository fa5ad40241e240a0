import { createServer } from 'node:http';
import { createTool } from '@mastra/core/tools';
import { MCPServer } from '@mastra/mcp';
import { z } from 'zod';
import { port, tools } from './tools.mjs';

const made = Object.entries(tools).map(([name, { shape, annotations, run }]) => [
  name,
  createTool({ id: name, description: name, inputSchema: z.object(shape), mcp: { annotations }, execute: run }),
]);
const server = new MCPServer({ name: 'frameworks', version: '1.0.0', tools: Object.fromEntries(made) });
createServer((req, res) =>
  server.startHTTP({ url: new URL(req.url, `http://127.0.0.1:${port}`), httpPath: '/mcp', req, res }),
).listen(port, '127.0.0.1');
