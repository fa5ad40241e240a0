// Answers before they are a Response: `{ status, headers, body }`, plain, for an object hands them to the entry. A text is JSON unless its headers say
// otherwise.
import { Memo } from './memo.js';

/** What stands on every answer. */
export const always = { 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' };
const usual = new Memo(); // Headers, by what they depend on

/** The answer to a request that is refused: a JSON-RPC error, with the id of the request where that is known. */
export function refused({ status, code, message }, { headers, id = null, data } = {}) {
  return json(
    { jsonrpc: '2.0', error: data === undefined ? { code, message } : { code, message, data }, id },
    { status, headers },
  );
}

/** An answer in JSON. */
export function json(value, { status = 200, headers } = {}) {
  return { status, headers, body: JSON.stringify(value) };
}

/** An answer that says everything by its status. */
export function bodiless(status, headers) {
  return { status, headers, body: null };
}

/** The id of a request; null for anything else. */
export function idOf(message) {
  const id = message?.id;
  return typeof id === 'string' || typeof id === 'number' ? id : null;
}

/** The Response that an answer is to a page of this origin, or to who is no page. Without the CORS headers a page cannot even see its status. */
export function responseTo(origin, { status, headers, body }, gateway) {
  const response = new Response(body, { status, headers: usualHeaders(gateway, origin, typeof body === 'string') });
  for (const name in headers) if (headers[name] !== undefined) response.headers.set(name, headers[name]);
  return response;
}

function usualHeaders(gateway, origin, isText) {
  const key = JSON.stringify([isText, origin]);
  return (
    usual.get(key) ??
    usual.set(
      key,
      new Headers([
        ...Object.entries(isText ? { ...always, 'content-type': 'application/json' } : always),
        ...gateway.corsHeaders(origin),
      ]),
    )
  );
}
