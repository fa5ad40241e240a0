// JSON-RPC messages as text. An id is the text of the value that its sender wrote.
// @ts-check
import { write } from './raw-json.js';

/** @import { RpcError } from './types.js' */

/** @param {string} id @param {unknown} result */
export function result(id, result) {
  return `{"jsonrpc":"2.0","id":${id},"result":${write(result) ?? '{}'}}`;
}

/** @param {string} id @param {RpcError} error */
export function error(id, error) {
  return `{"jsonrpc":"2.0","id":${id},"error":${write(error)}}`;
}

/** @param {string} method @param {unknown} [params] */
export function notification(method, params) {
  return write({ jsonrpc: '2.0', method, params }) ?? '';
}
