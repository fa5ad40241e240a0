// 100,000 live sessions: the memory of each, and whether a connect, a call and an expiry cost the same among them as
// among 1,000.
import { fakeServer, median, megabytes, settledMemory } from './fake-server.mjs';

const sample = 1_000;

export async function manySessions({ McpManager }, most = 100_000) {
  const server = fakeServer();
  const mcpServers = {
    fake: { url: 'http://fake/mcp' },
    brief: { url: 'http://fake/brief', sessionConfig: { timeout: 300 } },
  };
  const manager = new McpManager(
    { mcpServers },
    { env: {}, fetch: server.fetch, log: () => {}, limits: { maxUsers: most + 10 * sample } },
  );
  let users = 0;
  const connect = (name = 'fake') => manager.connect(`user-${++users}`, name);
  const timed = async (times, action) => {
    const started = performance.now();
    for (let time = 0; time < times; time += 1) await action(time);
    return ((performance.now() - started) * 1_000) / times;
  };

  const kept = [];
  const measure = async () => {
    const connecting = [];
    const calling = [];
    const expiring = [];
    for (let round = 0; round < 5; round += 1) {
      connecting.push(await timed(sample, async () => kept.push(await connect())));
      calling.push(await timed(sample, (time) => kept[(time * 7_919) % kept.length].ping()));
      expiring.push(await expiry());
    }
    return { connect: median(connecting), call: median(calling), expiry: median(expiring) };
  };

  /**
   * The CPU time of the process from the moment that the given number of short-lived sessions exist until all are
   * expired.
   */
  async function expiry() {
    const before = manager.getMetrics().expired;
    for (let time = 0; time < sample; time += 1) await connect('brief');
    const from = process.cpuUsage();
    while (manager.getMetrics().expired < before + sample) await new Promise((resolve) => setTimeout(resolve, 50));
    const { user, system } = process.cpuUsage(from);
    for (let time = users - sample + 1; time <= users; time += 1) await manager.terminateUser(`user-${time}`);
    return (user + system) / sample;
  }

  // A warm-up, so that compilation is not measured.
  await measure();
  for (const session of kept.splice(0)) await session.terminate();
  const few = await measure();
  const share = Math.floor((most - kept.length) / 2);
  const growth = async (action) => {
    const before = settledMemory();
    for (let made = 0; made < share; made += 1) await action();
    return (settledMemory() - before) / share;
  };
  const alone = await growth(() => connect());
  const held = await growth(async () => kept.push(await connect()));
  const many = await measure();
  const ratio = (what) => many[what] / few[what];
  const show = (what) => `${what} ${few[what].toFixed(1)} → ${many[what].toFixed(1)} µs (×${ratio(what).toFixed(2)})`;
  console.log(
    `${most} live sessions: ${(alone / 1_024).toFixed(2)} KB each with the fake server's share, ` +
      `${(held / 1_024).toFixed(2)} KB with the McpSession object too, ${megabytes(process.memoryUsage.rss())} in all`,
  );
  console.log(`  from 1,000 to ${most} of them: ${['connect', 'call', 'expiry'].map(show).join(', ')}`);
  await manager.close();
  return {
    failures: ['connect', 'call', 'expiry']
      .filter((what) => ratio(what) > 1.2)
      .map((what) => `${what} costs ${ratio(what).toFixed(2)} times as much`),
  };
}
