// What a session answers while its server admits nothing before a login. Clients give up when `initialize` fails, and not all of them show its error, so
// the gateway opens the session by itself: the first request that needs the server asks for the login.
// @ts-check

import { RawJson } from '../raw-json.js';

/** @import { Pending } from '../pending.js' */
/** @import { RpcError, RpcResult } from '../types.js' */
/** @import { Invitation } from './pending-login.js' */

/** @typedef {{ error: RpcError, login?: Invitation }} Unopened why there is no session with the server, and the login that would lead to one */

/** The lists of a server, as they are without what the server cannot say yet. @type {Record<string, (server: string) => RpcResult>} */
const lists = {
  'tools/list': (server) => ({ tools: [toolOf(server)] }),
  'prompts/list': () => ({ prompts: [] }),
  'resources/list': () => ({ resources: [] }),
  'resources/templates/list': () => ({ resourceTemplates: [] }),
};

const ANNOUNCED = ['tools', 'prompts', 'resources'];

/**
 * The result of `initialize`. Which capabilities the server has is not known: it is asked for all lists, and those that it does not have are empty.
 * @param {{ server: string, version: string, login: Invitation, speaksUrl: boolean }} about
 * @returns {RpcResult}
 */
export function greeting({ server, version, login, speaksUrl }) {
  const way = speaksUrl ? 'it is asked for by the first request' : linkOf(login);
  return {
    protocolVersion: version,
    capabilities: Object.fromEntries(ANNOUNCED.map((name) => [name, { listChanged: true }])),
    serverInfo: { name: server, version: '0' },
    instructions: `${server} needs your login at ${login.host} before it shows what it has: ${way}`,
  };
}

/**
 * The list of a server without the capability, for clients to which the gateway announced it.
 * @param {string} method
 * @param {Record<string, unknown>} capabilities
 * @returns {RpcResult | undefined}
 */
export function listWithout(method, capabilities) {
  const [name] = method.split('/');
  if (!Object.hasOwn(lists, method) || capabilities[name] !== undefined) return undefined;
  return name === 'tools' ? { tools: [] } : lists[method]('');
}

export class BeforeLogin {
  #wasListed = false; // whether the client has our tool, which the server does not know

  /** Answers a request that cannot reach the server: @param {Pending} request @param {string} server @param {Unopened} unopened */
  answer(request, server, { error, login }) {
    const { method } = request;
    if (!login) return request.fail(error);
    if (method === 'ping') return request.settle(undefined, {});
    if (isCallOf(request, toolOf(server).name)) return request.settle(undefined, textResult(linkOf(login)));
    if (!Object.hasOwn(lists, method)) return request.fail(error);
    this.#wasListed = true;
    return request.settle(undefined, lists[method](server));
  }

  /** Whether it is a call of our tool after the login, which is answered: @param {Pending} request @param {string} server */
  takes(request, server) {
    if (!this.#wasListed || !isCallOf(request, toolOf(server).name)) return false;
    request.settle(undefined, textResult(`You are logged in to ${server}. List its tools again.`));
    return true;
  }

  /** The server is open now: @param {(method: string) => void} notify */
  isOver(notify) {
    for (const name of ANNOUNCED) notify(`notifications/${name}/list_changed`);
  }
}

/** @param {string} server */
function toolOf(server) {
  return {
    name: `log_in_to_${server.replace(/[^\w-]/g, '_')}`.slice(0, 64),
    title: `Log in to ${server}`,
    description: `${server} needs the user's login before it shows its tools. Gives the link that the user has to open; afterwards, list the tools again.`,
    inputSchema: { type: 'object', properties: {} },
    annotations: { readOnlyHint: true, destructiveHint: false, openWorldHint: false },
  };
}

/** @param {Invitation} login */
function linkOf({ url }) {
  return `Open ${url} in a browser and log in, then list the tools again. The link works once, for ten minutes.`;
}

/** @param {Pending} request @param {string} tool */
function isCallOf({ method, params }, tool) {
  return method === 'tools/call' && params instanceof RawJson && params.get('name') === tool;
}

/** @param {string} text @returns {RpcResult} */
function textResult(text) {
  return { content: [{ type: 'text', text }] };
}
