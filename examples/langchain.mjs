// LangChain: tools of an MCP server, through the official client.

import { loadMcpTools } from '@langchain/mcp-adapters';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { McpManager } from 'mcp-tether';
import { config, pause } from './setting.mjs';

const manager = new McpManager(config);
const client = new Client({ name: 'example', version: '1.0.0' });
await client.connect(manager.transport('ada', 'notes'));
const tools = await loadMcpTools('notes', client);
const echo = tools.find(({ name }) => name === 'echo');

console.log(await echo.invoke({ message: 'before' }));
await pause();
console.log(await echo.invoke({ message: 'after' }));

await manager.close();
