// Reading request bodies and writing JSON answers with Node's own HTTP server.

/**
 * The whole body of a request as text.
 * @param {AsyncIterable<Buffer>} request
 * @returns {Promise<string>}
 */
export async function readText(request) {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}

/**
 * The body as JSON, or undefined when it is empty or not JSON.
 * @param {string} text
 */
export function parseJson(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/**
 * Sends a JSON answer.
 * @param {import('node:http').ServerResponse} response
 * @param {number} status
 * @param {unknown} value
 * @param {Record<string, string>} [headers]
 */
export function sendJson(response, status, value, headers = {}) {
  response.writeHead(status, { 'Content-Type': 'application/json', ...headers });
  response.end(JSON.stringify(value));
}

/**
 * A JSON-RPC error message.
 * @param {number} code
 * @param {string} message
 * @param {string | number | null} [id]
 */
export function rpcError(code, message, id = null) {
  return { jsonrpc: '2.0', error: { code, message }, id };
}
