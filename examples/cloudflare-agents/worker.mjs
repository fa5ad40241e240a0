// Cloudflare's Agents SDK: an agent (a Durable Object) with a session that survives hibernation of the agent and restarts of the server.

import { Agent, getAgentByName } from 'agents';
import { McpManager } from 'mcp-tether';
import { durableObjectStorage } from 'mcp-tether/storage';

export class Notes extends Agent {
  // One manager per instance of the object. The next instance continues the stored session.
  #manager;

  get manager() {
    this.#manager ??= new McpManager(
      { mcpServers: { notes: { url: this.env.MCP_URL } } },
      { storage: durableObjectStorage(this.ctx.storage) },
    );
    return this.#manager;
  }

  async onRequest(request) {
    const session = await this.manager.connect(this.name, 'notes');
    const message = new URL(request.url).searchParams.get('say') ?? 'hello';
    const { content } = await session.callTool({ name: 'echo', arguments: { message } });
    return Response.json({ said: content[0].text, generation: session.generation });
  }
}

export default {
  async fetch(request, env) {
    const agent = await getAgentByName(env.Notes, 'ada');
    return agent.fetch(request);
  },
};
