import { expect, test } from '@jest/globals';
import { McpManager } from 'mcp-tether';

test('asks', async () => {
  const url = String(process.env.SERVER);
  const manager = new McpManager({ mcpServers: { notes: { url } } }, { env: {}, log: false });
  const session = await manager.connect('ada', 'notes');
  const { content } = await session.callTool({ name: 'echo', arguments: { text: 'grüße' } });
  expect(content[0]).toEqual({ type: 'text', text: 'grüße' });
  await manager.close({ terminate: true });
});
