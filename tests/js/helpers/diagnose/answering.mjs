// Servers without sessions that say what a row wants.
import { initializeResult } from '../../servers/faults/healthy.mjs';
import { parseJson, readText, sendJson } from '../../servers/shared/messages.mjs';

/** A server without sessions, whose answer to every request is what `answer` makes of its message. */
export function answering(answer, headers = { 'Content-Type': 'application/json' }) {
  return async (request, response) => {
    const message = parseJson(await readText(request));
    if (request.method !== 'POST') return response.writeHead(405).end();
    if (message.id === undefined) return response.writeHead(202).end();
    const { id, method } = message;
    const unknown = { jsonrpc: '2.0', id, error: { code: -32601, message: 'Method not found' } };
    if (method === 'server/discover') return sendJson(response, 200, unknown);
    const results = { initialize: () => initializeResult({ message }), 'tools/list': () => ({ tools: [] }) };
    const result = results[method]?.() ?? {};
    return response.writeHead(200, headers).end(answer({ jsonrpc: '2.0', id, result }, method));
  };
}

export const text = (value) => JSON.stringify(value);
export const onInitialize = (change) => (message, method) =>
  method === 'initialize' ? change(message) : text(message);
