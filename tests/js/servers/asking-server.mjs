// A real MCP server, built with the official SDK (v1), that sends requests to its client: samples, forms, URLs and
// roots, on the call's own stream or on the GET stream. It also runs calls as tasks (2025-11-25, experimental there).
import { randomUUID } from 'node:crypto';
import { setImmediate as nextTurn, setTimeout as wait } from 'node:timers/promises';
import { InMemoryTaskMessageQueue, InMemoryTaskStore } from '@modelcontextprotocol/sdk/experimental/tasks';
import { Server } from '@modelcontextprotocol/sdk/server/index.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import {
  CallToolRequestSchema,
  ListToolsRequestSchema,
  McpError,
  ResultSchema,
  RootsListChangedNotificationSchema,
  UrlElicitationRequiredError,
} from '@modelcontextprotocol/sdk/types.js';
import { listen } from './shared/listen.mjs';
import { parseJson, readText, rpcError, sendJson } from './shared/messages.mjs';

const text = (value) => ({ content: [{ type: 'text', text: JSON.stringify(value) }] });

const tools = [
  {
    name: 'ask',
    description: 'Sends the client a request, and answers with its answer.',
    inputSchema: { type: 'object' },
  },
  { name: 'pay', description: 'Needs a visit to a URL first.', inputSchema: { type: 'object' } },
  {
    name: 'work',
    description: 'Runs for a while, as a task.',
    inputSchema: { type: 'object' },
    execution: { taskSupport: 'required' },
  },
];

/**
 * Starts the server.
 * @param {object} [options]
 * @param {number} [options.streamDelay] milliseconds that a GET takes to arrive, as through a proxy
 */
export async function startAskingServer({ streamDelay = 0 } = {}) {
  const sessions = new Map();
  const taskStore = new InMemoryTaskStore();
  /** The server's record: requests by method, the roots that each session has reported, and the work done by key. */
  const counts = { methods: {}, capabilities: [], roots: [], executions: {} };
  let origin;
  let paid = false;

  async function openSession() {
    const server = new Server(
      { name: 'mcp-tether-asking-server', version: '1.0.0' },
      {
        capabilities: { tools: {}, tasks: { list: {}, cancel: {}, requests: { tools: { call: {} } } } },
        taskStore,
        taskMessageQueue: new InMemoryTaskMessageQueue(),
      },
    );
    const session = { server, taskStore, counts, isPaid: () => paid, payUrl: () => `${origin}/pay` };
    // As soon as there is a GET stream, and on each notification from the client.
    session.askForRoots = async () => {
      if (!server.getClientCapabilities()?.roots) return;
      counts.roots.push(
        await server.listRoots().then(
          ({ roots }) => roots.map(({ uri }) => uri),
          (error) => error.message,
        ),
      );
    };
    server.oninitialized = () => counts.capabilities.push(server.getClientCapabilities());
    server.setNotificationHandler(RootsListChangedNotificationSchema, session.askForRoots);
    server.setRequestHandler(ListToolsRequestSchema, () => ({ tools }));
    server.setRequestHandler(CallToolRequestSchema, (request, context) =>
      run[request.params.name](request.params, context, session),
    );
    session.transport = new StreamableHTTPServerTransport({
      sessionIdGenerator: randomUUID,
      onsessioninitialized: (id) => sessions.set(id, session),
      onsessionclosed: (id) => sessions.delete(id),
    });
    await server.connect(session.transport);
    return session;
  }

  const listening = await listen(async (request, response) => {
    if (request.url === '/pay') {
      paid = true;
      const listening = [...sessions.values()].filter(({ server }) => server.getClientCapabilities()?.elicitation?.url);
      await Promise.all(listening.map(({ server }) => server.createElicitationCompletionNotifier('payment')()));
      return sendJson(response, 200, { paid });
    }
    const body = request.method === 'POST' ? parseJson(await readText(request)) : undefined;
    if (body?.method) counts.methods[body.method] = (counts.methods[body.method] ?? 0) + 1;
    const id = request.headers['mcp-session-id'];
    if (id !== undefined && !sessions.has(id)) return sendJson(response, 404, rpcError(-32001, 'Session not found'));
    if (request.method === 'GET' && streamDelay > 0) await wait(streamDelay);
    const session = sessions.get(id) ?? (await openSession());
    const over = session.transport.handleRequest(request, response, body);
    if (request.method === 'GET') {
      while (!response.headersSent && !response.destroyed) await nextTurn();
      session.askForRoots();
    }
    return over;
  });
  origin = listening.origin;

  async function forgetSessions() {
    const forgotten = [...sessions.values()];
    sessions.clear();
    await Promise.all(forgotten.map(({ transport }) => transport.close()));
  }

  return {
    url: `${origin}/mcp`,
    counts,
    forgetSessions,
    async close() {
      await forgetSessions();
      taskStore.cleanup();
      await listening.close();
    },
  };
}

/** The tools by name. */
const run = {
  async ask({ arguments: { method, params, on } }, { requestId }, { server }) {
    const options = on === 'get' ? {} : { relatedRequestId: requestId };
    const answer = await server
      .request({ method, params }, ResultSchema, options)
      .catch(({ code, message, data }) => ({ code, message, data }));
    return text(answer);
  },

  pay(_params, _context, { isPaid, payUrl }) {
    if (isPaid()) return text('thank you');
    throw new UrlElicitationRequiredError([
      { mode: 'url', message: 'Please pay first.', url: payUrl(), elicitationId: 'payment' },
    ]);
  },

  async work({ arguments: { key, ms }, task: asked }, { taskStore }, { counts }) {
    if (!asked) throw new McpError(-32601, 'work runs only as a task');
    const task = await taskStore.createTask({ ttl: asked.ttl, pollInterval: 20 });
    wait(ms, undefined, { ref: false }).then(async () => {
      const { status } = await taskStore.getTask(task.taskId);
      if (status !== 'working') return;
      counts.executions[key] = (counts.executions[key] ?? 0) + 1;
      await taskStore.storeTaskResult(task.taskId, 'completed', text(`worked ${ms} ms`));
    });
    return { task };
  },
};
