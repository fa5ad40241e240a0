// The faults, one per button. They happen in the server or the network; the page does not fake their effects.
//
// `arm(world, client)` causes the fault for one client, `break(world)` for all clients at once. A world is
// `{ backend, holder, manager, network, control(what, body) }`; `flag` is the label on the time axis.
// @ts-check

import { briefTimeout } from './backends/backend.js';
import { duration } from './format.js';

/** @import { Backend, Fault, Holder } from './types.js' */

const offlineMs = 3_000;
const slowMs = 3_000;
const waitSeconds = 2;
/** @type {Fault['possible']} */
const served = ({ backend }) => backend.controlUrl !== undefined;
/** @type {() => boolean} */
const always = () => true;

/** @type {(kind: string, settings?: object) => Pick<Fault, 'possible' | 'arm'>} */
const refusal = (kind, settings) => ({
  possible: served,
  arm: ({ control }, client) => control('fault', { kind, client, ...settings }),
});

/** @type {Fault[]} */
export const faults = [
  {
    id: 'forget',
    label: 'Forget session',
    flag: 'forget',
    possible: always,
    tells: 'The server drops the session, as after a deployment or a cleanup. The next request is answered with 404.',
    break: ({ backend, control, holder }) =>
      served({ backend }) ? control('forget', { quiet: true }) : endBehindItsBack(backend, holder),
  },
  {
    id: 'restart',
    label: 'Restart server',
    flag: 'restart',
    possible: served,
    tells: 'The server process is killed and restarted. It has no sessions.',
    // Calls should meet the stopped server, not the restarted one: it has stopped when its streams break.
    break: ({ control, manager }) => Promise.race([once(manager.events, 'streamClosed'), control('restart')]),
  },
  {
    id: 'expire',
    label: 'Let it expire',
    flag: 'unused',
    possible: always,
    tells:
      `A session with an idle timeout of ${duration(briefTimeout)} is left unused: ` +
      'the client ends it with a DELETE, and the next call opens a new one.',
  },
  {
    id: 'lookalike',
    label: '400 for a 404',
    flag: '400',
    ...refusal('lookalike-400'),
    tells: 'The server answers “No valid session ID” with status 400, like a popular example, where MCP requires 404.',
  },
  {
    id: 'cut',
    label: 'Cut the stream',
    flag: 'cut',
    possible: always,
    tells:
      'The connection breaks during the response. If the server gave it an event id, the client resumes the stream there. ' +
      'Otherwise a safe call is repeated, so that the tool runs twice, and any other fails with outcome_unknown.',
    arm: ({ backend, control, network }, client) =>
      served({ backend }) ? control('fault', { kind: 'cut-stream', client }) : network.cutNext(),
  },
  {
    id: 'conflict',
    label: '409 on stream',
    flag: '409',
    possible: served,
    tells:
      'The GET stream is cut, and the server answers the next one with 409, because it still considers the old one open.',
    async arm({ control }, client) {
      await control('fault', { kind: 'conflict', client });
      if (client === 'mcp-tether') await control('cut-listening');
    },
  },
  {
    id: 'busy',
    label: '429, wait 2 s',
    flag: '429',
    ...refusal('status-429', { retryAfter: waitSeconds }),
    tells: `The server is busy: 429 with Retry-After: ${waitSeconds}. All calls of the session wait; then one canary request is sent first.`,
  },
  {
    id: 'unavailable',
    label: '503 after work',
    flag: '503',
    ...refusal('status-503-bare', { executed: true }),
    tells:
      'The tool runs, but a proxy answers 503. The outcome is unknown: a read-only tool is called again, others are not.',
  },
  {
    id: 'slow',
    label: 'Slow response',
    flag: 'slow',
    possible: always,
    tells: `The next call reaches the server ${duration(slowMs)} late. The client waits and does not send it twice.`,
    arm: ({ backend, control, network }, client) =>
      served({ backend }) ? control('fault', { kind: 'slow', delay: slowMs, client }) : network.delayNext(slowMs),
  },
  {
    id: 'offline',
    label: 'Go offline',
    flag: 'offline',
    possible: always,
    tells: `This page is offline for ${duration(offlineMs)}: open streams break, and nothing can be sent. The session survives.`,
    // Not awaited, so that calls are made meanwhile.
    break({ network, manager }) {
      network.goOffline(offlineMs).then(() => manager.notifyNetwork('online'));
      manager.notifyNetwork('offline');
    },
  },
];

/** @param {EventTarget} target @param {string} type */
function once(target, type) {
  return new Promise((resolve) => {
    target.addEventListener(type, resolve, { once: true });
  });
}

/**
 * Ends the session at a real server with a DELETE that bypasses the client.
 * @param {Backend} backend
 * @param {Holder} holder
 */
async function endBehindItsBack(backend, { serverName, session }) {
  const { url, headers } = backend.servers.find(({ name }) => name === serverName) ?? backend.servers[0];
  const response = await fetch(url, {
    method: 'DELETE',
    headers: { ...headers, 'Mcp-Session-Id': session?.sessionId ?? '' },
  });
  if (!response.ok)
    throw new Error(`The server answered ${response.status} to the DELETE, so the session is probably still there.`);
}
