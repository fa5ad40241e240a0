import init, { McpManager, type McpSession } from 'mcp-tether';

await init();
const manager = new McpManager({ mcpServers: { notes: { url: String(process.argv[2]) } } }, { env: {}, log: false });
const session: McpSession = await manager.connect('ada', 'notes');
const { content } = await session.callTool({ name: 'echo', arguments: { text: 'grüße' } });
await manager.close({ terminate: true });
for (const block of content) if (block.type === 'text') console.log(block.text);
