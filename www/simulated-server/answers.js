// HTTP responses of the simulated server and its faults.
// @ts-check

/** @param {number} status @param {unknown} value @param {Record<string, string>} [headers] */
export function json(status, value, headers) {
  return new Response(JSON.stringify(value), {
    status,
    headers: { 'Content-Type': 'application/json', 'Cache-Control': 'no-store', ...headers },
  });
}

/** @typedef {string | number | null} Id */

/**
 * A JSON-RPC error; `id` is null if the request could not be parsed.
 * @param {number} status
 * @param {number} code
 * @param {string} message
 * @param {Id} [id]
 * @param {Record<string, string>} [headers]
 */
export function refusal(status, code, message, id = null, headers = {}) {
  return json(status, { jsonrpc: '2.0', id, error: { code, message } }, headers);
}

/** @param {Id} [id] */
export const unknownSession = (id) => refusal(404, -32001, 'Session not found', id);
