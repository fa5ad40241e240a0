// One fault and what follows it: the calls of both clients, our events, and the server's counts before and after.
// @ts-check

import { Untold } from '../errors.js';
import { errorInWords } from './clients.js';

/** @import { SessionEvent } from 'mcp-tether' */
/** @import { CallOutcome, ClientCounts, ServerCounts, StoryCounted, StoryFault, StoryRun, StoryTally } from '../types.js' */

/** Events that mean: calls which are open now are waiting. */
export const waitingEvents = /** @type {const} @satisfies {readonly SessionEvent[]} */ ([
  'retryScheduled',
  'sessionError',
  'recoveryStarted',
  'recoverySucceeded',
  'outageStarted',
  'outageEnded',
]);

export class Run {
  /** Calls of each client since the fault. */
  ours = tally();
  theirs = tally();
  #open = 0;
  #made = 0;
  /** @type {Set<number>} */
  #ourOpen = new Set();
  /** @type {Set<number>} */
  #waited = new Set();

  /** @param {StoryFault} fault @param {ServerCounts} before */
  constructor(fault, before) {
    this.fault = fault;
    this.before = before;
  }

  /** How many calls each client has made. */
  get made() {
    return this.#made;
  }

  /** Whether calls are unanswered. */
  get isOpen() {
    return this.#open > 0;
  }

  /** An event of our manager that means waiting. */
  wait() {
    for (const call of this.#ourOpen) this.#waited.add(call);
  }

  /** @param {Promise<CallOutcome>} ours @param {Promise<CallOutcome> | undefined} theirs */
  watch(ours, theirs) {
    const call = this.#made;
    this.#made += 1;
    this.#ourOpen.add(call);
    this.#watch(this.ours, ours).then(() => this.#ourOpen.delete(call));
    if (theirs) this.#watch(this.theirs, theirs);
  }

  /** @param {StoryTally} sum @param {Promise<CallOutcome>} coming */
  async #watch(sum, coming) {
    sum.made += 1;
    this.#open += 1;
    const outcome = await coming;
    this.#open -= 1;
    note(sum, outcome);
  }

  /** Adds the calls of another tab. @param {Record<'ours' | 'theirs', StoryTally>} sums */
  add(sums) {
    for (const client of /** @type {const} */ (['ours', 'theirs'])) {
      const sum = this[client];
      const { made, answered, unknown, error } = sums[client];
      sum.made += made;
      sum.answered += answered;
      sum.unknown += unknown;
      sum.error ??= error;
    }
  }

  /** @param {ServerCounts} after @param {number} brokeMs @returns {StoryRun} */
  end(after, brokeMs) {
    if (after.since !== this.before.since)
      throw new Untold('The browser stopped the simulated server in the middle, and its counts are gone. Press again.');
    const counted = (/** @type {string} */ client) => grown(this.before.clients[client], after.clients[client]);
    const { fault, ours, theirs } = this;
    return {
      fault,
      ours,
      theirs,
      brokeMs,
      waited: this.#waited.size,
      counted: { ours: counted('mcp-tether'), theirs: counted('official') },
    };
  }
}

/** @param {StoryTally} sum @param {CallOutcome} outcome */
export function note(sum, { ok, error }) {
  const words = ok ? undefined : errorInWords(error);
  if (ok) sum.answered += 1;
  else if (words === 'outcome_unknown') sum.unknown += 1;
  sum.error ??= words;
}

/** @returns {StoryTally} */
export function tally() {
  return { made: 0, answered: 0, unknown: 0 };
}

/** @param {ClientCounts | undefined} before @param {ClientCounts | undefined} after @returns {StoryCounted} */
function grown(before, after) {
  /** @type {(read: (counts: ClientCounts) => number | undefined) => number} */
  const grew = (read) => ((after && read(after)) ?? 0) - ((before && read(before)) ?? 0);
  return {
    handshakes: grew(({ rpc }) => rpc.initialize),
    requests: grew(({ rpc }) => rpc['tools/call']),
    gets: grew(({ http }) => http.GET),
    runs: grew(({ runs }) => runs),
    charges: grew(({ tools }) => tools?.charge),
    repeated: grew(({ repeated }) => repeated),
  };
}

/**
 * Whether a client survived the fault: every call was answered, or ended as “outcome unknown” without a second run.
 * @param {StoryTally} sum
 */
export function survived({ made, answered, unknown }) {
  return made > 0 && answered + unknown === made;
}
