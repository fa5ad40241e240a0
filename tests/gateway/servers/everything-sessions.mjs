// The conformance suite's fixture server for revisions with sessions, up to 2025-11-25, built with the official SDK
// (v1).
import { randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { Server } from '@modelcontextprotocol/sdk/server/index.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import {
  CallToolRequestSchema,
  CompleteRequestSchema,
  CreateMessageResultSchema,
  ElicitResultSchema,
  GetPromptRequestSchema,
  ListPromptsRequestSchema,
  ListResourcesRequestSchema,
  ListResourceTemplatesRequestSchema,
  ListToolsRequestSchema,
  McpError,
  ReadResourceRequestSchema,
  SetLevelRequestSchema,
  SubscribeRequestSchema,
  UnsubscribeRequestSchema,
} from '@modelcontextprotocol/sdk/types.js';
import { EventStore } from '../../js/servers/shared/event-store.mjs';
import { listen } from '../../js/servers/shared/listen.mjs';
import { parseJson, readText, rpcError, sendJson } from '../../js/servers/shared/messages.mjs';
import {
  listed,
  listedPrompts,
  plainTools,
  prompts,
  readResource,
  resources,
  resourceTemplates,
  textResult,
} from './everything.mjs';
import { askingTools } from './everything-asking.mjs';

const retryInterval = 500;

const tools = {
  ...plainTools,
  ...askingTools,
  test_tool_with_logging: {
    async run(_arguments, { log }) {
      for (const data of ['Tool execution started', 'Tool processing data', 'Tool execution completed']) {
        await log(data);
        await wait(20);
      }
      return textResult('logged');
    },
  },
  test_reconnection: {
    // SEP-1699: the stream ends before the answer, and a client resumes it.
    async run(_arguments, { endStream }) {
      endStream();
      await wait(100);
      return textResult('The client came back.');
    },
  },
};

/** @returns {Promise<{ url: string, close(): Promise<void> }>} */
export async function startSessionsServer() {
  const transports = new Map();

  async function openSession() {
    const transport = new StreamableHTTPServerTransport({
      sessionIdGenerator: randomUUID,
      eventStore: new EventStore(),
      retryInterval,
      onsessioninitialized: (id) => transports.set(id, transport),
      onsessionclosed: (id) => transports.delete(id),
    });
    await buildServer(transport).connect(transport);
    return transport;
  }

  const listening = await listen(async (request, response) => {
    if (isForeign(request, listening.port)) return sendJson(response, 403, rpcError(-32000, 'Forbidden'));
    const body = request.method === 'POST' ? parseJson(await readText(request)) : undefined;
    const id = request.headers['mcp-session-id'];
    if (id !== undefined && !transports.has(id)) return sendJson(response, 404, rpcError(-32001, 'Session not found'));
    return (transports.get(id) ?? (await openSession())).handleRequest(request, response, body);
  });

  return {
    url: `${listening.origin}/mcp`,
    async close() {
      await Promise.all([...transports.values()].map((transport) => transport.close()));
      await listening.close();
    },
  };
}

/** DNS rebinding: a page of another site whose name resolves to this machine. */
export function isForeign({ headers }, port) {
  const names = ['127.0.0.1', 'localhost'].map((name) => `${name}:${port}`);
  return (
    !names.includes(headers.host) ||
    (headers.origin !== undefined && !names.some((name) => headers.origin === `http://${name}`))
  );
}

function buildServer(transport) {
  const server = new Server(
    { name: 'everything', version: '1.0.0' },
    {
      capabilities: {
        tools: { listChanged: true },
        resources: { subscribe: true, listChanged: true },
        prompts: { listChanged: true },
        logging: {},
        completions: {},
      },
    },
  );
  server.setRequestHandler(ListToolsRequestSchema, () => ({ tools: listed(tools) }));
  server.setRequestHandler(CallToolRequestSchema, ({ params }, context) => {
    if (!Object.hasOwn(tools, params.name)) throw new McpError(-32602, `no such tool: ${params.name}`);
    return tools[params.name].run(params.arguments ?? {}, contextOf(context, params._meta, transport));
  });
  server.setRequestHandler(ListResourcesRequestSchema, () => ({ resources }));
  server.setRequestHandler(ListResourceTemplatesRequestSchema, () => ({ resourceTemplates }));
  server.setRequestHandler(ReadResourceRequestSchema, ({ params }) => {
    const contents = readResource(params.uri);
    if (!contents) throw new McpError(-32002, 'Resource not found', { uri: params.uri });
    return { contents: [contents] };
  });
  server.setRequestHandler(ListPromptsRequestSchema, () => ({ prompts: listedPrompts(prompts) }));
  server.setRequestHandler(GetPromptRequestSchema, ({ params }) => {
    if (!Object.hasOwn(prompts, params.name)) throw new McpError(-32602, `no such prompt: ${params.name}`);
    return { messages: prompts[params.name].messages(params.arguments ?? {}) };
  });
  server.setRequestHandler(CompleteRequestSchema, () => ({ completion: { values: [], total: 0, hasMore: false } }));
  for (const schema of [SetLevelRequestSchema, SubscribeRequestSchema, UnsubscribeRequestSchema])
    server.setRequestHandler(schema, () => ({}));
  return server;
}

/** The actions of tools while they run, on the stream of their own call. */
function contextOf({ requestId, sendNotification, sendRequest }, meta, transport) {
  return {
    progress: (progress, total) =>
      meta?.progressToken !== undefined &&
      sendNotification({
        method: 'notifications/progress',
        params: { progressToken: meta.progressToken, progress, total },
      }),
    log: (data) => sendNotification({ method: 'notifications/message', params: { level: 'info', data } }),
    elicit: (message, requestedSchema) =>
      sendRequest({ method: 'elicitation/create', params: { message, requestedSchema } }, ElicitResultSchema),
    sample: (prompt) =>
      sendRequest(
        {
          method: 'sampling/createMessage',
          params: { messages: [{ role: 'user', content: { type: 'text', text: prompt } }], maxTokens: 100 },
        },
        CreateMessageResultSchema,
      ),
    endStream: () => transport.closeSSEStream(requestId),
  };
}
