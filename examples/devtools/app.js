// Devtools in plain HTML, under a strict Content-Security-Policy. They are loaded when the address has #devtools, and never by other visitors.

import init, { McpManager } from 'mcp-tether';

await init();
const url = new URLSearchParams(location.search).get('mcp') ?? 'http://127.0.0.1:3000/mcp';
const manager = new McpManager({ mcpServers: { notes: { url } } });

if (location.hash === '#devtools') {
  const { mountDevtools } = await import('mcp-tether/devtools');
  mountDevtools(manager, { open: true });
}

const session = await manager.connect('ada', 'notes');
const button = document.getElementById('call');
button.disabled = false;
button.addEventListener('click', async () => {
  const { content } = await session.callTool({ name: 'echo', arguments: { message: 'hello' } });
  document.getElementById('answer').textContent = content[0].text;
});
