import { McpManager } from 'mcp-tether';

async function main(url: string) {
  const manager = new McpManager({ mcpServers: { notes: { url } } }, { env: {}, log: false });
  const session = await manager.connect('ada', 'notes');
  const { content } = await session.callTool({ name: 'echo', arguments: { text: 'grüße' } });
  await manager.close({ terminate: true });
  for (const block of content) if (block.type === 'text') console.log(block.text);
}

main(String(process.argv[2])).catch(console.error);
