// The runner for workerd: a Worker that responds with the report. The server's URL is a binding.

import init, { McpError, McpManager, McpSession } from 'mcp-tether';
import { scenario } from './scenario.mjs';

export default {
  async fetch(_request, env) {
    try {
      return Response.json(
        await scenario({ init, McpManager, McpSession, McpError, runtime: navigator.userAgent }, env.SERVER_URL),
      );
    } catch (error) {
      return new Response(error.stack, { status: 500 });
    }
  },
};
