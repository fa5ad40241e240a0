// The official clients, v1 and v2, on one session.

import { Client as ClientV2 } from '@modelcontextprotocol/client';
import { Client as ClientV1 } from '@modelcontextprotocol/sdk/client/index.js';
import { McpManager } from 'mcp-tether';
import { config, pause } from './setting.mjs';

const manager = new McpManager(config);
const clients = [ClientV1, ClientV2].map((Client) => new Client({ name: 'example', version: '1.0.0' }));
for (const client of clients) await client.connect(manager.transport('ada', 'notes'));

const echo = async (message) => {
  for (const client of clients) {
    const { content } = await client.callTool({ name: 'echo', arguments: { message } });
    console.log(content[0].text);
  }
};

await echo('before');
await pause();
await echo('after');

await manager.close();
