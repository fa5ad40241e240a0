// The HTTP answers that the simulated server and its faults give.

export function json(status, value, headers) {
  return new Response(JSON.stringify(value), {
    status,
    headers: { 'Content-Type': 'application/json', 'Cache-Control': 'no-store', ...headers },
  });
}

/** A JSON-RPC error; `id` is null where the request could not be told. */
export function refusal(status, code, message, id = null, headers = {}) {
  return json(status, { jsonrpc: '2.0', id, error: { code, message } }, headers);
}

export const unknownSession = (id) => refusal(404, -32001, 'Session not found', id);
