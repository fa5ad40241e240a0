// The main operations of a session over HTTP+SSE, in Node or in a page.

/**
 * @param {{ McpManager: Function }} mcp
 * @param {object} config of the server
 */
export async function mainPath({ McpManager }, config) {
  const manager = new McpManager({ mcpServers: { s: config } }, { log: () => {} });
  try {
    const session = await manager.connect('grace', 's', { capabilities: { elicitation: {} } });
    const [kind, sessionId, version] = [session.kind, typeof session.sessionId, session.protocolVersion];
    session.setRequestHandler('elicitation/create', () => ({ action: 'accept', content: { name: 'grace' } }));
    const heard = [];
    session.setNotificationHandler('notifications/message', ({ params }) => heard.push(params.data));
    const { tools } = await session.listTools();
    const call = (name, given = {}, options) => session.callTool({ name, arguments: given }, options);
    const echo = await call(tools.find(({ name }) => name === 'echo').name, { text: 'hello' });
    const steps = [];
    await call('slow', { ms: 60 }, { onprogress: ({ progress }) => steps.push(progress) });
    await call('notify');
    const asked = await call('ask');
    const { isError: fails } = await call('fail');
    const code = await session.readResource({ uri: 'test://nothing' }).then(
      () => undefined,
      (error) => error.code,
    );
    await manager.terminate('grace', 's');
    const text = ({ content }) => content[0].text;
    return {
      kind,
      sessionId,
      version,
      echo: text(echo),
      steps,
      heard,
      asked: text(asked),
      fails,
      code,
      state: session.state,
    };
  } finally {
    await manager.close();
  }
}
