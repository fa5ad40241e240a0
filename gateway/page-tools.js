// Tools whose arguments are mirrored into headers. The official client omits these headers in pages, where CORS would have to allow each of them;
// strict servers refuse such calls. So the gateway looks the tool up and adds them.
// @ts-check

/** @import { Gateway } from 'gateway-module' */
/** @import { Rpc, RpcResult, Tool } from './types.js' */

const LONGEST = 60_000; // milliseconds; if a server refuses a call, the list is requested again
const MAX_PAGES = 20;
const MAX_LISTS = 1_000;

/** @typedef {{ until: number, tools: Map<string, Tool> }} ToolList */
/** @typedef {{ tools?: Tool[], nextCursor?: string }} ToolPage the result of `tools/list` */
/** @typedef {(message: Rpc) => Promise<{ result?: RpcResult }>} Ask */

/** @type {Map<string, ToolList>} */
const lists = new Map(); // by server and user: { until, tools }

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
    lists.delete(owner);
    lists.set(owner, list);
    const [oldest] = lists.keys();
    if (oldest !== undefined && lists.size > MAX_LISTS) lists.delete(oldest);
  }
  return list.tools.get(message.params?.name ?? '');
}

/** @param {Gateway} gateway @param {Rpc} message @param {Ask} ask @returns {Promise<ToolList>} */
async function look(gateway, { params }, ask) {
  /** @type {Map<string, Tool>} */
  const tools = new Map();
  /** @type {string | undefined} */
  let cursor;
  let until = Date.now() + LONGEST;
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
    for (const tool of result?.tools ?? []) if (gateway.isAnnotated(tool)) tools.set(tool.name, tool);
    cursor = result?.nextCursor;
    if (!cursor) break;
  }
  return { tools, until };
}
