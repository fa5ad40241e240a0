// Shared by the examples: the server's URL, and a pause for restarting the server.

import { createInterface } from 'node:readline';

/** Any MCP server with a tool `echo`, by default the reference server that README.md starts; `MCP_URL` names another one. */
export const config = {
  mcpServers: { notes: { url: process.env.MCP_URL ?? 'http://127.0.0.1:3000/mcp' } },
};

/** Waits for Enter. */
export async function pause() {
  const lines = createInterface({ input: process.stdin });
  console.log('Restart the server now, then press Enter.');
  await new Promise((resolve) => lines.once('line', resolve));
  lines.close();
  process.stdin.unref?.();
}
