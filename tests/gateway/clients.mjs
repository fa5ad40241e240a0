// The clients that the gateway is tested with: the official SDK's, v1 and v2, and our own, behind one interface.

import { Client as Client2, StreamableHTTPClientTransport as Http2 } from '@modelcontextprotocol/client';
import { Client as Client1 } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport as Http1 } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { ElicitRequestSchema, LoggingMessageNotificationSchema } from '@modelcontextprotocol/sdk/types.js';

const packageEntry = process.env.MCP_TETHER_PACKAGE ?? new URL('../../pkg/node.js', import.meta.url).href;

/**
 * Each: `(url, { token, onElicit, onLog }) => client`, connected, with `list`, `call`, `session`, `close` and `end`.
 */
export const clients = {
  'the official client v1': official(Client1, Http1, {
    call: (client, params, options) => client.callTool(params, undefined, options),
    onElicit: (client, handler) => client.setRequestHandler(ElicitRequestSchema, handler),
    onLog: (client, handler) => client.setNotificationHandler(LoggingMessageNotificationSchema, handler),
  }),
  'the official client v2': official(Client2, Http2, {
    call: (client, params, options) => client.callTool(params, options),
    onElicit: (client, handler) => client.setRequestHandler('elicitation/create', handler),
    onLog: (client, handler) => client.setNotificationHandler('notifications/message', handler),
  }),
  'our own client': ours,
};

export const textOf = ({ content }) => content[0].text;

function official(Client, Http, { call, onElicit, onLog }) {
  return async (
    url,
    {
      token = 'token-of-ada',
      elicitation = { form: {} },
      elicit = () => ({ action: 'accept', content: { name: 'Ada' } }),
      log = () => {},
    } = {},
  ) => {
    const client = new Client({ name: 'official', version: '7.8.9' }, { capabilities: { elicitation } });
    const transport = new Http(new URL(url), { requestInit: { headers: { Authorization: `Bearer ${token}` } } });
    onElicit(client, elicit);
    onLog(client, log);
    await client.connect(transport);
    return {
      session: () => transport.sessionId,
      list: () => client.listTools(),
      call: (name, args, options) => call(client, { name, arguments: args }, options),
      close: () => client.close(),
      async end() {
        await transport.terminateSession();
        await client.close();
      },
    };
  };
}

async function ours(
  url,
  {
    token = 'token-of-ada',
    elicitation = { form: {} },
    elicit = () => ({ action: 'accept', content: { name: 'Ada' } }),
    log = () => {},
  } = {},
) {
  const { McpManager } = await import(packageEntry);
  const config = {
    mcpServers: { gateway: { url, headers: { Authorization: `Bearer ${token}` }, sessionConfig: { retryDelay: 100 } } },
  };
  const manager = new McpManager(config, { env: {}, log: () => {}, capabilities: { elicitation } });
  const session = await manager.connect('u', 'gateway');
  session.setRequestHandler('elicitation/create', elicit);
  session.setNotificationHandler('notifications/message', log);
  return {
    session: () => session.sessionId,
    list: () => session.listTools(),
    call: (name, args, options) => session.callTool({ name, arguments: args }, options),
    close: () => manager.close(),
    end: () => manager.close({ terminate: true }),
  };
}
