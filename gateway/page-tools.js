// The tools whose arguments are mirrored into headers. The official client leaves these headers out in pages, where CORS would
// have to allow each of them; strict servers refuse such calls. So the front looks the tool up and adds them.
// @ts-check

/** @import { Gateway } from 'gateway-module' */
/** @import { Rpc, RpcResult, Tool } from './types.js' */

const LONGEST = 60_000; // milliseconds; a list that has changed is looked up again when a server refuses a call
const MAX_PAGES = 20;
const MAX_LISTS = 1_000;

/** @typedef {{ until: number, tools: Map<string, Tool> }} ToolList */
/** @typedef {{ tools?: Tool[], nextCursor?: string }} ToolPage the result of `tools/list` */
/** @typedef {(message: Rpc) => Promise<{ result?: RpcResult }>} Ask */

/** @type {Map<string, ToolList>} */
const lists = new Map(); // by server and user: { until, tools }

/**
 * The tool that a call calls, if it wants arguments mirrored.
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
    // A list that a server out of reach did not give is no list without tools.
    if (!result) until = 0;
    for (const tool of result?.tools ?? []) if (gateway.isAnnotated(tool)) tools.set(tool.name, tool);
    cursor = result?.nextCursor;
    if (!cursor) break;
  }
  return { tools, until };
}
