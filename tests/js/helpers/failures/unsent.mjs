// The errors of a runtime's own `fetch` for a server that refuses connections and for an unknown name: run by each
// runtime, prints a report.
import { McpManager } from '../../../../pkg/node.js';
import { startScriptedServer } from '../../servers/scripted-server.mjs';

const options = { log: () => {} };
const config = (url) => ({
  mcpServers: { s: { url, protocolVersion: 'legacy', sessionConfig: { retryDelay: 20, retryAttempts: 10 } } },
});

/** Calls an unsafe tool while the port is closed; once the client has noticed, the server is started again. */
async function refused() {
  // Nothing is kept alive, so that the next request finds no connection that is being closed.
  const first = await startScriptedServer(({ response }) => void response.setHeader('Connection', 'close'));
  let failures = 0;
  let second;
  const counting = async (url, init) => {
    try {
      return await fetch(url, init);
    } catch (error) {
      failures += 1;
      second ??= startScriptedServer(undefined, { port: first.port });
      await second;
      throw error;
    }
  };
  const manager = new McpManager(config(first.url), { ...options, fetch: counting });
  const session = await manager.connect('ada', 's');
  await first.close();
  const outcome = await session.callTool({ name: 'write' }).then(
    ({ content }) => content[0].text,
    ({ code, evidence }) => `${code}: ${evidence}`,
  );
  await manager.close();
  const server = await second;
  const ran = server?.count('tools/call');
  await server?.close();
  return { outcome, ran, failures };
}

async function noSuchName() {
  const manager = new McpManager(
    {
      mcpServers: {
        s: { ...config('http://no-such-name.invalid/mcp').mcpServers.s, sessionConfig: { retryAttempts: 0 } },
      },
    },
    options,
  );
  const outcome = await manager.connect('ada', 's').then(
    () => 'connected',
    ({ code, message }) => `${code}: ${message}`,
  );
  await manager.close();
  return outcome;
}

console.log(JSON.stringify({ refused: await refused(), noSuchName: await noSuchName() }));
process.exit(0);
