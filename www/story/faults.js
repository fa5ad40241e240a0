// The faults of the story: what breaks, and the sentence that the events and the server's counts allow.
// @ts-check

import { capital, count, duration } from '../format.js';

/** @import { StoryFault, StoryRun } from '../types.js' */

const downMs = 2_200;
const offlineMs = 3_000;

/** @type {StoryFault[]} */
export const storyFaults = [
  {
    id: 'restart',
    label: 'Restart the server',
    now: 'The server restarts…',
    chip: 'Restart',
    broke: ({ brokeMs }) =>
      `The server was killed and started again. It was away for ${duration(brokeMs)}, and it has no sessions.`,
    isLasting: true,
    async break({ control }) {
      const { ms } = /** @type {{ ms: number }} */ (await control('restart', { down: downMs }));
      return ms;
    },
    sentence: (run) => `Down for ${duration(run.brokeMs)}. ${handshakes(run)}, ${waiting(run)}, ${twice(run)}.`,
  },
  {
    id: 'forget',
    label: 'Forget the session',
    now: 'The server forgets the session…',
    chip: 'Forget the session',
    broke: () => 'The server dropped its sessions, as after a cleanup or behind a second replica. It answers 404.',
    break: ({ control }) => control('forget', { quiet: true }),
    sentence: (run) => `The session was gone. ${handshakes(run)}, ${waiting(run)}, ${twice(run)}.`,
  },
  {
    id: 'cut',
    label: 'Cut the answer',
    now: 'The next answer is cut off…',
    chip: 'Cut the answer',
    broke: () => 'The tool ran, and the connection broke in the middle of its answer.',
    break: ({ control, each }) => each((client) => control('fault', { kind: 'cut-stream', client })),
    countsStreams: true,
    sentence: (run) => `The answer was cut off. ${afterCut(run)}`,
  },
  {
    id: '503',
    label: 'Answer a payment with 503',
    now: 'A payment meets a 503…',
    chip: '503 after a payment',
    tool: 'charge',
    broke: () => 'A payment ran, and a proxy answered 503 in place of its result.',
    break: ({ control, each }) =>
      each((client) => control('fault', { kind: 'status-503-bare', executed: true, client })),
    sentence: (run) => `The card was charged ${run.counted.ours.charges}×. ${afterPayment(run)}`,
  },
  {
    id: 'offline',
    label: 'Go offline',
    now: 'Offline…',
    chip: 'Go offline',
    broke: ({ brokeMs }) => `Both clients were offline for ${duration(brokeMs)}: nothing could be sent.`,
    isLasting: true,
    async break({ network }) {
      const began = Date.now();
      await network.goOffline(offlineMs);
      return Date.now() - began; // a hidden page has slow timers
    },
    sentence: (run) => `Offline for ${duration(run.brokeMs)}. ${handshakes(run)}, ${waiting(run)}, ${twice(run)}.`,
  },
  {
    id: 'reload',
    label: 'Reload the page',
    now: 'The page reloads…',
    chip: 'Reload the page',
    broke: ({ brokeMs }) =>
      `This page was loaded again, and could call after ${duration(brokeMs)}. mcp-tether found its session in sessionStorage.`,
    reloads: true,
    break: async () => undefined,
    sentence: (run) => `Reloaded. ${handshakes(run)}, ${failures(run)}, ${twice(run)}.`,
  },
  {
    id: 'tab',
    label: 'Open a second tab',
    now: 'A second tab opens…',
    chip: 'Second tab',
    broke: () =>
      'The page was opened a second time, in the frame below: to the browser, another tab of this site. Both called the server.',
    isLasting: true,
    countsStreams: true,
    break: ({ secondTab }) => secondTab(),
    sentence: (run) => `A second tab opened. ${handshakes(run)}, ${streams(run)}, ${failures(run)}, ${twice(run)}.`,
  },
];

/** @param {StoryRun} run */
function handshakes({ counted: { ours } }) {
  return capital(count(ours.handshakes, 'handshake'));
}

/** @param {StoryRun} run */
function waiting({ ours, waited }) {
  return `${count(waited, 'call')} waited, ${failures({ ours })}`;
}

/** @param {Pick<StoryRun, 'ours'>} run */
function failures({ ours: { made, answered, unknown } }) {
  const failed = made - answered - unknown;
  return `${failed === 0 ? 'none' : failed} failed`;
}

/** Tabs share a stream: one of them opens it, and passes on what comes. @param {StoryRun} run */
function streams({ counted: { ours } }) {
  return ours.gets === 0 ? 'no second stream' : `${count(ours.gets, 'more stream')}`;
}

/** @param {StoryRun} run */
function twice({ counted: { ours } }) {
  return ours.repeated === 0 ? 'none ran twice' : `${count(ours.repeated, 'call')} ran twice`;
}

/** @param {StoryRun} run */
function afterCut({ ours, counted: { ours: counted } }) {
  const failed = ours.made - ours.answered;
  if (failed > 0) return `${capital(count(failed, 'call'))} failed.`;
  if (counted.repeated > 0) return 'It could not be resumed, so the read-only tool was called once more.';
  return counted.gets > 0
    ? 'mcp-tether fetched it again by its event id: the tool ran once.'
    : 'All calls were answered, and none ran twice.';
}

/** @param {StoryRun} run */
function afterPayment({ ours, counted: { ours: counted } }) {
  const again = counted.charges > 1 ? 'and sent it again' : 'and did not send it twice';
  return ours.unknown > 0
    ? `mcp-tether said “outcome unknown” ${again}.`
    : `mcp-tether said “${ours.error ?? 'paid'}”.`;
}
