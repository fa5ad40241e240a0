// The page's MCP servers and how to cause faults in them. A backend is plain data:
//
//   kind        'demo', 'simulated' or 'own'
//   about       one sentence for the visitor: which parts are real
//   servers     [{ name, url, headers?, sessionConfig? }], the first is the default
//   controlUrl  (serverName) → the URL that controls the server's faults; undefined if it cannot be controlled
//   page        the name by which servers that other windows use, too, tell this page's requests from theirs
// @ts-check

/** @import { Backend, BackendServer, ServerCounts } from '../types.js' */

export const briefName = 'brief';
export const briefTimeout = 4_000;
const controlMs = 30_000;

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
 * The fault control of one page: a fault meets its own clients, and the counts are theirs.
 * @param {string} url
 * @param {string} [page]
 */
export function controlOf(url, page) {
  const named = (/** @type {string} */ client) => (page === undefined ? client : `${client}.${page}`);
  return {
    /** @param {string} what @param {{ client?: string }} [body] */
    ask: (what, { client, ...body } = {}) =>
      askControl(url, what, client === undefined ? body : { ...body, client: named(client) }),
    /** @returns {Promise<ServerCounts>} */
    async counts() {
      const counts = await askControl(url, 'counts');
      const own = ['mcp-tether', 'official'].map((client) => [client, counts.clients[named(client)]]);
      return { ...counts, clients: Object.fromEntries(own) };
    },
  };
}

/**
 * Sends a command to the fault control.
 * @param {string} url
 * @param {string} what
 * @param {object} [body]
 */
async function askControl(url, what, body = {}) {
  const response = await fetch(`${url}/${what}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(controlMs),
  });
  if (!response.ok) throw new Error(`The fault control of the demo answered ${response.status} to ${what}.`);
  return response.json();
}
