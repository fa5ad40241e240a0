// Folds events into lanes of bars, bands, waits, streams and marks.
// @ts-check

import { IdleAxis } from './idle-axis.js';
import { traceEvent } from './trace.js';
import { isFailure } from './words.js';

/** @import { SessionInfo } from '../index.js' */
/** @import { TraceEvent } from '../devtools.js' */
/** @typedef {'open' | 'good' | 'bad' | 'unknown' | 'again' | 'quiet' | 'wait'} Tone */
/**
 * @typedef {Pick<SessionInfo, 'userId' | 'serverName' | 'generation'>
 *   & Partial<Pick<SessionInfo, 'sessionId' | 'createdAt'>>
 *   & { state: string | undefined }} Snapshot
 */
/** @typedef {'requests' | 'states' | 'waits' | 'streams' | 'marks'} Layer */
/**
 * @typedef {{
 *   layer: Layer, lane: Lane, start: number, end: number, event: number, about: TraceEvent, tone: Tone, label: string, row: number, times: number, n: number,
 * }} Item `end` is Infinity while it lasts; `event` is the index of its latest event, -1 if it is only known from a snapshot, `about` has the fields of
 *   all of them, `n` is its place among all items
 */
/**
 * @typedef {Record<Layer, Item[]> & {
 *   index: number, userId: string, serverName: string, since: number, open: Map<number, Item>, rows: number[], longest: number, generation: number,
 * }} Lane
 */

const mostRows = 26;

export class Model {
  /** @type {Map<string, Lane>} */
  lanes = new Map();
  /** All items in the order of their beginnings. @type {Item[]} */
  items = [];
  axis = new IdleAxis();
  first = Number.POSITIVE_INFINITY;
  last = Number.NEGATIVE_INFINITY;
  #waitsUntil = 0;

  /** @param {TraceEvent} event @param {number} index */
  add(event, index) {
    const { at, delayMs = 0 } = event;
    if (this.items.length > 0 && !this.isBusy) this.axis.rest(Math.max(this.last, this.#waitsUntil), at);
    this.first = Math.min(this.first, at);
    this.last = Math.max(this.last, at);
    this.#waitsUntil = Math.max(this.#waitsUntil, at + delayMs);
    folders[event.type]?.(new Fold(this.items, this.#lane(event), event, index));
  }

  /**
   * Sessions as they are at a time, before the events that follow. Of what was before it, only the latest handshake is known.
   *
   * @param {Snapshot[]} sessions
   * @param {number} at
   */
  begin(sessions, at) {
    const news = sessions.filter((one) => this.lanes.get(keyOf(one))?.states.at(-1)?.label !== one.state);
    const made = news.filter((one) => one.createdAt !== undefined && one.generation > 0 && !this.lanes.has(keyOf(one)));
    made.sort((one, other) => (one.createdAt ?? 0) - (other.createdAt ?? 0));
    for (const { state, createdAt = at, ...one } of made)
      this.add(traceEvent('sessionCreated', { ...one, at: Math.min(createdAt, at) }), -1);
    for (const { userId, serverName, generation, state } of news)
      if (state) this.add(traceEvent('stateChanged', { userId, serverName, generation, at, to: state }), -1);
  }

  /** From here on events are missing, also those that would end what is open. @param {number} at */
  lose(at) {
    for (const { open, streams } of this.lanes.values()) {
      for (const [id, item] of open) close(id, item, at, 'quiet');
      for (const stream of streams) stream.end = Math.min(stream.end, at);
    }
  }

  /** The sessions with the states that they had. @param {number} at @returns {Snapshot[]} */
  statesAt(at) {
    return [...this.lanes.values()].map(({ userId, serverName, generation, states }) => ({
      userId,
      serverName,
      generation,
      state: states.findLast(({ start }) => start <= at)?.label,
    }));
  }

  /** Whether something is going on. */
  get isBusy() {
    return [...this.lanes.values()].some(({ open }) => open.size > 0);
  }

  /** Of all sessions, the worst. @returns {Tone} */
  get tone() {
    const states = [...this.lanes.values()].map(({ states: all }) => all.at(-1)?.label);
    if (states.some((state) => state === 'degraded' || state === 'outage')) return 'bad';
    if (states.some((state) => state === 'connecting' || state === 'recovering')) return 'wait';
    return states.includes('ready') ? 'good' : 'quiet';
  }

  /** The item that an event began or changed last. @param {number} event */
  itemOf(event) {
    return this.items.findLast((item) => item.event === event);
  }

  /** @param {TraceEvent} event */
  #lane(event) {
    const { userId, serverName, at } = event;
    const key = keyOf(event);
    let lane = this.lanes.get(key);
    if (!lane) {
      const layers = { requests: [], states: [], waits: [], streams: [], marks: [] };
      const own = { index: this.lanes.size, userId, serverName, since: at };
      lane = { ...own, ...layers, open: new Map(), rows: [], longest: 0, generation: 0 };
      this.lanes.set(key, lane);
    }
    return lane;
  }
}

/** @param {{ userId: string, serverName: string }} session */
const keyOf = ({ userId, serverName }) => `${userId}\n${serverName}`;

/** One event being folded into a lane. */
class Fold {
  #items;

  /** @param {Item[]} items @param {Lane} lane @param {TraceEvent} event @param {number} index */
  constructor(items, lane, event, index) {
    this.#items = items;
    this.lane = lane;
    this.event = event;
    this.index = index;
  }

  /** @param {Layer} layer @param {Tone} tone @param {string} label @param {Partial<Item>} [more] */
  begin(layer, tone, label, more) {
    const { lane, event, index } = this;
    const { at: start } = event;
    const item = {
      layer,
      lane,
      start,
      end: Infinity,
      event: index,
      about: event,
      tone,
      label,
      row: 0,
      times: 1,
      n: this.#items.length,
      ...more,
    };
    lane[layer].push(item);
    this.#items.push(item);
    return item;
  }

  /** Ends the last item of a layer, if it lasts. @param {Layer} layer */
  end(layer) {
    const last = this.lane[layer].at(-1);
    if (last && last.end > this.event.at) last.end = this.event.at;
  }

  /** @param {Tone} tone @param {string} label */
  mark(tone, label) {
    this.begin('marks', tone, label, { end: this.event.at });
  }

  /** Adds the fields of this event to an item. @param {Item} item */
  tell(item) {
    const evidence = this.event.evidence ?? item.about.evidence;
    item.event = this.index;
    item.about = { ...item.about, ...this.event, ...(evidence !== undefined && { evidence }) };
  }
}

/** @type {Partial<Record<TraceEvent['type'], (fold: Fold) => void>>} */
const folders = {
  stateChanged,
  requestSent,
  requestSettled,
  retryScheduled,
  streamOpened(fold) {
    const isCall = fold.event.stream === 'call';
    if (!isCall) fold.end('streams');
    fold.begin('streams', 'good', 'GET stream', isCall ? { end: fold.event.at } : undefined);
  },
  streamClosed(fold) {
    const last = fold.lane.streams.findLast(({ about }) => about.stream !== 'call');
    if (fold.event.stream === 'call' || !last || last.end < Infinity) return;
    last.end = fold.event.at;
    fold.tell(last);
  },
  sessionCreated(fold) {
    const { generation, sessionId } = fold.event;
    fold.lane.generation = generation;
    fold.mark('good', `handshake ${generation}${sessionId ? ` · ${sessionId}` : ''}`);
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
  folders[type] = (fold) => fold.mark(tone, fold.event.code ?? type);

/** @param {Fold} fold */
function stateChanged(fold) {
  const { lane, event } = fold;
  const { at, from, to = '' } = event;
  // A new session has its first state without an event.
  if (from && lane.states.length === 0) fold.begin('states', 'quiet', from, { start: lane.since });
  fold.end('states');
  // Waits end with their state.
  for (const wait of lane.waits) wait.end = Math.min(wait.end, Math.max(at, wait.start));
  // In `ready` and during an outage a session keeps its stream; if it breaks, there is an event.
  if (to !== 'ready' && to !== 'outage') for (const stream of lane.streams) stream.end = Math.min(stream.end, at);
  fold.begin('states', 'quiet', to);
}

/** @param {Fold} fold */
function requestSent(fold) {
  const { lane, index } = fold;
  const { at, method = '', requestId, replaces = -1 } = fold.event;
  const before = lane.open.get(replaces);
  if (before) close(replaces, before, at, 'again');
  let row = before?.row ?? lane.rows.findIndex((freeFrom) => freeFrom <= at);
  if (row < 0) row = lane.rows.length < mostRows ? lane.rows.length : index % mostRows;
  lane.rows[row] = Number.POSITIVE_INFINITY;
  const item = fold.begin('requests', 'open', method, { row });
  if (requestId !== undefined) lane.open.set(requestId, item);
}

/** @param {Fold} fold */
function requestSettled(fold) {
  const { lane, event } = fold;
  const { requestId = -1 } = event;
  const item = lane.open.get(requestId);
  const tone = toneOf(event);
  if (item) {
    fold.tell(item);
    close(requestId, item, event.at, tone);
  } else if (isFailure(event)) fold.mark(tone, event.outcome ?? '');
}

/** @param {number} requestId @param {Item} item @param {number} at @param {Tone} tone */
function close(requestId, item, at, tone) {
  const { lane } = item;
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

/** Calls that are refused together share one wait, which the last of them may extend. @param {Fold} fold */
function retryScheduled(fold) {
  const { at, delayMs = 0, stream, attempt } = fold.event;
  const end = at + delayMs;
  const same = fold.lane.waits.findLast(
    (wait) =>
      wait.end > at && wait.about.stream === stream && wait.about.attempt === attempt && at - wait.start < delayMs / 2,
  );
  if (!same) {
    fold.begin('waits', 'wait', '', { end });
    return;
  }
  same.end = Math.max(same.end, end);
  same.times += 1;
}
