// OpenAI's Agents SDK: a session as an MCP server of an agent.

import { Agent, Runner } from '@openai/agents';
import { McpManager } from 'mcp-tether';
import { TetherMcpServer } from 'mcp-tether/openai-agents';
import { scriptedModel } from './openai-agents-model.mjs';
import { config, pause } from './setting.mjs';

const manager = new McpManager(config);
const notes = new TetherMcpServer(manager, 'ada', 'notes');
await notes.connect();
const runner = new Runner({ tracingDisabled: true });

const ask = async (message) => {
  const model = scriptedModel({ tool: 'echo', input: { message } }); // in production: the name of a model
  const agent = new Agent({ name: 'Assistant', model, mcpServers: [notes] });
  const { finalOutput } = await runner.run(agent, `Say ${message}.`);
  console.log(finalOutput);
};

await ask('before');
await pause();
await ask('after');

await notes.close(); // the session stays for the next run
await manager.close();
