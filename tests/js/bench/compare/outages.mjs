// Comparisons while a server is out of reach, in Node: the server stays alive behind a proxy that answers 502.
import { setTimeout as wait } from 'node:timers/promises';
import { countDuringOutage, startOutageServer } from '../../servers/outage-server.mjs';
import { clients } from './clients.mjs';
import { crowd } from './crowd.mjs';

const each = 20;
// Beyond the longest outage and every backoff, so that no call fails because of its timeout.
export const callTimeout = 30_000;

/** The outcomes of the calls: what survived, what ran twice, and the names of the errors. */
export function describeCrowd(outcomes, executions) {
  const survived = Object.entries(outcomes).map(
    ([kind, all]) => `${kind} ${all.filter((outcome) => outcome === 'result').length}/${all.length}`,
  );
  const twice = Object.entries(executions).filter(([key, times]) => key.startsWith('unsafe ') && times > 1).length;
  const errors = [...new Set(Object.values(outcomes).flat())].filter((outcome) => outcome !== 'result');
  return `${survived.join(', ')}; ${twice} ran twice${errors.length > 0 ? `; fails with ${errors.join(', ')}` : ''}`;
}

/** Calls to a server whose proxy answers 502 for `ms` milliseconds. */
async function outage(name, ms, sessionConfig) {
  const server = await startOutageServer('502');
  let client;
  try {
    client = await clients[name](server.url, { timeout: callTimeout, sessionConfig });
    await client.tools();
    await untilStreamOpens(server);
    const { ended } = await server.begin(ms);
    const outcomes = await crowd(client, { each });
    await ended;
    return `${describeCrowd(outcomes, server.counts().executions)}; ${describePace(server.requests())}`;
  } finally {
    await client?.close().catch(() => {});
    await server.close();
  }
}

function describePace(requests) {
  const during = countDuringOutage(requests);
  return `${during.requests} requests during it, ${during.worstSecond} in the worst second`;
}

/** The official clients open their stream beside the first calls; it has to be open when the outage begins. */
export async function untilStreamOpens(server, streams = 1, within = 3_000) {
  const deadline = performance.now() + within;
  while (server.counts().openStreams < streams && performance.now() < deadline) await wait(10);
}

const title = (ms, more = '') =>
  `R. the proxy answers 502 for ${ms / 1_000} s${more}: ${each} lists and ${each} reads begin with it, ${each} unsafe calls 0.5 s later`;

/** @type {import('./run.mjs').Comparison[]} */
export const outages = [
  ...[1_000, 3_000, 10_000].map((ms) => ({
    name: title(ms),
    atOnce: true,
    limit: 60_000,
    perform: (name) => outage(name, ms),
  })),
  {
    name: title(10_000, ', with 10 attempts from 2 s on'),
    limit: 60_000,
    only: 'mcp-tether',
    why: 'it has no such setting',
    perform: (name) => outage(name, 10_000, { retryAttempts: 10, retryDelay: 2_000 }),
  },
];
