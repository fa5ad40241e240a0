// Folds events into lanes of bars, bands, waits, streams and marks, each with the index of its event.
// @ts-check

import { isFailure } from './words.js';

/** @import { TraceEvent } from '../devtools.js' */
/** @typedef {'open' | 'good' | 'bad' | 'unknown' | 'again' | 'quiet' | 'wait'} Tone */
/** @typedef {{ start: number, end: number, event: number, tone: Tone, label: string, row: number }} Item `end` is Infinity while it lasts */
/** @typedef {'requests' | 'states' | 'waits' | 'streams' | 'marks'} Layer */
/**
 * @typedef {Record<Layer, Item[]> & {
 *   userId: string, serverName: string, open: Map<number, Item>, rows: number[], longest: number, generation: number,
 * }} Lane
 */

const mostRows = 26;

export class Model {
  /** @type {Map<string, Lane>} */
  lanes = new Map();
  first = Number.POSITIVE_INFINITY;
  last = Number.NEGATIVE_INFINITY;

  /** @param {TraceEvent} event @param {number} index */
  add(event, index) {
    this.first = Math.min(this.first, event.at);
    this.last = Math.max(this.last, event.at);
    folders[event.type]?.(this.#lane(event), event, index);
  }

  /** Whether something is going on. */
  get isBusy() {
    return [...this.lanes.values()].some(({ open }) => open.size > 0);
  }

  /** @param {TraceEvent} event */
  #lane({ userId, serverName }) {
    const key = `${userId}\n${serverName}`;
    let lane = this.lanes.get(key);
    if (!lane) {
      const layers = { requests: [], states: [], waits: [], streams: [], marks: [] };
      lane = { userId, serverName, ...layers, open: new Map(), rows: [], longest: 0, generation: 0 };
      this.lanes.set(key, lane);
    }
    return lane;
  }
}

/** @typedef {(lane: Lane, event: TraceEvent, index: number) => void} Folder */
/** @type {Partial<Record<TraceEvent['type'], Folder>>} */
const folders = {
  stateChanged,
  requestSent,
  requestSettled,
  retryScheduled,
  streamOpened,
  streamClosed(lane, { at, stream }) {
    if (stream !== 'call') end(lane.streams, at);
  },
  sessionCreated(lane, event, index) {
    lane.generation = event.generation;
    mark(lane, event, index, 'good', `handshake ${event.generation}`);
  },
};
for (const [type, tone] of /** @type {[TraceEvent['type'], Tone][]} */ ([
  ['sessionReused', 'good'],
  ['sessionError', 'bad'],
  ['recoveryFailed', 'bad'],
  ['sessionExpired', 'quiet'],
  ['sessionTerminated', 'quiet'],
  ['toolsChanged', 'quiet'],
  ['breakerOpened', 'bad'],
  ['breakerClosed', 'good'],
  ['outageStarted', 'bad'],
  ['outageEnded', 'good'],
  ['authorizationNeeded', 'quiet'],
  ['authorized', 'good'],
  ['authorizationFailed', 'bad'],
]))
  folders[type] = (lane, event, index) => mark(lane, event, index, tone, event.code ?? type);

/** @param {Item[]} items @param {number} at */
function end(items, at) {
  const last = items.at(-1);
  if (last && last.end > at) last.end = at;
}

/** @param {Lane} lane @param {TraceEvent} event @param {number} index @param {Tone} tone @param {string} label */
function mark(lane, { at }, index, tone, label) {
  lane.marks.push({ start: at, end: at, event: index, tone, label, row: 0 });
}

/** @type {Folder} */
function stateChanged(lane, { at, to = '' }, index) {
  end(lane.states, at);
  // Waits end with their state.
  end(lane.waits, at);
  if (to !== 'ready' && to !== 'outage') end(lane.streams, at);
  lane.states.push({ start: at, end: Number.POSITIVE_INFINITY, event: index, tone: 'quiet', label: to, row: 0 });
}

/** @type {Folder} */
function requestSent(lane, { at, method = '', requestId, replaces }, index) {
  const before = replaces === undefined ? undefined : lane.open.get(replaces);
  if (before && replaces !== undefined) close(lane, replaces, before, at, 'again');
  let row = lane.rows.findIndex((freeFrom) => freeFrom <= at);
  if (row < 0) row = lane.rows.length < mostRows ? lane.rows.length : index % mostRows;
  lane.rows[row] = Number.POSITIVE_INFINITY;
  const item = {
    start: at,
    end: Number.POSITIVE_INFINITY,
    event: index,
    tone: /** @type {Tone} */ ('open'),
    label: method,
    row,
  };
  lane.requests.push(item);
  if (requestId !== undefined) lane.open.set(requestId, item);
}

/** @type {Folder} */
function requestSettled(lane, event, index) {
  const { at, requestId } = event;
  const item = requestId === undefined ? undefined : lane.open.get(requestId);
  const tone = toneOf(event);
  if (item && requestId !== undefined) {
    item.event = index;
    close(lane, requestId, item, at, tone);
  } else if (isFailure(event)) mark(lane, event, index, tone, event.outcome ?? '');
}

/** @param {Lane} lane @param {number} requestId @param {Item} item @param {number} at @param {Tone} tone */
function close(lane, requestId, item, at, tone) {
  lane.open.delete(requestId);
  item.end = at;
  item.tone = tone;
  lane.rows[item.row] = at;
  lane.longest = Math.max(lane.longest, at - item.start);
}

/** @param {TraceEvent} event @returns {Tone} */
function toneOf(event) {
  if (event.outcome === 'result') return 'good';
  if (event.outcome === 'outcome_unknown') return 'unknown';
  return isFailure(event) ? 'bad' : 'quiet';
}

/** Calls that are refused together share one wait. @type {Folder} */
function retryScheduled(lane, { at, delayMs = 0 }, index) {
  const before = lane.waits.at(-1);
  if (before && at < before.end && at - before.start < delayMs / 2) {
    before.end = Math.max(before.end, at + delayMs);
    return;
  }
  end(lane.waits, at);
  lane.waits.push({ start: at, end: at + delayMs, event: index, tone: 'wait', label: '', row: 0 });
}

/** @type {Folder} */
function streamOpened(lane, { at, stream }, index) {
  if (stream === 'call') return;
  end(lane.streams, at);
  lane.streams.push({
    start: at,
    end: Number.POSITIVE_INFINITY,
    event: index,
    tone: 'good',
    label: 'GET stream',
    row: 0,
  });
}
