// A hand-written server with sessions that a test can hold, and that counts what stays open.
import { listen } from '../js/servers/shared/listen.mjs';
import { parseJson, readText, rpcError, sendJson } from '../js/servers/shared/messages.mjs';

/**
 * @param {{ capabilities?: object, tools?: () => object[] }} [options]
 * @returns {Promise<object>} `held` has names of methods whose answers wait for `release()`; `instructions` are those of the next handshake; `act` may
 *   answer a request itself, then it returns true
 */
export async function startScriptedSessions({
  capabilities = { tools: { listChanged: true } },
  tools = () => [],
} = {}) {
  const control = {
    open: new Set(),
    seen: [],
    deleted: 0,
    held: new Set(),
    instructions: undefined,
    act: undefined,
    waiting: [],
    release() {
      control.held.clear();
      for (const go of control.waiting.splice(0)) go();
    },
  };
  let last = 0;
  const results = {
    initialize: (message) => ({
      protocolVersion: message.params.protocolVersion,
      capabilities,
      serverInfo: { name: 'scripted', version: '1' },
      ...(control.instructions && { instructions: control.instructions }),
    }),
    'tools/list': () => ({ tools: tools() }),
    'tools/call': (message) => ({ content: [{ type: 'text', text: message.params.arguments?.text ?? '' }] }),
    ping: () => ({}),
  };
  const hold = (name) => control.held.has(name) && new Promise((resolve) => control.waiting.push(resolve));

  async function end(id, response) {
    await hold('DELETE');
    control.deleted += 1;
    control.open.delete(id);
    response.writeHead(200).end();
  }

  /** The headers of the answer; undefined without a session. */
  function headersOf(message, id) {
    if (message.method !== 'initialize') return control.open.has(id) ? {} : undefined;
    last += 1;
    control.open.add(`session-${last}`);
    return { 'Mcp-Session-Id': `session-${last}` };
  }

  async function post(message, id, response) {
    control.seen.push(message);
    const fail = (status, code, words) =>
      sendJson(response, status, { jsonrpc: '2.0', id: message.id, error: { code, message: words } });
    if (message.method === 'server/discover') return fail(200, -32601, 'no');
    const headers = headersOf(message, id);
    if (!headers) return sendJson(response, 404, rpcError(-32001, 'Session not found'));
    await hold(message.method);
    if (await control.act?.(message, response)) return undefined;
    if (message.id === undefined || message.method === undefined) return response.writeHead(202).end();
    const result = results[message.method]?.(message) ?? {};
    return sendJson(response, 200, { jsonrpc: '2.0', id: message.id, result }, headers);
  }

  const listening = await listen(async (request, response) => {
    const message = parseJson(await readText(request));
    const id = request.headers['mcp-session-id'];
    if (request.method === 'GET') return response.writeHead(405).end();
    return request.method === 'DELETE' ? end(id, response) : post(message, id, response);
  });
  return Object.assign(control, { url: `${listening.origin}/mcp`, close: listening.close });
}
