// The conformance suite's fixture server for 2026-07-28, which has no sessions, built with the official SDK (v2).
import {
  createMcpHandler,
  createRequestStateCodec,
  fromJsonSchema,
  McpServer,
  ProtocolError,
} from '@modelcontextprotocol/server';
import { listen } from '../../js/servers/shared/listen.mjs';
import { readText, rpcError, sendJson } from '../../js/servers/shared/messages.mjs';
import { serveWeb } from '../../js/servers/shared/web-handler.mjs';
import {
  listed,
  listedPrompts,
  object,
  plainTools,
  prompts,
  readResource,
  resources,
  resourceTemplates,
  textResult,
} from './everything.mjs';
import { contextPrompt, roundTools } from './everything-rounds.mjs';
import { isForeign } from './everything-sessions.mjs';

const fresh = { ttlMs: 60_000, cacheScope: 'public' };
const cacheHints = {
  'server/discover': fresh,
  'tools/list': fresh,
  'prompts/list': fresh,
  'resources/list': fresh,
  'resources/templates/list': fresh,
  'resources/read': { ttlMs: 60_000, cacheScope: 'private' },
};

const tools = {
  ...plainTools,
  ...roundTools,
  test_x_mcp_header: {
    inputSchema: object({ region: { type: 'string', 'x-mcp-header': 'Region' } }),
    run: ({ region }) => textResult(`region: ${region}`),
  },
  test_streaming_elicitation: {
    async run(_arguments, { progress }) {
      await progress(50, 100);
      return textResult('streamed');
    },
  },
  test_logging_tool: {
    async run(_arguments, { log }) {
      await log('a log message');
      return textResult('logged');
    },
  },
  test_trigger_tool_change: {
    run: (_arguments, { notify }) => textResult(String(notify.toolsChanged() ?? 'notified')),
  },
  test_trigger_prompt_change: {
    run: (_arguments, { notify }) => textResult(String(notify.promptsChanged() ?? 'notified')),
  },
};
const allPrompts = { ...prompts, ...contextPrompt };

/** @returns {Promise<{ url: string, close(): Promise<void> }>} */
export async function startModernEverything() {
  const states = createRequestStateCodec({ key: crypto.getRandomValues(new Uint8Array(32)) });
  const handler = createMcpHandler(() => buildServer(states, handler.notify), { legacy: 'reject' });
  const listening = await listen(async (request, response) => {
    if (isForeign(request, listening.port)) return sendJson(response, 403, rpcError(-32000, 'Forbidden'));
    const body = request.method === 'POST' ? await readText(request) : undefined;
    return serveWeb((web) => handler.fetch(web), request, response, body).catch(() => response.destroy());
  });
  return {
    url: `${listening.origin}/mcp`,
    async close() {
      await handler.close();
      await listening.close();
    },
  };
}

function buildServer(states, notify) {
  const mcp = new McpServer(
    { name: 'everything', version: '1.0.0' },
    {
      capabilities: {
        tools: { listChanged: true },
        resources: {},
        prompts: { listChanged: true },
        logging: {},
        completions: {},
      },
      requestState: { verify: states.verify },
      cacheHints,
    },
  );
  // Registered, so that the SDK knows their schemas and compares Mcp-Param-* with the body.
  for (const { name, inputSchema, description } of listed(tools)) {
    mcp.registerTool(name, { description, inputSchema: fromJsonSchema(inputSchema) }, (given, { mcpReq }) =>
      tools[name].run(given, contextOf(mcpReq, states, notify)),
    );
  }
  const { server } = mcp;
  server.setRequestHandler('resources/list', () => ({ resources }));
  server.setRequestHandler('resources/templates/list', () => ({ resourceTemplates }));
  server.setRequestHandler('resources/read', ({ params: { uri } }) => {
    const contents = readResource(uri);
    if (!contents) throw new ProtocolError(-32602, 'Resource not found', { uri });
    return { contents: [contents] };
  });
  server.setRequestHandler('prompts/list', () => ({ prompts: listedPrompts(allPrompts) }));
  server.setRequestHandler('prompts/get', ({ params }, { mcpReq }) => {
    if (!Object.hasOwn(allPrompts, params.name)) throw new ProtocolError(-32602, `no such prompt: ${params.name}`);
    const { run, messages } = allPrompts[params.name];
    return run ? run(contextOf(mcpReq, states, notify)) : { messages: messages(params.arguments ?? {}) };
  });
  server.setRequestHandler('completion/complete', () => ({ completion: { values: [], total: 0, hasMore: false } }));
  return mcp;
}

/** The contents of a request, and the actions available while it is served. */
function contextOf(request, states, notify) {
  const token = request._meta?.progressToken;
  return {
    notify,
    progress: (progress, total) =>
      request.notify({ method: 'notifications/progress', params: { progressToken: token ?? 'none', progress, total } }),
    log: (data) => request.log('info', data),
    capabilities: request.envelope?.['io.modelcontextprotocol/clientCapabilities'] ?? {},
    answers: request.inputResponses ?? {},
    state: request.requestState(),
    mint: (payload) => states.mint(payload),
  };
}
