// A real server of 2024-11-05, HTTP with SSE, built with the official SDK (v1): GET /sse, POST /messages.
import { Server } from '@modelcontextprotocol/sdk/server/index.js';
import { SSEServerTransport } from '@modelcontextprotocol/sdk/server/sse.js';
import { ListToolsRequestSchema } from '@modelcontextprotocol/sdk/types.js';
import { answerPreflight, setCorsHeaders } from './shared/cors.mjs';
import { listen } from './shared/listen.mjs';
import { sendJson } from './shared/messages.mjs';

export async function startOldSseServer() {
  const sessions = new Map();
  const listening = await listen(async (request, response) => {
    setCorsHeaders(request, response);
    if (answerPreflight(request, response)) return undefined;
    const { pathname, searchParams } = new URL(request.url, 'http://localhost');
    if (pathname === '/sse' && request.method === 'GET') {
      const transport = new SSEServerTransport('/messages', response);
      sessions.set(transport.sessionId, transport);
      response.on('close', () => sessions.delete(transport.sessionId));
      const server = new Server({ name: 'old-sse-server', version: '1.0.0' }, { capabilities: { tools: {} } });
      server.setRequestHandler(ListToolsRequestSchema, () => ({ tools: [] }));
      return server.connect(transport);
    }
    const transport = pathname === '/messages' && sessions.get(searchParams.get('sessionId'));
    if (transport) return transport.handlePostMessage(request, response);
    return sendJson(response, pathname === '/sse' ? 405 : 404, { error: 'not here' });
  });
  return { url: `${listening.origin}/sse`, sessions, close: listening.close };
}
