// A healthy, stateful MCP server of 2025-11-25 that a test changes with a hook: exchanges answered by the hook bypass
// the server.
import { answerPreflight, setCorsHeaders } from './shared/cors.mjs';
import { listen } from './shared/listen.mjs';
import { parseJson, readText, sendJson } from './shared/messages.mjs';

const tools = [
  { name: 'read', annotations: { readOnlyHint: true }, inputSchema: { type: 'object' } },
  { name: 'write', inputSchema: { type: 'object' } },
];

const results = {
  ping: () => ({}),
  'tools/list': () => ({ tools }),
  'tools/call': ({ name }) => ({ content: [{ type: 'text', text: `${name} ran` }] }),
};

/**
 * @param {(exchange: { request: import('node:http').IncomingMessage, response: import('node:http').ServerResponse, message: any, count: number })
 *   => unknown} [hook] returns true if it handles the exchange; `count` is the number of its kind so far, including this one
 * @param {{ port?: number }} [options]
 */
export async function startScriptedServer(hook = () => false, options = {}) {
  const seen = [];
  let sessions = 0;
  const listening = await listen(async (request, response) => {
    const message = request.method === 'POST' ? parseJson(await readText(request)) : undefined;
    const kind = message?.method ?? request.method;
    seen.push(kind);
    const count = seen.filter((other) => other === kind).length;
    setCorsHeaders(request, response);
    if (await hook({ request, response, message, count })) return;
    if (answerPreflight(request, response)) return;
    if (request.method === 'GET') return response.writeHead(405).end();
    if (request.method !== 'POST') return response.writeHead(200).end();
    answer(message);

    function answer({ id, method, params }) {
      if (id === undefined) return response.writeHead(202).end();
      if (method === 'initialize') {
        sessions += 1;
        const result = {
          protocolVersion: '2025-11-25',
          capabilities: { tools: {} },
          serverInfo: { name: 'scripted', version: '1' },
        };
        return sendJson(response, 200, { jsonrpc: '2.0', id, result }, { 'Mcp-Session-Id': `session-${sessions}` });
      }
      const result = results[method]?.(params);
      const error = { code: -32601, message: 'Method not found' };
      return sendJson(response, 200, result ? { jsonrpc: '2.0', id, result } : { jsonrpc: '2.0', id, error });
    }
  }, options);
  return {
    ...listening,
    url: `${listening.origin}/mcp`,
    /** Every request by its JSON-RPC method, or by its HTTP method if there is none. */
    seen,
    count: (kind) => seen.filter((other) => other === kind).length,
  };
}
