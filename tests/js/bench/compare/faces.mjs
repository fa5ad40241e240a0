// Three clients with one interface, each with its defaults. It imports no package, so that a page can load it too.

const info = { name: 'compare', version: '1.0.0' };

/**
 * A function that opens a session with an official client, v1 or v2.
 * @param {{ Client: Function, StreamableHTTPClientTransport: Function, CallToolResultSchema?: object }} sdk only v1 needs the schema
 */
export const officialClient =
  ({ Client, StreamableHTTPClientTransport, CallToolResultSchema }) =>
  async (url, { timeout = 60_000, headers, fetch, onnotification } = {}) => {
    const client = new Client(info);
    const transport = new StreamableHTTPClientTransport(new URL(url), {
      ...(headers && { requestInit: { headers } }),
      ...(fetch && { fetch }),
    });
    client.onerror = () => {};
    client.fallbackNotificationHandler = async (notification) => onnotification?.(notification);
    await client.connect(transport);
    const options = { timeout };
    return {
      call: (name, args = {}) => {
        const params = { name, arguments: args };
        return CallToolResultSchema
          ? client.callTool(params, CallToolResultSchema, options)
          : client.callTool(params, options);
      },
      list: () => client.listPrompts({}, options),
      tools: () => client.listTools({}, options),
      terminate: () => transport.terminateSession(),
      close: () => client.close(),
      sessionId: () => transport.sessionId,
    };
  };

/** A function that opens a session of our client. Sessions of several users are those of one manager, as in an application. */
export const ownClient = ({ McpManager }) => {
  let ofUsers;
  return async (url, { timeout = 60_000, headers, fetch, onnotification, sessionConfig, user } = {}) => {
    const newManager = () =>
      new McpManager(
        { mcpServers: { it: { url, timeout, headers, sessionConfig } } },
        { env: {}, log: () => {}, fetch },
      );
    if (user !== undefined) ofUsers ??= newManager();
    const manager = ofUsers ?? newManager();
    const session = await manager.connect(user ?? 'user', 'it').catch(async (error) => {
      await manager.close();
      throw error;
    });
    session.onnotification = onnotification;
    return {
      call: (name, args = {}) => session.callTool({ name, arguments: args }),
      list: () => session.listPrompts(),
      tools: () => session.listTools(),
      terminate: () => session.terminate(),
      close: () => manager.close(),
      sessionId: () => session.sessionId,
    };
  };
};
