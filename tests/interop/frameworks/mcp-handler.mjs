import { serve } from '@hono/node-server';
import { createMcpHandler } from 'mcp-handler';
import { port, register } from './tools.mjs';

serve({ fetch: createMcpHandler(register, {}, { basePath: '' }), hostname: '127.0.0.1', port });
