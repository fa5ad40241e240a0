// The comparisons: each is run with every client against a fault server of its own, and describes the result in a few
// words.
import { setTimeout as wait } from 'node:timers/promises';
import { nameOf } from './crowd.mjs';

const plural = (count, noun) => `${count} ${noun}${count === 1 ? '' : 's'}`;
const patience = 5_000;

/** Makes a call, and returns its outcome and duration. */
async function attempt(client, tool = 'unsafe', args = {}) {
  const from = performance.now();
  const outcome = await client.call(tool, args).then(
    () => ({ ok: true }),
    (error) => ({ ok: false, error }),
  );
  return { ...outcome, ms: Math.round(performance.now() - from) };
}

async function attempts(client, times, tool) {
  let succeeded = 0;
  for (let time = 0; time < times; time += 1) succeeded += (await attempt(client, tool, { key: `key ${time}` })).ok;
  return succeeded;
}

const calls = (counts) => counts.rpc['tools/call'] ?? 0;
const gets = (counts) => counts.http.GET ?? 0;
const described = ({ ok, ms, error }) => (ok ? `a result, ${ms} ms` : `${nameOf(error)}, ${ms} ms`);

async function untilStreamOpens(server, path) {
  const deadline = Date.now() + 2_000;
  while (server.counts(path).openStreams === 0 && Date.now() < deadline) await wait(10);
}

/** The number of times that the GET stream is opened within `ms`. */
const openings =
  (ms) =>
  async ({ counts }) => {
    await wait(ms);
    return `${plural(gets(counts()), 'GET')}`;
  };

/** One call: its outcome, how often it was sent, and how often it ran. */
const oneCall = (tool = 'unsafe', timeout = patience) => ({
  timeout,
  async run({ client, counts }) {
    const outcome = await attempt(client, tool);
    const { executions, ...seen } = counts();
    return `${described(outcome)}; sent ${calls(seen)}×, ran ${executions.default ?? 0}×`;
  },
});

/** @type {import('./run.mjs').Comparison[]} */
export const comparisons = [
  {
    name: 'A. the server forgets its sessions; the next three calls',
    fault: 'lost-404',
    async run({ client, counts, forget }) {
      await attempt(client);
      forget();
      const succeeded = await attempts(client, 3);
      return `${succeeded}/3; ${plural(counts().initialize, 'handshake')}, ${plural(calls(counts()), 'call')} sent`;
    },
  },
  {
    name: 'A. the same, reported as in the most copied example (400)',
    fault: 'lost-400-ts-example',
    async run({ client, counts, forget }) {
      forget();
      const succeeded = await attempts(client, 3);
      return `${succeeded}/3; ${plural(counts().initialize, 'handshake')}, ${plural(calls(counts()), 'call')} sent`;
    },
  },
  {
    name: 'B. ten calls at once on a dead session',
    fault: 'lost-404',
    async run({ client, counts, forget }) {
      forget();
      const outcomes = await Promise.all(
        Array.from({ length: 10 }, (_, index) => attempt(client, 'unsafe', { key: `key ${index}` })),
      );
      return `${outcomes.filter(({ ok }) => ok).length}/10; ${plural(counts().initialize, 'handshake')}, ${plural(calls(counts()), 'call')} sent`;
    },
  },
  { name: 'C. the GET stream ends with `retry: 0`: 2 s', fault: 'get-retry-zero', run: openings(2_000) },
  { name: 'C2. the GET stream ends at once: 6.5 s', fault: 'get-closes-at-once', run: openings(6_500) },
  { name: 'CE. the GET stream is reset at once: 2 s', fault: 'get-resets-at-once', run: openings(2_000) },
  {
    name: 'D. a POST stream sends an id and ends, resumes bring nothing: 5 s',
    fault: 'stream-resume',
    settings: { never: 1, empty: 1 },
    timeout: patience,
    async run({ client, counts }) {
      const outcome = await attempt(client);
      const seen = counts();
      const resumes = seen.trace.filter(({ http, at }) => http === 'GET' && at > 0).length - 1;
      return `${described(outcome)}; ${resumes} resumes, ${seen.lastEventIds.length} with the id`;
    },
  },
  {
    name: 'D. the same, and the third resume brings the answer',
    fault: 'stream-resume',
    settings: { n: 3, empty: 1 },
    ...oneCall(),
  },
  { name: 'E. a POST stream ends without an answer or an id', fault: 'stream-ends-unanswered', ...oneCall() },
  { name: 'E. the same for a read-only tool', fault: 'stream-ends-unanswered', ...oneCall('safe') },
  { name: 'E. a request is answered with 202', fault: 'accepted-202', ...oneCall() },
  { name: 'E. the answer is cut off in the middle', fault: 'cut-stream', ...oneCall() },
  {
    name: "F. a call's answer carries another session id",
    fault: 'session-id-swap',
    async run({ client }) {
      const before = client.sessionId();
      await attempt(client);
      return client.sessionId() === before ? 'ignored' : 'taken';
    },
  },
  {
    name: 'G. the handshake gives an id that is illegal in a header',
    fault: 'bad-session-id',
    settings: { kind: 'latin1' },
    connects: true,
    run: async ({ connect }) =>
      connect().then(
        async (client) => {
          await client.close();
          return 'taken';
        },
        (error) => nameOf(error),
      ),
  },
  {
    name: 'H. close: does the server get a DELETE?',
    fault: 'healthy',
    async run({ client, counts }) {
      await client.close();
      await wait(100);
      return `${counts().http.DELETE ?? 0} DELETEs`;
    },
  },
  {
    name: 'I. DELETE is answered 404',
    fault: 'delete-404',
    async run({ client, counts }) {
      const outcome = await client.terminate().then(
        () => 'done',
        (error) => `throws ${nameOf(error)}`,
      );
      await attempt(client);
      return `${outcome}; the next call ${calls(counts()) > 0 ? 'carries the dead id' : 'is refused without sending'}`;
    },
  },
  { name: 'J. 503 with Retry-After: 1', fault: 'unavailable-503-retry', ...oneCall() },
  { name: 'J. 429 with a date', fault: 'rate-429-date', ...oneCall() },
  { name: 'J. a bare 502, a read-only tool', fault: 'bad-gateway-502', ...oneCall('safe') },
  {
    name: 'J. a bare 502 after the tool ran, which must not run twice',
    fault: 'bad-gateway-502',
    settings: { executed: 1 },
    ...oneCall(),
  },
  {
    name: 'K. session and stream die while the client is idle: 6 s',
    fault: 'lost-get-404',
    async run({ client, server, path, counts, forget }) {
      await untilStreamOpens(server, path);
      forget();
      await wait(6_000);
      const { initialize } = counts();
      const outcome = await attempt(client);
      return `${initialize > 1 ? 'healed' : 'dead'}, ${plural(gets(counts()), 'GET')}; next call: ${outcome.ok ? 'a result' : 'fails'}`;
    },
  },
  {
    name: 'L. progress every 150 ms for 1.5 s, timeout 600 ms',
    fault: 'progress-slow',
    settings: { ms: 150, n: 10 },
    ...oneCall('unsafe', 600),
  },
  {
    name: 'M. a redirect to another origin: what arrives there',
    fault: 'redirect-other-origin',
    headers: { 'X-Api-Key': 'secret' },
    async run({ client, counts }) {
      await attempt(client);
      const arrived = counts().redirected.find(({ http }) => http === 'POST');
      if (!arrived) return 'nothing';
      return `the call${arrived.sessionId ? ' and the session id' : ''}`;
    },
  },
  {
    name: 'N. GET is answered 404 by a framework without such a route: a call every 0.5 s for 15 s',
    fault: 'get-404-route',
    atOnce: true,
    async run({ client, counts }) {
      const outcomes = [];
      for (let time = 0; time < 30; time += 1) {
        const next = wait(500);
        outcomes.push(attempt(client, 'unsafe', { key: `key ${time}` }));
        await next;
      }
      const succeeded = (await Promise.all(outcomes)).filter(({ ok }) => ok).length;
      return `${succeeded}/30; ${plural(counts().initialize, 'handshake')}, ${plural(gets(counts()), 'GET')}`;
    },
  },
  {
    name: "O. a tool's own error comes with HTTP 404 and the request's id",
    fault: 'tool-error-404',
    async run({ client, counts }) {
      const outcome = await attempt(client);
      return `${described(outcome)}; ran ${counts().executions.default ?? 0}×, ${plural(counts().initialize, 'handshake')}`;
    },
  },
  { name: 'P. `data: {"type":"heartbeat"}` before the answer', fault: 'call-heartbeats', ...oneCall() },
  { name: 'P. `data: ping` before the answer', fault: 'call-heartbeats', settings: { kind: 'text' }, ...oneCall() },
  { name: 'Q. the answer has the id as a string', fault: 'string-ids', ...oneCall() },
];
