globalThis.ask = async (server) => {
  const reasons = ['WORKERS'];
  const opened = new Promise((resolve) => chrome.runtime.onConnect.addListener(resolve));
  await chrome.offscreen.createDocument({ url: 'offscreen.html', reasons, justification: 'keeps MCP sessions' });
  const page = await opened;
  return new Promise((resolve) => {
    page.onMessage.addListener(resolve);
    page.postMessage(server);
  });
};
