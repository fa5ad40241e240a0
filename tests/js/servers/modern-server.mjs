// A real MCP server of 2026-07-28, built with the official SDK (v2), that counts its requests and executions.
import { createMcpHandler, ProtocolError, Server } from '@modelcontextprotocol/server';
import { counterUri, prompt, tools } from './modern-tools.mjs';
import { answerPreflight, setCorsHeaders } from './shared/cors.mjs';
import { commandLineOptions, isMain, runUntilStopped } from './shared/lifetime.mjs';
import { listen } from './shared/listen.mjs';
import { parseJson, readText, sendJson } from './shared/messages.mjs';
import { serveWeb } from './shared/web-handler.mjs';

/**
 * Starts the server.
 * @param {object} [options]
 * @param {'stateless' | 'reject'} [options.legacy] the handling of `initialize`: a session of one request, or a refusal
 * @param {'auto' | 'sse' | 'json'} [options.responseMode]
 * @param {object} [options.cacheHints] `{ 'tools/list': { ttlMs, cacheScope }, … }`
 * @param {number} [options.port]
 */
export async function startModernServer({ legacy = 'stateless', responseMode = 'auto', cacheHints, port = 0 } = {}) {
  const counts = newCounts();
  let handler = newHandler();

  /** A new handler simulates a restart of a server without sessions: streams end, and nothing else is lost. */
  function newHandler() {
    return createMcpHandler(() => buildServer({ counts, notify: handler.notify, cacheHints }), {
      legacy,
      responseMode,
      keepAliveMs: 1_000,
    });
  }

  async function restart() {
    const old = handler;
    handler = newHandler();
    await old.close();
  }

  const listening = await listen(
    async (request, response) => {
      setCorsHeaders(request, response);
      if (answerPreflight(request, response)) return;
      const { pathname } = new URL(request.url, 'http://localhost');
      try {
        if (pathname === '/control/counts') return sendJson(response, 200, counts);
        if (pathname === '/control/restart' && request.method === 'POST')
          return sendJson(response, 200, (await restart()) ?? {});
        if (pathname !== '/mcp') return sendJson(response, 404, { error: 'the MCP endpoint is /mcp' });
        const body = request.method === 'POST' ? await readText(request) : undefined;
        see(counts, request, response, body && parseJson(body));
        return await serveWeb((web) => handler.fetch(web), request, response, body);
      } catch (error) {
        if (!response.destroyed) console.error('modern server:', error);
        return response.destroy();
      }
    },
    { port },
  );

  return {
    url: `${listening.origin}/mcp`,
    control: `${listening.origin}/control`,
    port: listening.port,
    counts,
    notify: new Proxy(
      {},
      {
        get:
          (_target, name) =>
          (...words) =>
            handler.notify[name](...words),
      },
    ),
    restart,
    async close() {
      await handler.close();
      await listening.close();
    },
  };
}

function buildServer(shared) {
  const server = new Server(
    { name: 'mcp-tether-modern-server', version: '1.0.0' },
    {
      capabilities: {
        tools: { listChanged: true },
        resources: { subscribe: true, listChanged: true },
        prompts: { listChanged: true },
        logging: {},
      },
      instructions: 'A modern server for tests.',
      cacheHints: shared.cacheHints,
    },
  );
  server.setRequestHandler('tools/list', () => ({
    tools: Object.entries(tools).map(([name, { run, ...definition }]) => ({ name, ...definition })),
  }));
  server.setRequestHandler('tools/call', ({ params }, context) => {
    if (!Object.hasOwn(tools, params.name)) throw new ProtocolError(-32602, `no such tool: ${params.name}`);
    shared.counts.calls[params.name] = (shared.counts.calls[params.name] ?? 0) + 1;
    return tools[params.name].run(params.arguments ?? {}, context, shared);
  });
  server.setRequestHandler('resources/list', () => ({
    resources: [{ uri: counterUri, name: 'counter', mimeType: 'application/json' }],
  }));
  server.setRequestHandler('resources/read', ({ params }) => {
    if (params.uri !== counterUri) throw new ProtocolError(-32602, `no such resource: ${params.uri}`);
    return {
      contents: [{ uri: counterUri, mimeType: 'application/json', text: JSON.stringify(shared.counts.executions) }],
    };
  });
  server.setRequestHandler('prompts/list', () => {
    const { messages, ...definition } = prompt;
    return { prompts: [definition] };
  });
  server.setRequestHandler('prompts/get', ({ params }) => ({
    description: prompt.description,
    messages: prompt.messages(params.arguments),
  }));
  return server;
}

function newCounts() {
  return {
    http: {},
    methods: {},
    status: {},
    calls: {},
    executions: {},
    aborted: 0,
    sessionHeaders: 0,
    openStreams: 0,
    ids: [],
  };
}

/** Records a request on arrival, and its status when it has been answered. */
function see(counts, request, response, message) {
  const tally = (name, key) => (counts[name][key] = (counts[name][key] ?? 0) + 1);
  tally('http', request.method);
  if (message?.method) tally('methods', message.method);
  if (message?.method && message.id !== undefined) counts.ids.push(message.id);
  if (request.headers['mcp-session-id'] !== undefined || request.headers['last-event-id'] !== undefined)
    counts.sessionHeaders += 1;
  const isStream = message?.method === 'subscriptions/listen';
  if (isStream) counts.openStreams += 1;
  response.on('close', () => {
    tally('status', response.headersSent ? response.statusCode : 'none');
    if (isStream) counts.openStreams -= 1;
  });
}

if (isMain(import.meta.url)) {
  const { legacy, port } = commandLineOptions();
  const server = await startModernServer({ legacy, port: Number(port ?? 0) });
  runUntilStopped(server.close);
  console.log(JSON.stringify({ url: server.url, control: server.control, port: server.port }));
}
