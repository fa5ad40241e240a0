// Compiled, never run: a `fetch` of the program's own where the program knows of none.

import { McpManager } from 'mcp-tether';

new McpManager(
  { mcpServers: {} },
  {
    fetch: async (url, init) => ({
      status: `${url}`.length + Object.keys(init?.headers ?? {}).length,
      headers: { get: () => null },
      body: null,
    }),
  },
);
