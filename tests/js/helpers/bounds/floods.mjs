// Runs the same in a page and in a program while a server floods it. Each function returns its measurements.

/** A tool call that brings `count` messages; returns the state of the event loop during it. */
export async function takeFlood({ McpManager, url, of, count, as, fails = false }) {
  const lines = [];
  const manager = new McpManager({ mcpServers: { s: { url } } }, { env: {}, log: (_level, line) => lines.push(line) });
  const session = await manager.connect('u', 's');
  let next = 0;
  let inOrder = true;
  let loop; // from the first message on: the server's time to generate the messages is not the client's
  session.setNotificationHandler('notifications/flood', ({ params }) => {
    if (next === 0) loop = watchLoop();
    inOrder &&= params.number === next;
    next += 1;
    if (fails) throw new Error('rejected by the test');
  });
  const { content } = await session.callTool({ name: 'flood', arguments: { of, count, as } });
  const { longest, ticks } = loop.stop();
  await manager.close();
  return { text: content[0].text, heard: next, inOrder, longest, ticks, lines };
}

/**
 * Thousands of pings from server a, and calls to server b at the same time; returns how many calls were answered before
 * the flood was over.
 */
export async function takePings({ McpManager, urls, count }) {
  const manager = new McpManager(
    { mcpServers: { a: { url: urls.a }, b: { url: urls.b } } },
    { env: {}, log: () => {} },
  );
  const [a, b] = await Promise.all([manager.connect('u', 'a'), manager.connect('u', 'b')]);
  let flooding = true;
  const flood = a
    .callTool({ name: 'flood', arguments: { of: 'ping', count } }, { timeout: 150_000 })
    .finally(() => (flooding = false));
  let meanwhile = 0;
  let slowest = 0;
  while (flooding) {
    const started = performance.now();
    await b.callTool({ name: 'any' }, { timeout: 30_000 });
    slowest = Math.max(slowest, performance.now() - started);
    if (flooding) meanwhile += 1;
  }
  await flood;
  await manager.idle();
  await manager.close();
  return { meanwhile, slowest };
}

/** A flood whose call is cancelled after some messages. Returns how many arrived before that and in all. */
export async function leaveFlood({ McpManager, url, count, as, after }) {
  const manager = new McpManager({ mcpServers: { s: { url } } }, { env: {}, log: () => {} });
  const session = await manager.connect('u', 's');
  const controller = new AbortController();
  let heard = 0;
  session.setNotificationHandler('notifications/flood', () => {
    heard += 1;
    if (heard === after) controller.abort();
  });
  const outcome = await session
    .callTool({ name: 'flood', arguments: { of: 'note', count, as } }, { signal: controller.signal })
    .then(
      () => 'answered',
      (error) => error.code,
    );
  await manager.idle();
  await manager.close();
  return { outcome, heard };
}

function watchLoop() {
  let last = performance.now();
  let longest = 0;
  let ticks = 0;
  const timer = setInterval(() => {
    const now = performance.now();
    longest = Math.max(longest, now - last);
    last = now;
    ticks += 1;
  }, 1);
  return {
    stop() {
      clearInterval(timer);
      return { longest: Math.round(Math.max(longest, performance.now() - last)), ticks };
    },
  };
}
