// The three tools that every server here has. `slow` and `count` write to the journal, and must not run twice.
import { setTimeout as wait } from 'node:timers/promises';
import { z } from 'zod';
import { note } from '../journal.mjs';

export const port = Number(process.argv[2]);
/** Whether the server keeps sessions. */
export const isStateful = process.argv[3] === 'stateful';

export const tools = {
  echo: { shape: { text: z.string() }, annotations: { readOnlyHint: true }, run: async ({ text }) => text },
  slow: {
    shape: { ms: z.number(), key: z.string() },
    async run({ ms, key }) {
      note({ did: 'call', tool: 'slow', key });
      await wait(ms);
      return 'done';
    },
  },
  count: {
    shape: { key: z.string() },
    async run({ key }) {
      note({ did: 'call', tool: 'count', key });
      return key;
    },
  },
};

/** The result of a tool as MCP has it. */
export const resultOf = async (tool, given) => ({ content: [{ type: 'text', text: await tool.run(given) }] });

/** Registers the tools at a server of the official SDK, v1 or v2. */
export function register(server) {
  for (const [name, tool] of Object.entries(tools)) {
    const { annotations } = tool;
    const about = { description: name, inputSchema: z.object(tool.shape), ...(annotations && { annotations }) };
    server.registerTool(name, about, (given) => resultOf(tool, given));
  }
}
