// The bounds on a server's demands, against a server that exceeds them: floods of requests and notifications, in Node
// and in Chromium.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { leaveFlood, takeFlood, takePings } from '../helpers/bounds/floods.mjs';
import { openPage } from '../helpers/browsers/chromium.mjs';
import { startFloodServer } from '../servers/flood-server.mjs';

const packageEntry = process.env.MCP_TETHER_PACKAGE
  ? pathToFileURL(process.env.MCP_TETHER_PACKAGE)
  : new URL('../../../pkg/node.js', import.meta.url);
const { McpManager } = await import(packageEntry);

const shapes = ['events', 'batch', 'body'];
const hosts = {
  Node: {
    // The scenario answers::ten_thousand_pings… has ten thousand, on a virtual clock.
    pings: 3_000,
    async open() {},
    async close() {},
    run: (story, options) => story({ McpManager, ...options }),
  },
  Chromium: {
    // Six connections have a limited rate; the queue is full at 272.
    pings: 2_000,
    async open() {
      this.browser = await openPage();
    },
    async close() {
      await this.browser?.close();
    },
    run(story, options) {
      return this.browser.page.evaluate(
        async ({ name, options }) => {
          const { default: start, McpManager } = await import('/pkg/browser.js');
          await start();
          const stories = await import('/tests/helpers/bounds/floods.mjs');
          return stories[name]({ McpManager, ...options });
        },
        { name: story.name, options },
      );
    },
  },
};

for (const [name, host] of Object.entries(hosts)) {
  describe(`floods in ${name}`, { timeout: 180_000 }, () => {
    before(() => host.open());
    after(() => host.close());

    test(`${host.pings} pings in one body: 16 answers at once, and another server of the origin is served during the flood`, async (t) => {
      const server = await startFloodServer({ answerDelay: 1 });
      t.after(() => server.close());
      const { meanwhile, slowest } = await host.run(takePings, { urls: server.urls, count: host.pings });
      t.diagnostic(
        `${meanwhile} calls during it, the slowest ${Math.round(slowest)} ms; ${server.answers.most} answers at once`,
      );
      assert.ok(server.answers.most <= 16, `${server.answers.most}`);
      assert.ok(meanwhile >= 5, `${meanwhile}`);
      // In the order of the requests, and complete; the last ones may be on their way when the call is answered.
      assert.equal(new Set(server.answers.ids).size, server.answers.count);
      assert.ok(server.answers.count >= host.pings - 16 - 256, `${server.answers.count}`);
    });

    for (const as of shapes) {
      test(`a hundred thousand notifications (${as}): the event loop keeps turning`, async (t) => {
        const server = await startFloodServer();
        t.after(() => server.close());
        const seen = await host.run(takeFlood, { url: server.urls.a, of: 'note', count: 100_000, as });
        t.diagnostic(`longest pause ${seen.longest} ms, ${seen.ticks} ticks of a timer`);
        assert.deepEqual([seen.text, seen.heard, seen.inOrder], ['done', 100_000, true]);
        // 50 ms on an idle machine. In one piece it is a second or more, and the timer does not tick at all.
        assert.ok(seen.longest < 1_000, `${seen.longest} ms`);
        assert.ok(seen.ticks >= 10, `${seen.ticks}`);
      });

      test(`a call cancelled in the middle (${as}) delivers nothing more`, async (t) => {
        const server = await startFloodServer();
        t.after(() => server.close());
        const seen = await host.run(leaveFlood, { url: server.urls.a, count: 50_000, as, after: 3_000 });
        assert.deepEqual(seen, { outcome: 'cancelled', heard: 3_000 });
      });
    }
  });
}

describe('answers and handlers', { timeout: 60_000 }, () => {
  let server;
  before(async () => (server = await startFloodServer()));
  after(() => server.close());

  async function connect(log = () => {}) {
    const manager = new McpManager(
      { mcpServers: { s: { url: server.urls.a, sessionConfig: { retryDelay: 20 } } } },
      { env: {}, log },
    );
    return { manager, session: await manager.connect('u', 's') };
  }

  test('an answer that meets 503, 429, 502, 504 and a cut is sent again, and the tool call is answered', async () => {
    const { manager, session } = await connect();
    session.setRequestHandler('elicitation/create', () => ({ action: 'accept', content: { name: 'x' } }));
    server.answers.ids.length = 0;
    server.answers.spoil.push(
      { status: 503 },
      { status: 429, headers: { 'Retry-After': '1' } },
      { status: 502 },
      { status: 504 },
      'cut',
    );
    const { content } = await session.callTool({ name: 'ask' });
    assert.deepEqual(JSON.parse(content[0].text), { action: 'accept', content: { name: 'x' } });
    assert.deepEqual(server.answers.ids, Array(6).fill('question'));
    await manager.close();
  });

  test('handlers that throw or reject are logged once a session, and break nothing else', async () => {
    const unhandled = [];
    const note = (reason) => unhandled.push(reason);
    process.on('unhandledRejection', note);
    for (const handler of [
      () => {
        throw new Error('no use');
      },
      async () => {
        throw new Error('no use');
      },
    ]) {
      const lines = [];
      const { manager, session } = await connect((_level, line) => lines.push(line));
      session.setNotificationHandler('notifications/flood', handler);
      const { content } = await session.callTool({ name: 'flood', arguments: { of: 'note', count: 2_000 } });
      assert.equal(content[0].text, 'done');
      await manager.close();
      assert.deepEqual(
        lines.filter((line) => line.includes('threw')),
        ['[MCP] a notification handler threw: no use'],
      );
    }
    await new Promise((resolve) => setImmediate(resolve));
    process.off('unhandledRejection', note);
    assert.deepEqual(unhandled, []);
  });
});
