// A real MCP server, built with the official SDK v2: `server.mjs --port N --mode stateful | stateless | modern`. It
// writes its actions into the file named by JOURNAL. `modern` serves 2026-07-28 only, `stateless` that and the
// revisions before it.
import { randomUUID } from 'node:crypto';
import { createMcpHandler, WebStandardStreamableHTTPServerTransport } from '@modelcontextprotocol/server';
import { commandLineOptions, runUntilStopped } from '../../js/servers/shared/lifetime.mjs';
import { listen } from '../../js/servers/shared/listen.mjs';
import { parseJson, readText, rpcError } from '../../js/servers/shared/messages.mjs';
import { serveWeb } from '../../js/servers/shared/web-handler.mjs';
import { note } from '../journal.mjs';
import { buildServer } from './tools.mjs';

/** A handler of web requests that keeps a session for each client. */
function keepSessions() {
  const sessions = new Map();
  return async (request) => {
    const id = request.headers.get('mcp-session-id');
    if (id !== null && !sessions.has(id)) return Response.json(rpcError(-32001, 'Session not found'), { status: 404 });
    return (sessions.get(id) ?? (await openSession(sessions))).handleRequest(request);
  };
}

async function openSession(sessions) {
  const transport = new WebStandardStreamableHTTPServerTransport({
    sessionIdGenerator: randomUUID,
    onsessioninitialized: (id) => void sessions.set(id, transport),
    onsessionclosed: (id) => void sessions.delete(id),
  });
  await buildServer().connect(transport);
  return transport;
}

function keepNoSessions(legacy) {
  const handler = createMcpHandler(() => buildServer(() => handler.notify.toolsChanged()), { legacy });
  return handler.fetch;
}

async function answer(handle, request, response) {
  const body = request.method === 'POST' ? await readText(request) : undefined;
  if (body !== undefined && parseJson(body)?.method === 'initialize') note({ did: 'initialize' });
  await serveWeb(handle, request, response, body);
}

const { port, mode } = commandLineOptions();
const handle = mode === 'stateful' ? keepSessions() : keepNoSessions(mode === 'modern' ? 'reject' : 'stateless');
const listening = await listen(
  (request, response) => answer(handle, request, response).catch(() => response.destroy()),
  { port: Number(port) },
);
runUntilStopped(listening.close);
