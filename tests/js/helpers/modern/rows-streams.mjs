// Streams of calls: a broken one is a lost request, a closed one is a cancelled request, and nothing is resumed.
import assert from 'node:assert/strict';

const broken = (fault, settings, executed = 1) => [
  {
    name: `/${fault}: an unsafe call has an unknown outcome`,
    fault,
    settings,
    async run(use) {
      const session = await use.connect();
      assert.equal((await use.outcome(use.call(session))).code, 'outcome_unknown');
      await use.call(session);
    },
    counts: { 'tools/call': 2, executed: executed + 1 },
  },
  {
    name: `/${fault}: a safe call is retried as a new request`,
    fault,
    settings,
    async run(use) {
      const session = await use.connect();
      assert.equal(
        (await session.callTool({ name: 'safe', arguments: { key: 'safe' } })).content[0].text,
        `safe safe: ${executed + 1}`,
      );
    },
    counts: { 'tools/call': 2, executed: executed + 1 },
  },
];

export const streamRows = [
  ...broken('cut', { connection: 'close' }),
  ...broken('ends-unanswered', {}),
  ...broken('ids-and-cut', { connection: 'close' }),
  ...broken('reset', { connection: 'close' }),
  {
    name: 'progress and log lines arrive, comments are ignored',
    fault: 'slow',
    settings: { ms: 200 },
    async run(use) {
      const session = await use.connect();
      const heard = [];
      const steps = [];
      session.setNotificationHandler('notifications/message', ({ params }) => heard.push(params.data));
      await use.call(session, 'unsafe', { onprogress: ({ progress }) => steps.push(progress) });
      assert.deepEqual({ heard, steps }, { heard: ['done'], steps: [1, 2, 3, 4, 5] });
    },
    counts: { executed: 1 },
  },
  {
    name: 'a cancelled call closes its stream, and sends nothing else',
    fault: 'slow',
    settings: { ms: 3_000 },
    async run(use) {
      const session = await use.connect();
      const controller = new AbortController();
      const call = use.outcome(use.call(session, 'unsafe', { signal: controller.signal }));
      await use.until(() => use.seen('tools/call') === 1, 'the call arrives');
      controller.abort();
      assert.equal((await call).code, 'cancelled');
      await use.until(() => use.counts.aborted === 1, 'the server sees the stream closed');
    },
    counts: { executed: 0, aborted: 1 },
  },
  {
    name: 'a call that times out closes its stream',
    fault: 'silent',
    async run(use) {
      const session = await use.connect();
      assert.equal((await use.outcome(use.call(session, 'unsafe', { timeout: 1_000 }))).code, 'request_timeout');
      await use.until(() => use.counts.aborted === 1, 'the server sees the stream closed');
      assert.equal(session.kind, 'modern');
    },
    counts: { executed: 0, aborted: 1, ping: 0 },
  },
  {
    name: 'calls that time out again and again cause no handshake and no ping',
    fault: 'silent',
    async run(use) {
      const session = await use.connect();
      for (let tries = 0; tries < 4; tries += 1) await use.outcome(use.call(session, 'unsafe', { timeout: 150 }));
      await session.listTools();
    },
    counts: { 'tools/call': [1, 4], ping: 0, 'server/discover': [1, 4] },
  },
  {
    name: 'a server request on a stream is not answered',
    fault: 'asks-on-the-stream',
    options: { capabilities: { roots: {} } },
    async run(use) {
      const session = await use.connect();
      session.setRequestHandler('roots/list', () => ({ roots: [] }));
      await use.call(session);
    },
    counts: { executed: 1, requests: 2 },
  },
  ...['json', 'sse'].map((as) => ({
    name: `twenty calls at once, answered as ${as}`,
    fault: 'healthy',
    settings: { as },
    async run(use) {
      const session = await use.connect();
      const results = await Promise.all(Array.from({ length: 20 }, () => use.call(session)));
      assert.equal(new Set(results.map(({ content }) => content[0].text)).size, 20);
    },
    counts: { executed: 20 },
  })),
];
