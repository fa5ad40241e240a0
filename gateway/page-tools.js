// The tools whose arguments are mirrored into headers. The official client leaves these headers out in pages, where CORS would
// have to allow each of them; strict servers refuse such calls. So the front looks the tool up and adds them.

const LONGEST = 60_000; // milliseconds; a list that has changed is looked up again when a server refuses a call
const MAX_PAGES = 20;
const MAX_LISTS = 1_000;

const lists = new Map(); // by server and user: { until, tools }

/**
 * The tool that a call calls, if it wants arguments mirrored.
 * @param {object} options
 * @param {string} options.owner server and user: a list may be private
 * @param {object} options.message the call
 * @param {boolean} options.anew whether what is known is out of date
 * @param {(message: object) => Promise<{ result?: object }>} options.ask sends a request and gives its result
 */
export async function annotatedTool({ gateway, owner, message, anew, ask }) {
  let list = lists.get(owner);
  if (anew || !list || list.until <= Date.now()) {
    list = await look(gateway, message, ask);
    lists.delete(owner);
    lists.set(owner, list);
    if (lists.size > MAX_LISTS) lists.delete(lists.keys().next().value);
  }
  return list.tools.get(message.params.name);
}

async function look(gateway, { params: { _meta } }, ask) {
  const tools = new Map();
  let cursor;
  let until = Date.now() + LONGEST;
  for (let page = 0; page < MAX_PAGES; page += 1) {
    const { result } = await ask({
      jsonrpc: '2.0',
      id: `tools-${page}`,
      method: 'tools/list',
      params: { ...(cursor && { cursor }), _meta },
    });
    // A list that a server out of reach did not give is no list without tools.
    if (!result) until = 0;
    for (const tool of result?.tools ?? []) if (gateway.isAnnotated(tool)) tools.set(tool.name, tool);
    cursor = result?.nextCursor;
    if (!cursor) break;
  }
  return { tools, until };
}
