// A real MCP server with sessions, on Bun, as fast as possible, so that a benchmark measures the layers in front of it.
// usage: bun upstream.mjs --port <port> [--stream: answers are event streams; --stream chunked: without a length]
import { randomUUID } from 'node:crypto';
import { commandLineOptions, runUntilStopped } from '../../tests/js/servers/shared/lifetime.mjs';

const { port = 0, stream = false } = commandLineOptions();
const sessions = new Set();
const counts = { initialize: 0, unknownSession: 0, wrong: 0, calls: { echo: 0 } };

const tool = {
  name: 'echo',
  description: 'Answers with the text it was given.',
  annotations: { readOnlyHint: true },
  inputSchema: { type: 'object', properties: { text: { type: 'string' } }, required: ['text'] },
};

const methods = {
  initialize: ({ protocolVersion }) => ({
    protocolVersion,
    capabilities: { tools: {} },
    serverInfo: { name: 'fast', version: '1' },
  }),
  ping: () => ({}),
  'tools/list': () => ({ tools: [tool] }),
  'tools/call'({ name, arguments: { text } = {} }) {
    if (name !== tool.name || typeof text !== 'string') return undefined;
    counts.calls.echo += 1;
    return { content: [{ type: 'text', text }] };
  },
};

const failed = (status, code, message, id = null) =>
  Response.json({ jsonrpc: '2.0', error: { code, message }, id }, { status });

function answered(message, headers) {
  if (!stream) return Response.json(message, { headers });
  const text = `event: message\ndata: ${JSON.stringify(message)}\n\n`;
  return new Response(stream === 'chunked' ? streamOf(text) : text, {
    headers: { ...headers, 'content-type': 'text/event-stream' },
  });
}

function streamOf(text) {
  return new ReadableStream({
    start(controller) {
      controller.enqueue(text);
      controller.close();
    },
  });
}

async function post(request) {
  const { id, method, params = {} } = await request.json();
  const opens = method === 'initialize';
  const session = opens ? randomUUID() : request.headers.get('mcp-session-id');
  if (opens) {
    sessions.add(session);
    counts.initialize += 1;
  } else if (!sessions.has(session)) {
    counts.unknownSession += 1;
    return failed(404, -32001, 'Session not found', id);
  }
  if (id === undefined) return new Response(null, { status: 202 });
  const result = Object.hasOwn(methods, method) ? methods[method](params) : undefined;
  if (result === undefined) {
    counts.wrong += 1;
    return failed(200, -32601, 'Method not found', id);
  }
  return answered({ jsonrpc: '2.0', id, result }, opens ? { 'mcp-session-id': session } : {});
}

function fetch(request) {
  if (request.url.endsWith('/control/counts')) return Response.json({ ...counts, sessions: sessions.size });
  if (request.method === 'POST') return post(request).catch(() => failed(400, -32700, 'Parse error'));
  if (request.method !== 'DELETE') return new Response(null, { status: 405, headers: { allow: 'POST, DELETE' } });
  return new Response(null, { status: sessions.delete(request.headers.get('mcp-session-id')) ? 200 : 404 });
}

const server = globalThis.Bun.serve({ hostname: '127.0.0.1', port: Number(port), idleTimeout: 0, fetch });
runUntilStopped(() => server.stop(true));
