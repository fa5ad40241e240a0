// 10,000 calls wait for one dead session.
import { fakeServer, megabytes, settledMemory, watchPauses } from './fake-server.mjs';

export async function waiting({ McpManager }, count = 10_000) {
  const server = fakeServer({ later: true });
  const manager = new McpManager(
    { mcpServers: { fake: { url: 'http://fake/mcp' } } },
    { env: {}, fetch: server.fetch, log: () => {} },
  );
  const session = await manager.connect('bench', 'fake');
  for (let warm = 0; warm < 2_000; warm += 1) await session.callTool({ name: 'echo', arguments: { text: 'warm' } });
  server.sessions.clear();
  const { initialize, call } = server.counts;
  const memory = settledMemory();
  let peak = memory;
  const meter = setInterval(() => (peak = Math.max(peak, process.memoryUsage.rss())), 5);

  const pauses = watchPauses();
  const started = performance.now();
  const calls = Array.from({ length: count }, (_, index) =>
    session.callTool({ name: 'echo', arguments: { text: `${index}` } }),
  );
  const issued = performance.now();
  pauses.restart();
  const results = await Promise.all(calls);
  const took = performance.now() - started;
  const longest = pauses.stop();
  clearInterval(meter);
  peak = Math.max(peak, process.memoryUsage.rss());
  await manager.close();

  const right = results.every(({ content }, index) => content[0].text === `${index}`);
  const handshakes = server.counts.initialize - initialize;
  console.log(
    `${count} calls on one dead session: ${handshakes} initialize, ${server.counts.refused} refused, ` +
      `${server.counts.call - call} executed, ${right ? 'every answer its own' : 'WRONG ANSWERS'}`,
  );
  console.log(
    `  ${took.toFixed(0)} ms in all (` +
      `${(issued - started).toFixed(0)} ms of it the caller's own loop of ${count} callTool()), ` +
      `longest pause of the event loop ${longest.toFixed(1)} ms, memory at most ${megabytes(peak - memory)} more`,
  );
  return {
    failures: [
      handshakes !== 1 && 'not exactly one initialize',
      !right && 'wrong answers',
      longest > 50 && `a pause of ${longest.toFixed(0)} ms`,
    ].filter(Boolean),
  };
}
