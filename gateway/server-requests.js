// The ids of the server's requests for the client: unique in the session across instances of its object.
// @ts-check

/** @import { Rpc, RpcId } from './types.js' */

/**
 * A message of the server, as sent to the client.
 * @param {Rpc} message
 * @param {number | undefined} lives how many instances of the object have served the session
 * @returns {Rpc}
 */
export function toClient(message, lives) {
  const { id, method, params } = message;
  if (id !== undefined) return { ...message, id: `${lives}.${id}` };
  if (method !== 'notifications/cancelled') return message;
  return { ...message, params: { ...params, requestId: `${lives}.${params?.requestId}` } };
}

/**
 * The transport's id of a request; undefined if a replaced instance sent it.
 * @param {RpcId | null | undefined} id as the client saw it
 * @param {number | undefined} lives
 */
export function numberOf(id, lives) {
  const [asked, number] = String(id).split('.');
  return asked === String(lives) ? Number(number) : undefined;
}
