// The client of an outage as a plain Worker: its manager lives for one request.
import init, { McpManager } from 'mcp-tether';
import { drive } from './drive.mjs';

export default {
  async fetch(request) {
    const { url, conductor } = await request.json();
    await init();
    try {
      return Response.json(await drive({ McpManager }, url, conductor));
    } catch (error) {
      return new Response(error.stack, { status: 500 });
    }
  },
};
