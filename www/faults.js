// The ways to break a session, one click each. All are done by the server or the network; none is acted out by the page.
//
// `arm(world, client)` makes the trouble for one client, `break(world)` for everybody at once. A world is
// `{ backend, holder, manager, network, control(what, body) }`; `flag` is what the timeline writes on its axis.
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
    tells: 'The server drops the session, as after a deployment or a clean-up. The next request is answered 404.',
    break: ({ backend, control, holder }) =>
      served({ backend }) ? control('forget', { quiet: true }) : endBehindItsBack(backend, holder),
  },
  {
    id: 'restart',
    label: 'Restart server',
    flag: 'restart',
    possible: served,
    tells: 'The server is killed without a goodbye, and another starts in its place. It knows nobody.',
    // The calls are to meet a server that is gone, not one that is back: it is gone when its streams break.
    break: ({ control, manager }) => Promise.race([once(manager.events, 'streamClosed'), control('restart')]),
  },
  {
    id: 'expire',
    label: 'Let it expire',
    flag: 'unused',
    possible: always,
    tells:
      `A session with an idle limit of ${duration(briefTimeout)} is left unused: ` +
      'the client gives it up in time, with a DELETE, and the next call opens a new one.',
  },
  {
    id: 'lookalike',
    label: '400 for a 404',
    flag: '400',
    ...refusal('lookalike-400'),
    tells: 'The server says “No valid session ID” with status 400, as a much-copied example does, where MCP wants 404.',
  },
  {
    id: 'cut',
    label: 'Cut the stream',
    flag: 'cut',
    possible: always,
    tells:
      'The connection breaks while the answer is on its way. It is fetched again by its event id, not by a second run; ' +
      'without an id, only what is safe is repeated.',
    arm: ({ backend, control, network }, client) =>
      served({ backend }) ? control('fault', { kind: 'cut-stream', client }) : network.cutNext(),
  },
  {
    id: 'conflict',
    label: '409 on stream',
    flag: '409',
    possible: served,
    tells:
      'The stream on which the server speaks unasked is cut, and the server answers 409 to the next: it believes the old one is still there.',
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
    tells: `The server is busy: 429 with Retry-After: ${waitSeconds}. The whole session waits as told, then one request goes first.`,
  },
  {
    id: 'unavailable',
    label: '503 after work',
    flag: '503',
    ...refusal('status-503-bare', { executed: true }),
    tells:
      'The tool runs, but a proxy answers 503 in its place. Nobody can tell: a tool that only reads is called again, another is not.',
  },
  {
    id: 'slow',
    label: 'Answer slowly',
    flag: 'slow',
    possible: always,
    tells: `The next call reaches the server ${duration(slowMs)} late. Waiting is not failing: nothing is sent twice.`,
    arm: ({ backend, control, network }, client) =>
      served({ backend }) ? control('fault', { kind: 'slow', delay: slowMs, client }) : network.delayNext(slowMs),
  },
  {
    id: 'offline',
    label: 'Go offline',
    flag: 'offline',
    possible: always,
    tells: `This page loses its network for ${duration(offlineMs)}: open streams break, and nothing can be sent. The session outlives it.`,
    // Not awaited: the calls have to meet it.
    break({ network }) {
      network.goOffline(offlineMs);
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
 * A real server is made to forget as any other client of the visitor's could do it: with a DELETE that our client knows nothing of.
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
