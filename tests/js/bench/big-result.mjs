// One result of 8 MB over an event stream, in pieces of 64 KB.
import { clients } from '../compare/clients.mjs';
import { fakeServer, median } from './fake-server.mjs';

const size = 8 * 1_048_576;
const piece = 65_536;

export async function bigResult(_mcp, rounds = 9) {
  const text = 'x'.repeat(size);
  const server = fakeServer({ answer: streamed });
  function streamed(id) {
    const bytes = new TextEncoder().encode(`event: message\ndata: ${JSON.stringify({ jsonrpc: '2.0', id, result: { content: [{ type: 'text', text }] } })}\n\n`);
    let at = 0;
    const body = new ReadableStream({
      pull(controller) {
        if (at >= bytes.length) return controller.close();
        controller.enqueue(bytes.slice(at, (at += piece)));
        return undefined;
      },
    });
    return new Response(body, { headers: { 'content-type': 'text/event-stream' } });
  }
  const times = {};
  for (const [name, open] of Object.entries(clients)) {
    const client = await open('http://fake/mcp', { fetch: server.fetch });
    times[name] = [];
    for (let round = 0; round < rounds; round += 1) {
      const started = performance.now();
      const { content } = await client.call('big');
      times[name].push(performance.now() - started);
      if (content[0].text.length !== size) throw new Error(`${name}: the result has ${content[0].text.length} characters`);
    }
    await client.close();
  }
  const typical = Object.fromEntries(Object.entries(times).map(([name, values]) => [name, median(values)]));
  console.log(`one 8 MB result over SSE: ${Object.entries(typical).map(([name, ms]) => `${name} ${ms.toFixed(0)} ms`).join(', ')}`);
  console.log(`  ours is ${(typical['mcp-tether'] / typical['SDK v2']).toFixed(2)} of v2's (at most 0.5)`);
  return { failures: [typical['mcp-tether'] > typical['SDK v2'] / 2 && 'more than half of v2'].filter(Boolean) };
}
