// The answers that the front gives by itself, and what all answers have in common.
import { Memo } from './memo.js';

/** What stands on every answer of the front's own. */
export const always = { 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' };

const ofJson = { ...always, 'content-type': 'application/json' };
const cors = new Memo(); // headers, by origin

/** The answer to a request that is refused: a JSON-RPC error, with the id of the request where that is known. */
export function refused({ status, code, message }, { headers, id = null, data } = {}) {
  return json({ jsonrpc: '2.0', error: data === undefined ? { code, message } : { code, message, data }, id }, { status, headers });
}

/** An answer in JSON. */
export function json(value, { status = 200, headers } = {}) {
  return new Response(JSON.stringify(value), { status, headers: headers ? { ...headers, ...ofJson } : ofJson });
}

/** An answer that says everything by its status. */
export function bodiless(status, headers) {
  return new Response(null, { status, headers: { ...always, ...headers } });
}

/** The id of a request; null for anything else. */
export function idOf(message) {
  const id = message?.id;
  return typeof id === 'string' || typeof id === 'number' ? id : null;
}

/** The same answer, with the CORS headers: without them a page cannot even see its status. */
export function forPage(answer, gateway, origin) {
  const known = cors.get(origin ?? '') ?? cors.set(origin ?? '', gateway.corsHeaders(origin));
  for (const [name, value] of known) answer.headers.append(name, value);
  return answer;
}
