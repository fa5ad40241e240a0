// The ids of the server's requests as the client sees them: unique in the session, whatever instance of its object asks.
// @ts-check

/** @import { Rpc, RpcId } from './types.js' */

/**
 * A message of the server as it goes to the client.
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
 * The number under which the transport asked; undefined where an instance did that is gone.
 * @param {RpcId | null | undefined} id as the client saw it
 * @param {number | undefined} lives
 */
export function numberOf(id, lives) {
  const [asked, number] = String(id).split('.');
  return asked === String(lives) ? Number(number) : undefined;
}
