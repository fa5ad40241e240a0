// The official SDK's server (v1) over HTTP+SSE of 2024-11-05: the same server as sdk-server.mjs, a stream at /sse and
// an endpoint at /messages.
import { SSEServerTransport } from '@modelcontextprotocol/sdk/server/sse.js';
import { buildServer, count, newCounts } from './sdk-server.mjs';
import { counterUri } from './sdk-tools.mjs';
import { answerPreflight, setCorsHeaders } from './shared/cors.mjs';
import { commandLineOptions, isMain, runUntilStopped } from './shared/lifetime.mjs';
import { listen } from './shared/listen.mjs';
import { parseJson, readText } from './shared/messages.mjs';

/**
 * Starts the server.
 * @param {object} [options]
 * @param {number} [options.port]
 * @param {string} [options.endpoint] what the endpoint event names, before `?sessionId=…`
 */
export async function startHttpSseServer({ port = 0, endpoint = '/messages' } = {}) {
  const counts = { ...newCounts(), streams: 0, lost: 0 };
  const sessions = new Map();

  async function open(response) {
    const transport = new SSEServerTransport(endpoint, response);
    const session = { counts, subscriptions: new Set(), server: undefined, response, counterChanged };
    session.server = buildServer(session);
    counts.streams += 1;
    sessions.set(transport.sessionId, { ...session, transport });
    response.on('close', () => sessions.delete(transport.sessionId));
    await session.server.connect(transport);
  }

  function counterChanged() {
    for (const { server, subscriptions } of sessions.values()) {
      if (subscriptions.has(counterUri)) server.sendResourceUpdated({ uri: counterUri }).catch(() => {});
    }
  }

  async function post(request, response, id) {
    const body = parseJson(await readText(request));
    count(counts, 'POST', body);
    const session = sessions.get(id);
    if (session) return session.transport.handlePostMessage(request, response, body);
    counts.lost += 1;
    return response.writeHead(404).end('Session not found');
  }

  const listening = await listen(
    async (request, response) => {
      setCorsHeaders(request, response);
      if (answerPreflight(request, response)) return;
      const { pathname, searchParams } = new URL(request.url, 'http://localhost');
      if (request.method === 'GET' && pathname === '/sse') await open(response);
      else if (request.method === 'POST' && pathname === '/messages')
        await post(request, response, searchParams.get('sessionId'));
      else response.writeHead(404).end(`Cannot ${request.method} ${pathname}`);
    },
    { port },
  );

  const all = () => [...sessions.values()];
  return {
    url: `${listening.origin}/sse`,
    port: listening.port,
    counts,
    openStreams: () => sessions.size,
    /** Breaks every stream, and ends its session. */
    cutStreams: () => all().forEach(({ response }) => response.socket.destroy()),
    /** Drops every session; the streams stay open and silent. */
    forgetSessions: () => sessions.clear(),
    close: () => listening.close(),
  };
}

if (isMain(import.meta.url)) {
  const server = await startHttpSseServer({ port: Number(commandLineOptions().port ?? 0) });
  runUntilStopped(server.close);
  console.log(JSON.stringify({ url: server.url, port: server.port }));
}
