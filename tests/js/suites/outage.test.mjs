// A server that is out of reach for 3 s, and a client with its defaults: in Node, in a page of Chromium and in a plain
// Worker on workerd. Its port is closed, or a proxy answers with a status of its own, in pages without CORS headers
// too. The proxy counts, and its clock times the outage.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { each, underWay } from '../helpers/outage/drive.mjs';
import { startInChromium, startInNode, startInWorkerd } from '../helpers/outage/places.mjs';
import { countDuringOutage, mostAtOnce, startOutageServer } from '../servers/outage-server.mjs';
import { setCorsHeaders } from '../servers/shared/cors.mjs';
import { listen } from '../servers/shared/listen.mjs';

const outageMs = 3_000;
// The first canary request and `retryAttempts` (3) more; a page may send each once more without a session id, and a
// broken stream may cost one.
const mostPings = 2 * 4 + 1;

const places = {
  Node: { kinds: ['refused', '502', '504', '522'], start: startInNode },
  'Chromium, in a page of another origin': {
    kinds: ['refused', '502', 'hidden-502', 'hidden-503'],
    start: startInChromium,
  },
  'a Worker on workerd': { kinds: ['refused', '502'], start: startInWorkerd },
};

for (const [place, { kinds, start }] of Object.entries(places)) {
  describe(`a server out of reach for 3 s: ${place}`, { concurrency: 4 }, () => {
    let client;
    before(async () => (client = await start()));
    after(() => client?.close());

    for (const kind of kinds) {
      test(`${kind}: no read, no list and no new call is lost, and nothing runs twice`, {
        timeout: 60_000,
      }, async () => {
        const held = holdCalls();
        const server = await startOutageServer(kind, held.fault);
        const conductor = await startConductor(server, held);
        try {
          const report = await client.drive(server.url, conductor.origin);
          expectReport(report, server);
        } finally {
          held.release();
          await conductor.close();
          await server.close();
        }
      });
    }
  });
}

describe('a server out of reach for 1 s when the first session is opened: Node', { concurrency: 4 }, () => {
  for (const kind of ['refused', '502', '503', '521']) {
    test(`${kind}: the session is opened when the outage ends`, { timeout: 120_000 }, async () => {
      const server = await startOutageServer(kind);
      const { mcp } = await startInNode();
      const manager = new mcp.McpManager({ mcpServers: { it: { url: server.url } } }, { env: {}, log: () => {} });
      try {
        await server.begin(1_000);
        const [ann, again] = await Promise.all([manager.connect('ann', 'it'), manager.connect('ann', 'it')]);
        assert.equal(ann.sessionId, again.sessionId);
        assert.equal(server.counts().initialize, 1, 'one handshake has reached the server');
      } finally {
        await manager.close();
        await server.close();
      }
    });
  }
});

/**
 * Calls whose key begins with `held` stay in flight until they are released: even ones have run by then, odd ones run
 * after that.
 */
function holdCalls() {
  let release;
  const released = new Promise((resolve) => {
    release = resolve;
  });
  return {
    release,
    fault: {
      async call(exchange) {
        const { arguments: args } = exchange.message.params;
        if (!args.key.startsWith('held')) return false;
        const isEven = Number(args.key.at(-1)) % 2 === 0;
        const result = isEven ? exchange.execute() : undefined;
        await released;
        exchange.answer(result ?? exchange.execute());
        return undefined;
      },
    },
  };
}

/** Begins the outage when the client requests it, once its calls are in flight and its stream is open. */
function startConductor(server, held) {
  return listen(async (request, response) => {
    setCorsHeaders(request, response);
    const calls = () => server.counts().rpc['tools/call'] ?? 0;
    while (!response.destroyed && (calls() < 2 * underWay || server.counts().openStreams === 0)) await wait(5);
    await server.begin(outageMs);
    held.release();
    response.end();
  });
}

function expectReport(report, server) {
  const requests = server.requests();
  const { executions, initialize } = server.counts();
  const seen = () =>
    `${requests.map(({ at, http, rpc, isDown }) => `${Math.round(at - requests[0].at)} ${isDown ? 'down ' : ''}${http} ${rpc ?? ''}`).join('\n')}`;
  try {
    const answered = { result: each };
    assert.deepEqual(
      tallyOfEach(report.during),
      { list: answered, read: answered, unsafe: answered },
      'calls that began during the outage',
    );
    // A result of an unsafe call would mean that it was retried: the answer to the first attempt was lost.
    assert.deepEqual(
      tallyOfEach(report.before),
      { read: { result: underWay }, unsafe: { outcome_unknown: underWay } },
      'calls that were in flight',
    );
    assert.equal(report.afterwards, 'result');

    const twice = Object.entries(executions).filter(([key, times]) => !/\b(read|safe)\b/.test(key) && times > 1);
    assert.deepEqual(twice, [], 'unsafe calls that ran twice');
    assert.equal(Object.keys(executions).filter((key) => key.startsWith('unsafe ')).length, each);
    assert.deepEqual(
      { initialize, generation: report.generation, state: report.state },
      { initialize: 1, generation: 1, state: 'ready' },
      'the session is kept',
    );

    const pings = requests.filter(({ rpc }) => rpc === 'ping');
    assert.ok(mostAtOnce(pings) <= 1, `${mostAtOnce(pings)} canary requests at once`);
    assert.ok(pings.length >= 1 && pings.length <= mostPings, `${pings.length} canary requests`);
    const during = countDuringOutage(requests).requests;
    // Calls made right at the outage's beginning may be sent before it is noticed, each once; then canary requests and
    // the stream's attempts.
    assert.ok(during <= 2 * each + mostPings + 10, `${during} requests while the server was out of reach`);
  } catch (error) {
    error.stack += `\n${seen()}`;
    throw error;
  }
}

/** For each kind of call, the number of each outcome. */
function tallyOfEach(kinds) {
  return Object.fromEntries(
    Object.entries(kinds).map(([kind, outcomes]) => {
      const tally = {};
      for (const outcome of outcomes) tally[outcome] = (tally[outcome] ?? 0) + 1;
      return [kind, tally];
    }),
  );
}
