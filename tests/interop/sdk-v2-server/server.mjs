// A real MCP server, built with the official SDK v2: `server.mjs --port N --mode stateful | stateless | modern`.
// It writes what it does into the file that JOURNAL names. `modern` serves 2026-07-28 alone, `stateless` that and the revisions before it.
import { randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createMcpHandler, WebStandardStreamableHTTPServerTransport } from '@modelcontextprotocol/server';
import { commandLineOptions, runUntilStopped } from '../../js/servers/shared/lifetime.mjs';
import { listen } from '../../js/servers/shared/listen.mjs';
import { parseJson, readText, rpcError } from '../../js/servers/shared/messages.mjs';
import { note } from '../journal.mjs';
import { buildServer } from './tools.mjs';

/** A handler of web requests that keeps a session for each client. */
function keepSessions() {
  const sessions = new Map();
  return async (request, options) => {
    const id = request.headers.get('mcp-session-id');
    if (id !== null && !sessions.has(id)) return Response.json(rpcError(-32001, 'Session not found'), { status: 404 });
    return (sessions.get(id) ?? (await openSession(sessions))).handleRequest(request, options);
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

/** Node's request to the web's, and the web's response to Node's; whoever hangs up is noticed. */
async function answer(handle, request, response) {
  const gone = new AbortController();
  response.on('close', () => gone.abort());
  const body = request.method === 'POST' ? await readText(request) : undefined;
  const parsedBody = body && parseJson(body);
  if (parsedBody?.method === 'initialize') note({ did: 'initialize' });
  const url = new URL(request.url, `http://${request.headers.host}`);
  const answered = await handle(new Request(url, { method: request.method, headers: request.headers, body, signal: gone.signal }), { parsedBody });
  response.writeHead(answered.status, Object.fromEntries(answered.headers));
  response.flushHeaders();
  if (answered.body) await pipeline(Readable.fromWeb(answered.body), response);
  else response.end();
}

const { port, mode } = commandLineOptions();
const handle = mode === 'stateful' ? keepSessions() : keepNoSessions(mode === 'modern' ? 'reject' : 'stateless');
const listening = await listen((request, response) => answer(handle, request, response).catch(() => response.destroy()), { port: Number(port) });
runUntilStopped(listening.close);
