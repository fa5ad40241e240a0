// Tools whose arguments are mirrored into headers. The official client omits these headers in pages, where CORS would have to allow each of them;
// strict servers refuse such calls. So the gateway looks the tool up and adds them.
// @ts-check

/** @import { Gateway } from 'gateway-module' */
/** @import { Rpc, RpcResult, Tool } from './types.js' */

const LONGEST = 60_000; // milliseconds; if a server refuses a call, the list is requested again
const MAX_PAGES = 20;
const MAX_LISTS = 1_000;
const MAX_CHARACTERS = 8 * 1024 * 1024; // of all lists together

/** @typedef {{ until: number, tools: Map<string, Tool>, size: number }} ToolList */
/** @typedef {{ tools?: Tool[], nextCursor?: string }} ToolPage the result of `tools/list` */
/** @typedef {(message: Rpc) => Promise<{ result?: RpcResult }>} Ask */

/** @type {Map<string, ToolList>} */
const lists = new Map(); // by server and user, the oldest first
let size = 0; // in characters

/**
 * The called tool, if it has mirrored arguments.
 * @param {object} options
 * @param {Gateway} options.gateway
 * @param {string} options.owner server and user: a list may be private
 * @param {Rpc} options.message the call
 * @param {boolean} options.refresh whether what is known is out of date
 * @param {Ask} options.ask sends a request and gives its result
 */
export async function annotatedTool({ gateway, owner, message, refresh, ask }) {
  let list = lists.get(owner);
  if (refresh || !list || list.until <= Date.now()) {
    list = await look(gateway, message, ask);
    drop(owner);
    lists.set(owner, list);
    size += list.size;
    for (const oldest of lists.keys()) {
      if (lists.size <= MAX_LISTS && size <= MAX_CHARACTERS) break;
      drop(oldest);
    }
  }
  return list.tools.get(message.params?.name ?? '');
}

/** @param {string} owner */
function drop(owner) {
  size -= lists.get(owner)?.size ?? 0;
  lists.delete(owner);
}

/** @param {Gateway} gateway @param {Rpc} message @param {Ask} ask @returns {Promise<ToolList>} */
async function look(gateway, { params }, ask) {
  /** @type {Map<string, Tool>} */
  const tools = new Map();
  /** @type {string | undefined} */
  let cursor;
  let until = Date.now() + LONGEST;
  let size = 0;
  for (let page = 0; page < MAX_PAGES; page += 1) {
    const { result } = /** @type {{ result?: ToolPage }} */ (
      await ask({
        jsonrpc: '2.0',
        id: `tools-${page}`,
        method: 'tools/list',
        params: { ...(cursor && { cursor }), _meta: params?._meta },
      })
    );
    // A failed request does not mean that there are no tools.
    if (!result) until = 0;
    for (const tool of result?.tools ?? []) {
      if (!gateway.isAnnotated(tool)) continue;
      tools.set(tool.name, tool);
      size += JSON.stringify(tool).length;
    }
    cursor = result?.nextCursor;
    if (!cursor) break;
  }
  return { tools, until, size };
}
