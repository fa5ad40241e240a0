// Whether a call outlasts the limits of Node's own fetch, shortened for this: run by each version of Node, prints a
// report.
import { McpManager } from '../../../../pkg/node.js';
import { startScriptedServer } from '../../servers/scripted-server.mjs';

const until = async (condition) => {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 20));
};
const held = [];
const server = await startScriptedServer(({ request, response, message }) => {
  if (request.method === 'HEAD') return true; // never answered
  if (message?.method !== 'tools/call') return false;
  const answer = JSON.stringify({
    jsonrpc: '2.0',
    id: message.id,
    result: { content: [{ type: 'text', text: 'late' }] },
  });
  if (message.params.name === 'headers')
    return held.push(() => response.writeHead(200, { 'Content-Type': 'application/json' }).end(answer));
  response.writeHead(200, { 'Content-Type': 'text/event-stream' });
  response.write(': open\n\n');
  return held.push(() => response.end(`data: ${answer}\n\n`));
});

await (await fetch(server.url)).arrayBuffer();
const key = Symbol.for('undici.globalDispatcher.1');
const Agent = globalThis[key].constructor;
globalThis[key] = new Agent({ headersTimeout: 100, bodyTimeout: 100 });

const manager = new McpManager(
  { mcpServers: { s: { url: server.url, protocolVersion: 'legacy' } } },
  { log: () => {} },
);
const session = await manager.connect('ada', 's');
const calls = ['headers', 'body'].map((name) =>
  session.callTool({ name }).then(
    ({ content }) => content[0].text,
    ({ code, evidence }) => `${code}: ${evidence}`,
  ),
);
await until(() => held.length === 2);
// The limit is in force: it ended a request that was sent later than the calls.
const bare = await fetch(server.url, { method: 'HEAD' }).catch(({ cause }) => cause.code);
for (const answer of held) answer();
console.log(JSON.stringify({ bare, calls: await Promise.all(calls), asked: server.count('tools/call') }));
process.exit(0);
