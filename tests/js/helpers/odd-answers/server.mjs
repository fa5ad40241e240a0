// A server with sessions that counts what it executes, and gives odd answers to some messages for a time.
import { randomUUID } from 'node:crypto';
import { listen } from '../../servers/shared/listen.mjs';
import { parseJson, readText } from '../../servers/shared/messages.mjs';

const tools = [
  { name: 'read', inputSchema: { type: 'object' }, annotations: { readOnlyHint: true } },
  { name: 'write', inputSchema: { type: 'object' } },
];
const agreed = {
  protocolVersion: '2025-11-25',
  capabilities: { tools: {} },
  serverInfo: { name: 'odd', version: '1' },
};

/** What a request is: a method, the name of a tool, or `GET`. */
function kindOf(request, message) {
  if (request.method !== 'POST') return request.method;
  return message?.method === 'tools/call' ? message.params.name : message?.method;
}

/**
 * @param {object} fault
 * @param {string[]} fault.when the kinds that get the odd answer
 * @param {(about: { request: any, response: any, message: any, answer: any }) => void} fault.what
 * @param {boolean} [fault.ran] the tool is executed before
 * @param {number} [fault.times] how often; without it, until `server.heal()`
 */
export async function startServer({ when, what, ran = false, times = Number.POSITIVE_INFINITY }) {
  const sessions = new Set();
  const executed = new Map();
  const requests = [];
  let left = times;

  function resultOf(message) {
    if (message.method === 'tools/list') return { tools };
    return message.method === 'tools/call' ? { content: [{ type: 'text', text: message.params.arguments.key }] } : {};
  }

  function run(message) {
    const key = message?.method === 'tools/call' ? message.params.arguments.key : undefined;
    if (key) executed.set(key, (executed.get(key) ?? 0) + 1);
  }

  function send(response, status, body, headers = {}) {
    response.writeHead(status, { 'Content-Type': 'application/json', ...headers });
    response.end(body && JSON.stringify(body));
  }

  function serve({ request, response, message, answer }) {
    if (message?.method === 'initialize') {
      const id = randomUUID();
      sessions.add(id);
      return send(response, 200, { ...answer, result: agreed }, { 'Mcp-Session-Id': id });
    }
    const session = request.headers['mcp-session-id'];
    if (!sessions.has(session))
      return send(response, 404, { jsonrpc: '2.0', id: null, error: { code: -32001, message: 'Session not found' } });
    if (request.method === 'GET') {
      response.writeHead(200, { 'Content-Type': 'text/event-stream' });
      return response.flushHeaders();
    }
    if (request.method === 'DELETE') sessions.delete(session);
    if (message?.id === undefined) return response.writeHead(202).end();
    run(message);
    return send(response, 200, answer);
  }

  const listening = await listen(async (request, response) => {
    const message = parseJson(await readText(request));
    const answer = message?.method && { jsonrpc: '2.0', id: message.id, result: resultOf(message) };
    const about = { request, response, message, answer };
    requests.push({ at: performance.now(), id: message?.id, method: message?.method });
    if (left <= 0 || !when.includes(kindOf(request, message))) return serve(about);
    left -= 1;
    if (ran) run(message);
    return what(about);
  });

  return {
    url: `${listening.origin}/mcp`,
    /** How often the call with this key was executed. @param {string} key */
    executed: (key) => executed.get(key) ?? 0,
    requests,
    heal() {
      left = 0;
    },
    close: listening.close,
  };
}
