const { default: init, McpManager } = require('mcp-tether');

async function main(url) {
  await init();
  const manager = new McpManager({ mcpServers: { notes: { url } } }, { env: {}, log: () => {} });
  const session = await manager.connect('ada', 'notes');
  const { content } = await session.callTool({ name: 'echo', arguments: { text: 'grüße' } });
  await manager.close({ terminate: true });
  return content[0].text;
}

main(process.argv[2]).then(console.log, console.error);
