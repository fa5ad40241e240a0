// One client's calls before, at the beginning of and during an outage. It runs in Node, in a page and in a Worker.
import { crowd, nameOf } from '../../bench/compare/crowd.mjs';

/** How many calls of each kind are made during the outage, and how many are in flight when it begins. */
export const each = 20;
export const underWay = 2;

/**
 * @param {{ McpManager: Function }} mcp
 * @param {string} url of the server
 * @param {string} conductor a URL that starts the outage on a POST, and then answers
 * @returns {Promise<object>} `result`, or the error's code, for every call
 */
export async function drive({ McpManager }, url, conductor) {
  const manager = new McpManager({ mcpServers: { it: { url } } }, { env: {}, log: () => {} });
  try {
    const session = await manager.connect('ann', 'it');
    // From here on the manager knows which tool is read-only.
    await session.listTools();
    const call = (name, args) => session.callTool({ name, arguments: args });
    const begin = (name) =>
      Array.from({ length: underWay }, (_, index) =>
        call(name, { key: `held ${name} ${index}` }).then(() => 'result', nameOf),
      );
    const held = { unsafe: begin('unsafe'), read: begin('safe') };
    await (await fetch(conductor, { method: 'POST' })).text();
    // An unsafe call in flight ends when the client notices the outage: on a slow machine that may take longer than
    // half a second.
    const during = await crowd(
      { list: () => session.listPrompts(), call },
      { each, noticed: Promise.all(held.unsafe) },
    );
    const before = { unsafe: await Promise.all(held.unsafe), read: await Promise.all(held.read) };
    const afterwards = await call('unsafe', { key: 'afterwards' }).then(() => 'result', nameOf);
    return { during, before, afterwards, generation: session.generation, state: session.state };
  } finally {
    await manager.close();
  }
}
