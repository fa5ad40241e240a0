// The answers that the front gives by itself.

/** The answer to a request that is refused: a JSON-RPC error, with the id of the request where that is known. */
export function refused({ status, code, message }, { headers, id = null, data } = {}) {
  return json({ jsonrpc: '2.0', error: data === undefined ? { code, message } : { code, message, data }, id }, { status, headers });
}

/** An answer in JSON. */
export function json(value, { status = 200, headers } = {}) {
  return new Response(JSON.stringify(value), { status, headers: { ...headers, 'content-type': 'application/json' } });
}

/** The id of a request; null for anything else. */
export function idOf(message) {
  const id = message?.id;
  return typeof id === 'string' || typeof id === 'number' ? id : null;
}
