// The fault table's driver as a Worker: the request is a row, the response is the report.
import init, { McpError, McpManager } from 'mcp-tether';
import { drive } from './drive.mjs';

export default {
  async fetch(request) {
    const { row, origin } = await request.json();
    await init();
    return Response.json(await drive({ McpManager, McpError }, row, origin));
  },
};
