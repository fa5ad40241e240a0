// The page's MCP servers and how to cause faults in them. A backend is plain data:
//
//   kind        'demo', 'simulated' or 'own'
//   about       one sentence for the visitor: which parts are real
//   servers     [{ name, url, headers?, sessionConfig? }], the first is the default
//   controlUrl  (serverName) → the URL that controls the server's faults; undefined if it cannot be controlled
// @ts-check

/** @import { Backend, BackendServer } from '../types.js' */

export const briefName = 'brief';
export const briefTimeout = 4_000;

/**
 * The first server under another name, with a short idle timeout.
 * @param {BackendServer[]} servers
 * @returns {Backend['servers']}
 */
export function withBrief(servers) {
  const [first, ...others] = servers;
  if (!first) throw new Error('the backend has no server');
  return [first, ...others, { ...first, name: briefName, sessionConfig: { timeout: briefTimeout } }];
}

/**
 * Sends a command to the fault control.
 * @param {string} url
 * @param {string} what
 * @param {object} [body]
 */
export async function askControl(url, what, body = {}) {
  const response = await fetch(`${url}/${what}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  if (!response.ok) throw new Error(`The fault control of the demo answered ${response.status} to ${what}.`);
  return response.json();
}
