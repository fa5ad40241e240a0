// A service worker that reads every response of an MCP server to its end before it passes it on.
self.addEventListener('install', () => self.skipWaiting());
self.addEventListener('activate', (event) => event.waitUntil(self.clients.claim()));
self.addEventListener('fetch', (event) => {
  if (new URL(event.request.url).pathname === '/mcp') event.respondWith(whole(event.request));
});

async function whole(request) {
  const response = await fetch(request);
  const { status, headers } = response;
  return new Response((await response.text()) || null, { status, headers });
}
