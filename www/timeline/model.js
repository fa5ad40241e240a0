// The timeline's model: folds the manager's events into lanes of bars, bands, waits, streams and marks.
// @ts-check

import { OpenRequests } from './open-requests.js';

/** @import { SessionEvent, SessionEventDetail } from 'mcp-tether' */
/** @import { Lane, TimelineItem } from '../types.js' */

/** @type {Set<SessionEvent>} */
const markKinds = new Set([
  'sessionError',
  'sessionExpired',
  'sessionTerminated',
  'recoveryFailed',
  'toolsChanged',
  'breakerOpened',
  'breakerClosed',
  'sessionReused',
  'outageStarted',
  'outageEnded',
]);

const lateness = 250; // milliseconds by which a timer may be late

export class TimelineModel {
  /** @type {Map<string, Lane>} */
  lanes = new Map();
  /** @type {TimelineItem[]} */
  items = []; // all interactive items, ordered by start

  clear() {
    this.lanes.clear();
    this.items = [];
  }

  /**
   * Whether a request is pending, or a wait is running or has just ended at `time`.
   * @param {number} time
   */
  busy(time) {
    return (
      this.working ||
      [...this.lanes.values()].some((lane) => lane.waits.some((wait) => (wait.end ?? 0) > time - lateness))
    );
  }

  /** Whether a request is pending. */
  get working() {
    return [...this.lanes.values()].some((lane) => lane.open.size > 0);
  }

  /**
   * Folds in one event; returns the new and changed items.
   * @param {SessionEvent} kind
   * @param {SessionEventDetail} detail
   * @returns {TimelineItem[]}
   */
  add(kind, detail) {
    const fold = new Fold(this.#lane(detail), detail, this.items);
    const folder = folders[kind];
    if (folder) folder(fold);
    else if (markKinds.has(kind)) mark(fold, kind);
    return fold.touched;
  }

  /** @param {SessionEventDetail} detail */
  #lane({ userId, serverName, at }) {
    const key = `${userId}\n${serverName}`;
    const known = this.lanes.get(key);
    if (known) return known;
    /** @type {Lane} */
    const lane = {
      key,
      index: this.lanes.size,
      userId,
      serverName,
      since: at,
      generation: 0,
      open: new OpenRequests(),
      waits: [],
    };
    this.lanes.set(key, lane);
    return lane;
  }
}

/** One event being folded into a lane. */
class Fold {
  /** @type {TimelineItem[]} */
  touched = [];
  #items;

  /** @param {Lane} lane @param {SessionEventDetail} detail @param {TimelineItem[]} items */
  constructor(lane, detail, items) {
    this.lane = lane;
    this.detail = detail;
    this.#items = items;
  }

  /** @param {Pick<TimelineItem, 'type'> & Partial<TimelineItem>} item @returns {TimelineItem} */
  begin(item) {
    const { lane, detail } = this;
    const whole = { lane, generation: detail.generation, start: detail.at, end: undefined, ...item };
    this.#items.push(whole);
    this.touched.push(whole);
    return whole;
  }

  /** @param {TimelineItem} item @param {Partial<TimelineItem>} [more] */
  finish(item, more) {
    Object.assign(item, { end: this.detail.at }, more);
    this.touched.push(item);
  }

  /** @param {Partial<TimelineItem>} [more] */
  endStream(more) {
    if (this.lane.stream) this.finish(this.lane.stream, more);
    this.lane.stream = undefined;
  }
}

/** @type {Partial<Record<SessionEvent, (fold: Fold) => void>>} */
const folders = {
  stateChanged,
  sessionCreated: handshake,
  recoverySucceeded(fold) {
    if (fold.lane.generation !== fold.detail.generation) handshake(fold);
  },
  requestSent,
  requestSettled,
  retryScheduled,
  streamOpened,
  streamClosed(fold) {
    const { stream, code, evidence } = fold.detail;
    if (stream !== 'call') fold.endStream({ code, evidence });
  },
};

/** @param {Fold} fold */
function stateChanged(fold) {
  const { lane, detail } = fold;
  // A new record has its first state without an event.
  const before = lane.band ?? (detail.from && fold.begin({ type: 'state', state: detail.from, start: lane.since }));
  if (before) fold.finish(before);
  lane.state = detail.to;
  lane.band = fold.begin({ type: 'state', state: detail.to, from: detail.from, evidence: detail.evidence });
  // In `ready` and during an outage a session keeps its stream; if it breaks, there is an event.
  if (detail.to !== 'ready' && detail.to !== 'outage') fold.endStream();
  // Waits end with their state.
  for (const wait of lane.waits) if ((wait.end ?? 0) > lane.band.start) fold.finish(wait);
  lane.waits = [];
}

/** @param {Fold} fold */
function handshake(fold) {
  const { generation, sessionId } = fold.detail;
  fold.lane.generation = generation;
  fold.finish(fold.begin({ type: 'generation', sessionId }));
}

/** @param {Fold} fold */
function requestSent(fold) {
  const { method, requestId, attempt, evidence } = fold.detail;
  const item = fold.begin({ type: 'request', method, requestId, attempt, evidence });
  item.replaces = fold.lane.open.send(fold.detail, item);
  if (item.replaces) fold.finish(item.replaces, { outcome: 'sent again' });
}

/** @param {Fold} fold */
function requestSettled(fold) {
  const { at, method, requestId, durationMs, code, outcome = 'result', evidence } = fold.detail;
  const settled = fold.lane.open.settle(fold.detail);
  const item = settled.item ?? fold.begin({ type: 'request', method, requestId, start: at - (durationMs ?? 0) });
  if (settled.first) {
    item.replaces = settled.first;
    fold.finish(settled.first, { outcome: 'sent again', end: item.start });
  }
  fold.finish(item, { outcome, durationMs, code, evidence: evidence ?? item.evidence });
}

/**
 * Calls that are refused together share one wait, which the last of them may extend.
 * @param {Fold} fold
 */
function retryScheduled(fold) {
  const { lane, detail } = fold;
  const { at, delayMs = 0, stream, method, attempt, code, evidence } = detail;
  lane.open.wait(detail);
  lane.waits = lane.waits.filter((wait) => (wait.end ?? 0) > at);
  const same = lane.waits.find(
    (wait) => wait.stream === stream && wait.attempt === attempt && at - wait.start < delayMs / 2,
  );
  if (same) {
    const end = Math.max(same.end ?? 0, at + delayMs);
    fold.finish(same, { end, delayMs: end - same.start, refusals: (same.refusals ?? 1) + 1 });
    return;
  }
  lane.waits.push(
    fold.begin({ type: 'wait', delayMs, end: at + delayMs, refusals: 1, stream, method, attempt, code, evidence }),
  );
}

/** @param {Fold} fold */
function streamOpened(fold) {
  const { stream, requestId } = fold.detail;
  if (stream === 'call') {
    // A call's stream ends with its request, which has its own bar: only its start is shown.
    fold.finish(fold.begin({ type: 'stream', stream: 'call', requestId }));
  } else {
    fold.endStream();
    fold.lane.stream = fold.begin({ type: 'stream', stream: 'listen' });
  }
}

/** @param {Fold} fold @param {SessionEvent} kind */
function mark(fold, kind) {
  const { code, evidence, sessionId, durationMs, waited } = fold.detail;
  fold.finish(fold.begin({ type: 'mark', kind, code, evidence, sessionId, durationMs, waited }));
}
