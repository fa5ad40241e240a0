// Sessions that a server has issued, and that the manager has not made its own: the handshake was not finished.
// @ts-check

import { fetchWithin } from './redirects.js';

/** @import { Gateway } from 'gateway-module' */
/** @import { Identity } from './types.js' */

const PATIENCE = 5_000; // milliseconds

/**
 * Ends such a session. Returns whether the server has taken the DELETE.
 * @param {Gateway} gateway
 * @param {string} server
 * @param {Pick<Identity, 'id' | 'vars'>} identity
 * @param {string} session its id
 * @param {{ fetch: (url: string, init: RequestInit) => Promise<Response> }} [route] where the server was asked
 */
export async function endIssued(gateway, server, { id, vars }, session, route = { fetch: fetchWithin }) {
  const [url, configured] = gateway.upstream(server, id, vars);
  try {
    const headers = Object.fromEntries([...configured, ['mcp-session-id', session]]);
    const response = await route.fetch(url, { method: 'DELETE', headers, signal: AbortSignal.timeout(PATIENCE) });
    await response.body?.cancel();
    return isTaken(response);
  } catch {
    return false;
  }
}

/**
 * Whether a session has ended, by the response to its DELETE. A server that knows no such session, or no DELETE, has none to end.
 * @param {{ status: number }} response
 */
export function isTaken({ status }) {
  return status < 500 && status !== 429;
}
