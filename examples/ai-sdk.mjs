// Vercel's AI SDK: tools of an MCP server for `generateText`.

import { createMCPClient } from '@ai-sdk/mcp';
import { generateText, stepCountIs } from 'ai';
import { McpManager } from 'mcp-tether';
import { scriptedModel } from './ai-sdk-model.mjs';
import { config, pause } from './setting.mjs';

const manager = new McpManager(config);
const client = await createMCPClient({ transport: manager.transport('ada', 'notes') });
const tools = await client.tools();

const ask = async (message) => {
  const { text } = await generateText({
    model: scriptedModel({ tool: 'echo', input: { message } }), // in production: openai('gpt-5')
    tools,
    stopWhen: stepCountIs(2),
    prompt: `Say ${message}.`,
  });
  console.log(text);
};

await ask('before');
await pause();
await ask('after');

await client.close(); // the session stays for the next request
await manager.close();
