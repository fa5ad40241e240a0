import { fastify } from 'fastify';
import { Sessions, streamableHttp } from 'fastify-mcp';
import { createServer } from './sdk.mjs';
import { isStateful, port } from './tools.mjs';

const app = fastify();
app.register(streamableHttp, {
  stateful: isStateful,
  mcpEndpoint: '/mcp',
  sessions: new Sessions(),
  createServer: () => createServer().server,
});
await app.listen({ host: '127.0.0.1', port });
