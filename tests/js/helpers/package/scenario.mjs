// A short session, the same in every runtime; the runners beside this file pass in the package and the URL of a real
// server.

export async function scenario({ init, McpManager, McpSession, McpError, runtime }, url) {
  await Promise.all([init(), init()]);

  const refused = thrownBy(() => new McpManager({ mcpServers: { broken: {} } }));
  const lines = [];
  const manager = new McpManager(
    { mcpServers: { real: { url } } },
    { env: {}, log: (level, line) => lines.push(`${level} ${line}`) },
  );
  const created = new Promise((resolve) =>
    manager.events.addEventListener('sessionCreated', ({ detail }) => resolve(detail), { once: true }),
  );

  const [session, same] = await Promise.all([manager.connect('alice', 'real'), manager.connect('alice', 'real')]);
  const { content } = await session.callTool({ name: 'echo', arguments: { text: 'grüße' } });
  const unknown = await rejectionOf(session.callTool({ name: 'no such tool' }));
  const live = {
    stats: manager.getSessionStats(),
    kind: session.kind,
    state: session.state,
    idLength: session.sessionId?.length,
  };
  await session.terminate();
  const ended = manager.getSessionStats();
  const diagnosis = await manager.diagnose('real', 'alice', { origin: 'https://app.example' });
  await manager.close();
  const late = await rejectionOf(manager.connect('alice', 'real'));

  return {
    runtime,
    classes: session instanceof McpSession && refused instanceof McpError && refused instanceof Error,
    oneSession: session.sessionId === same.sessionId && session.generation === same.generation,
    refused: { code: refused?.code, name: refused?.name, message: refused?.message },
    text: content?.[0]?.text,
    unknown: { code: unknown?.code, retryable: unknown?.retryable, serverName: unknown?.serverName },
    created: { userId: (await created).userId, serverName: (await created).serverName },
    live,
    ended,
    diagnosis,
    late: late?.code,
    lines,
  };
}

function thrownBy(action) {
  try {
    action();
  } catch (error) {
    return error;
  }
}

async function rejectionOf(promise) {
  try {
    await promise;
  } catch (error) {
    return error;
  }
}
