// Whether a server is out of reach, by the outcome of one request.
// @ts-check

/** @import { Gateway } from 'gateway-module' */

/** @typedef {{ status: number, headers: Pick<Headers, 'get'>, whole?: string }} Seen */

/**
 * Whether a response is one of a proxy that cannot reach its server: 502 to 504, 520 to 527, or a page in place of an answer. A JSON-RPC message was written
 * by the server, whatever its status.
 * @param {Gateway} gateway
 * @param {Seen} response
 * @param {boolean} [isOfRequest] to a JSON-RPC request: frameworks answer anything else with pages, too
 */
export function isOfProxy(gateway, { status, headers, whole }, isOfRequest = true) {
  const type = headers.get('content-type') ?? '';
  if (status === 200) return isOfRequest && /^text\/html/i.test(type);
  if (!gateway.isOutOfReach('http_error', status)) return false;
  if (/^text\/event-stream/i.test(type)) return false;
  return !/^application\/json/i.test(type) || (whole !== undefined && !whole.includes('"jsonrpc"'));
}

/** Whether a server that is overloaded says when it is to be asked again: @param {Seen} response */
export function isPause({ status, headers }) {
  return status === 503 && headers.get('retry-after') !== null;
}
