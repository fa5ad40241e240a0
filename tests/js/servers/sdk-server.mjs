// A real MCP server, built with the official SDK (v1), that counts its requests and executions.
import { randomUUID } from 'node:crypto';
import { Server } from '@modelcontextprotocol/sdk/server/index.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import {
  CallToolRequestSchema,
  ErrorCode,
  GetPromptRequestSchema,
  ListPromptsRequestSchema,
  ListResourcesRequestSchema,
  ListToolsRequestSchema,
  McpError,
  ReadResourceRequestSchema,
  SubscribeRequestSchema,
  UnsubscribeRequestSchema,
} from '@modelcontextprotocol/sdk/types.js';
import { counterUri, prompt, shopTools, tools } from './sdk-tools.mjs';
import { answerPreflight, setCorsHeaders } from './shared/cors.mjs';
import { EventStore } from './shared/event-store.mjs';
import { commandLineOptions, isMain, runUntilStopped } from './shared/lifetime.mjs';
import { listen } from './shared/listen.mjs';
import { parseJson, readText, rpcError, sendJson } from './shared/messages.mjs';

/**
 * Starts the server.
 * @param {object} [options]
 * @param {'stateful' | 'stateless'} [options.mode]
 * @param {boolean} [options.jsonResponse] answer calls as JSON, not as an event stream
 * @param {boolean} [options.eventStore] keep events, so that streams have ids and can be resumed
 * @param {number} [options.keepAlive] milliseconds between the comments on a GET stream; none when left out
 * @param {typeof tools} [options.tools]
 * @param {number} [options.port]
 * @param {() => void} [options.onStop] called when POST /control/stop asks for the end
 */
export async function startSdkServer({
  mode = 'stateful',
  jsonResponse = false,
  eventStore = false,
  keepAlive,
  tools: offered = tools,
  port = 0,
  onStop,
} = {}) {
  const counts = newCounts();
  const sessions = new Map();
  let openStreams = 0; // responses to GETs

  async function forgetSessions() {
    const forgotten = [...sessions.values()];
    sessions.clear();
    await Promise.all(forgotten.map(({ transport }) => transport.close()));
    return forgotten.length;
  }

  async function openSession() {
    const session = { counts, subscriptions: new Set(), server: undefined, transport: undefined, counterChanged };
    session.server = buildServer(session, offered);
    session.transport = new StreamableHTTPServerTransport({
      sessionIdGenerator: mode === 'stateful' ? randomUUID : undefined,
      enableJsonResponse: jsonResponse,
      eventStore: eventStore ? new EventStore() : undefined,
      onsessioninitialized: (id) => sessions.set(id, session),
      onsessionclosed: (id) => sessions.delete(id),
    });
    await session.server.connect(session.transport);
    return session;
  }

  function counterChanged() {
    for (const session of sessions.values()) {
      if (session.subscriptions.has(counterUri))
        session.server.sendResourceUpdated({ uri: counterUri }).catch(() => {});
    }
  }

  async function handleMcp(request, response) {
    const body = request.method === 'POST' ? parseJson(await readText(request)) : undefined;
    count(counts, request.method, body);
    const id = request.headers['mcp-session-id'];
    if (mode === 'stateful' && id !== undefined && !sessions.has(id)) {
      counts.unknownSession += 1;
      return sendJson(response, 404, rpcError(-32001, 'Session not found'));
    }
    if (mode === 'stateless' && request.method !== 'POST') {
      return sendJson(response, 405, rpcError(-32000, 'Method not allowed.'), { Allow: 'POST' });
    }
    const session = sessions.get(id) ?? (await openSession());
    if (request.method === 'GET') {
      openStreams += 1;
      response.on('close', () => {
        openStreams -= 1;
      });
      if (keepAlive !== undefined) sendKeepAlives(response, keepAlive);
    }
    if (mode === 'stateless') response.on('close', () => session.transport.close());
    return session.transport.handleRequest(request, response, body);
  }

  async function handleControl(request, response, path) {
    if (path === '/control/counts') return sendJson(response, 200, { ...counts, sessions: sessions.size });
    if (request.method !== 'POST') return sendJson(response, 405, { error: 'use POST' });
    if (path === '/control/forget') return sendJson(response, 200, { forgotten: await forgetSessions() });
    if (path === '/control/reset') {
      Object.assign(counts, newCounts());
      return sendJson(response, 200, {});
    }
    if (path === '/control/stop') {
      response.on('finish', () => onStop?.());
      return sendJson(response, 200, {});
    }
    return sendJson(response, 404, { error: 'no such control' });
  }

  const listening = await listen(
    async (request, response) => {
      setCorsHeaders(request, response);
      if (answerPreflight(request, response)) return;
      const path = new URL(request.url, 'http://localhost').pathname;
      try {
        if (path === '/mcp') await handleMcp(request, response);
        else if (path.startsWith('/control/')) await handleControl(request, response, path);
        else sendJson(response, 404, { error: 'the MCP endpoint is /mcp' });
      } catch (error) {
        if (response.headersSent) response.destroy();
        else sendJson(response, 500, rpcError(-32603, String(error?.message ?? error)));
      }
    },
    { port },
  );

  return {
    url: `${listening.origin}/mcp`,
    control: `${listening.origin}/control`,
    port: listening.port,
    counts,
    openStreams: () => openStreams,
    forgetSessions,
    async close() {
      await forgetSessions();
      await listening.close();
    },
  };
}

/** Comments, as servers send them against proxies that close idle connections. */
function sendKeepAlives(response, every) {
  const timer = setInterval(() => response.headersSent && response.write(': keep-alive\n\n'), every);
  response.on('close', () => clearInterval(timer));
}

/** One session's server; `session` as passed to the tools. */
export function buildServer(session, offered = tools) {
  const server = new Server(
    { name: 'mcp-tether-test-server', version: '1.0.0' },
    {
      capabilities: {
        tools: { listChanged: true },
        resources: { subscribe: true, listChanged: true },
        prompts: {},
        logging: {},
      },
      instructions: 'A server for tests.',
    },
  );
  server.oninitialized = () => (session.counts.initialized += 1);
  server.setRequestHandler(ListToolsRequestSchema, () => ({
    tools: Object.entries(offered).map(([name, { run, ...definition }]) => ({ name, ...definition })),
  }));
  server.setRequestHandler(CallToolRequestSchema, async ({ params }, context) => {
    const tool = Object.hasOwn(offered, params.name) ? offered[params.name] : undefined;
    if (!tool) throw new McpError(ErrorCode.InvalidParams, `no such tool: ${params.name}`);
    session.counts.calls[params.name] = (session.counts.calls[params.name] ?? 0) + 1;
    return tool.run(params.arguments ?? {}, { ...context, _meta: params._meta }, session);
  });
  server.setRequestHandler(ListResourcesRequestSchema, () => ({
    resources: [{ uri: counterUri, name: 'counter', mimeType: 'application/json' }],
  }));
  server.setRequestHandler(ReadResourceRequestSchema, ({ params }) => {
    if (params.uri !== counterUri) throw new McpError(-32002, `no such resource: ${params.uri}`);
    const contents = { uri: counterUri, mimeType: 'application/json', text: JSON.stringify(session.counts.executions) };
    return { contents: [contents] };
  });
  server.setRequestHandler(SubscribeRequestSchema, ({ params }) => {
    session.subscriptions.add(params.uri);
    return {};
  });
  server.setRequestHandler(UnsubscribeRequestSchema, ({ params }) => {
    session.subscriptions.delete(params.uri);
    return {};
  });
  server.setRequestHandler(ListPromptsRequestSchema, () => {
    const { messages, ...definition } = prompt;
    return { prompts: [definition] };
  });
  server.setRequestHandler(GetPromptRequestSchema, ({ params }) => {
    if (params.name !== prompt.name) throw new McpError(ErrorCode.InvalidParams, `no such prompt: ${params.name}`);
    return { description: prompt.description, messages: prompt.messages(params.arguments) };
  });
  return server;
}

/** The counters of a server. */
export function newCounts() {
  return {
    initialize: 0,
    initialized: 0,
    post: 0,
    get: 0,
    delete: 0,
    unknownSession: 0,
    methods: {},
    calls: {},
    executions: {},
  };
}

/** Counts one request. */
export function count(counts, httpMethod, body) {
  const name = httpMethod.toLowerCase();
  if (name in counts) counts[name] += 1;
  for (const message of Array.isArray(body) ? body : [body]) {
    if (message?.method === 'initialize') counts.initialize += 1;
    if (message?.method) counts.methods[message.method] = (counts.methods[message.method] ?? 0) + 1;
  }
}

if (isMain(import.meta.url)) {
  const options = commandLineOptions();
  let stop;
  const server = await startSdkServer({
    mode: options.mode,
    jsonResponse: Boolean(options['json-response']),
    eventStore: Boolean(options['event-store']),
    keepAlive: options['keep-alive'] === undefined ? undefined : Number(options['keep-alive']),
    tools: options.shop ? shopTools : tools,
    port: Number(options.port ?? 0),
    onStop: () => stop(),
  });
  stop = runUntilStopped(server.close);
  console.log(JSON.stringify({ url: server.url, control: server.control, port: server.port }));
}
