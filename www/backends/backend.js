// Where the page's MCP servers are and who can break them. A backend is plain data:
//
//   kind        'demo', 'simulated' or 'own'
//   about       one sentence for the visitor: what is real here
//   servers     [{ name, url, headers?, sessionConfig? }], the first being the one to begin with
//   controlUrl  (serverName) → where that server is told to misbehave; undefined where nobody can be told
// @ts-check

/** @import { Backend, BackendServer } from '../types.js' */

export const briefName = 'brief';
export const briefTimeout = 4_000;

/**
 * The first server once more, under a name of its own and with an idle limit that can be waited for.
 * @param {BackendServer[]} servers
 * @returns {Backend['servers']}
 */
export function withBrief(servers) {
  const [first, ...others] = servers;
  if (!first) throw new Error('there is no server');
  return [first, ...others, { ...first, name: briefName, sessionConfig: { timeout: briefTimeout } }];
}

/**
 * Tells a control side to do something.
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
  if (!response.ok) throw new Error(`The demo's control answered ${response.status} to ${what}.`);
  return response.json();
}
