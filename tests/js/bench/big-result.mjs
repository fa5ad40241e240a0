// One result of 8 MB over an event stream, in pieces of 64 KB, and in pieces of 2 KB as on a slow network.
import { clients } from './compare/clients.mjs';
import { fakeServer, median } from './fake-server.mjs';

const size = 8 * 1_048_576;
/** Text typical of tools: words, with nothing that JSON escapes. */
const filler = 'What a tool says, with a number 12345 and a word. '.padEnd(64, '.');

export async function bigResult() {
  const failures = [];
  for (const piece of [65_536, 2_048]) failures.push(...(await inPieces(piece)));
  return { failures };
}

async function inPieces(piece, rounds = 9) {
  const encode = (text) => new TextEncoder().encode(text);
  // Built once: the benchmark measures the reader.
  const [head, tail] = JSON.stringify({
    jsonrpc: '2.0',
    id: '#',
    result: { content: [{ type: 'text', text: '@' }] },
  }).split('@');
  const text = encode(filler.repeat(size / filler.length));
  const pieces = Array.from({ length: size / piece }, (_, index) => text.subarray(index * piece, (index + 1) * piece));
  const server = fakeServer({ answer: streamed });
  server.sessions.add('bare');

  function streamed(id) {
    const queue = [
      encode(`event: message\ndata: ${head.replace('"#"', JSON.stringify(id))}`),
      ...pieces.map((bytes) => bytes.slice()),
      encode(`${tail}\n\n`),
    ];
    const body = new ReadableStream({
      pull: (controller) => (queue.length > 0 ? controller.enqueue(queue.shift()) : controller.close()),
    });
    return new Response(body, { headers: { 'content-type': 'text/event-stream' } });
  }

  async function bare() {
    const response = await server.fetch('http://fake/mcp', {
      method: 'POST',
      headers: { 'mcp-session-id': 'bare' },
      body: '{"id":1,"method":"tools/call"}',
    });
    return JSON.parse((await response.text()).match(/^data: (.*)$/m)[1]).result;
  }

  const times = {};
  const openers = { bare: async () => ({ call: bare, close() {} }), ...clients };
  for (const [name, open] of Object.entries(openers)) {
    const client = await open('http://fake/mcp', { fetch: server.fetch });
    times[name] = [];
    for (let round = 0; round < rounds; round += 1) {
      const started = performance.now();
      const { content } = await client.call('big');
      times[name].push(performance.now() - started);
      if (content[0].text.length !== size)
        throw new Error(`${name}: the result has ${content[0].text.length} characters`);
    }
    await client.close();
  }
  const typical = Object.fromEntries(Object.entries(times).map(([name, values]) => [name, median(values)]));
  const added = (name) => typical[name] - typical.bare;
  const [ours, theirs] = [typical['mcp-tether'], typical['SDK v2']];
  console.log(
    `one 8 MB result over SSE in pieces of ${piece / 1_024} KB: ${Object.entries(typical)
      .map(([name, ms]) => `${name} ${ms.toFixed(0)} ms`)
      .join(', ')}`,
  );
  console.log(
    `  ours is ${(ours / theirs).toFixed(2)} of v2's (at most 0.5); of the time added to bare fetch it is ` +
      `${(added('mcp-tether') / added('SDK v2')).toFixed(2)}`,
  );
  return ours > theirs / 2 ? [`an 8 MB result takes ${(ours / theirs).toFixed(2)} of v2's time`] : [];
}
