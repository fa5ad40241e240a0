import init, { McpManager } from 'mcp-tether';

test('asks', async () => {
  await init();
  const manager = new McpManager({ mcpServers: { notes: { url: process.env.SERVER } } }, { env: {}, log: () => {} });
  const session = await manager.connect('ada', 'notes');
  const { content } = await session.callTool({ name: 'echo', arguments: { text: 'grüße' } });
  expect(content[0].text).toBe('grüße');
  await manager.close({ terminate: true });
});
