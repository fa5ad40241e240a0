// Runs in the page of page.test.mjs.
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';

const answer = () => ({ action: 'accept', content: { name: 'Ada' } });
const open = {};
const logs = {};

const make = {
  async official(url, token, log) {
    const client = new Client({ name: 'page', version: '1' }, { capabilities: { elicitation: { form: {} } } });
    client.setRequestHandler('elicitation/create', answer);
    client.setNotificationHandler('notifications/message', log);
    const transport = new StreamableHTTPClientTransport(new URL(url), {
      requestInit: { headers: { Authorization: `Bearer ${token}` } },
    });
    await client.connect(transport);
    return {
      call: (params, options) => client.callTool(params, options),
      list: () => client.listTools(),
      session: () => transport.sessionId,
      end: () => transport.terminateSession().then(() => client.close()),
    };
  },
  async ours(url, token, log) {
    const { default: init, McpManager } = await import('/pkg/browser.js');
    await init();
    const manager = new McpManager(
      { mcpServers: { gateway: { url, headers: { Authorization: `Bearer ${token}` } } } },
      { log: () => {}, capabilities: { elicitation: { form: {} } } },
    );
    const session = await manager.connect('u', 'gateway');
    session.setRequestHandler('elicitation/create', answer);
    session.setNotificationHandler('notifications/message', log);
    return {
      call: (params, options) => session.callTool(params, options),
      list: () => session.listTools(),
      session: () => session.sessionId,
      end: () => manager.close({ terminate: true }),
    };
  },
};

const textOf = ({ content }) => content[0].text;

export async function begin(name, url, token) {
  logs[name] = [];
  const client = await make[name](url, token, ({ params }) => logs[name].push(params.data));
  open[name] = client;
  const steps = [];
  const { tools } = await client.list();
  const echo = textOf(await client.call({ name: 'echo', arguments: { text: 'from a page' } }));
  await client.call({ name: 'slow', arguments: { ms: 100 } }, { onprogress: ({ progress }) => steps.push(progress) });
  return { tools: tools.length > 3, echo, steps, asked: textOf(await client.call({ name: 'ask', arguments: {} })) };
}

export const again = async (name) => textOf(await open[name].call({ name: 'echo', arguments: { text: 'again' } }));

/** A call that may not run twice; its outcome is read later. */
export function unsafe(name) {
  open[name].unsafe = open[name].call({ name: 'slow', arguments: { ms: 60_000, key: 'once' } }).then(
    () => 'answered',
    (error) => error.message,
  );
}

export const outcome = (name) => open[name].unsafe;

/** Makes the server send a log message. */
export const notify = (name) => open[name].call({ name: 'notify', arguments: {} });

export const heard = (name) => logs[name];

export const session = (name) => [open[name].session()];
export const end = (name) => open[name].end();

export async function route(url, token) {
  const client = new Client(
    { name: 'page', version: '1' },
    { capabilities: {}, versionNegotiation: { mode: { pin: '2026-07-28' } } },
  );
  await client.connect(
    new StreamableHTTPClientTransport(new URL(url), { requestInit: { headers: { Authorization: `Bearer ${token}` } } }),
  );
  const { region, header } = JSON.parse(textOf(await client.callTool({ name: 'route', arguments: { region: 'eu' } })));
  await client.close();
  return { region, header };
}

export async function unknown(url, token) {
  const response = await fetch(url, {
    method: 'POST',
    headers: {
      Authorization: `Bearer ${token}`,
      'Content-Type': 'application/json',
      Accept: 'application/json, text/event-stream',
      'Mcp-Session-Id': 'x'.repeat(43),
    },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/list' }),
  });
  return { status: response.status, code: (await response.json()).error.code };
}

/** Calls a tool of a server behind OAuth; the user's login is in a window of its own. */
export async function callWithLogin(url, token) {
  const client = new Client({ name: 'page', version: '1' }, { capabilities: { elicitation: { url: {} } } });
  client.setRequestHandler('elicitation/create', ({ params }) => {
    window.open(params.url);
    return { action: 'accept' };
  });
  const requestInit = { headers: { Authorization: `Bearer ${token}` } };
  await client.connect(new StreamableHTTPClientTransport(new URL(url), { requestInit }));
  const results = [];
  for (const text of ['first', 'second'])
    results.push(textOf(await client.callTool({ name: 'echo', arguments: { text } })));
  await client.close();
  return results;
}
