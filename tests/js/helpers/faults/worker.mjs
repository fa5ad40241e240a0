// The fault table's driver as a Worker: a row comes in, the report goes out.
import init, { McpError, McpManager } from 'mcp-tether';
import { drive } from './drive.mjs';

export default {
  async fetch(request) {
    const { row, origin } = await request.json();
    await init();
    return Response.json(await drive({ McpManager, McpError }, row, origin));
  },
};
