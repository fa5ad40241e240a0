// The application of every toolchain, unconfigured as in the README: one call of a tool.

import init, { McpManager } from 'mcp-tether';

export async function ask(url) {
  await init();
  const manager = new McpManager({ mcpServers: { notes: { url } } }, { env: {}, log: () => {} });
  const session = await manager.connect('ada', 'notes');
  const { content } = await session.callTool({ name: 'echo', arguments: { text: 'grüße' } });
  await manager.close({ terminate: true });
  return content[0].text;
}
