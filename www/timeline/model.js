// What the timeline knows: the manager's events folded into lanes of bars, bands, waits, streams and marks. No drawing.

import { OpenRequests } from './open-requests.js';

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

const lateness = 250; // milliseconds by which a timer may come late

export class TimelineModel {
  lanes = new Map();
  items = []; // everything that can be pointed at, in the order in which it began

  clear() {
    this.lanes.clear();
    this.items = [];
  }

  /** Whether a request is under way, or a wait is running or has just run out at `time`. */
  busy(time) {
    return (
      this.working || [...this.lanes.values()].some((lane) => lane.waits.some((wait) => wait.end > time - lateness))
    );
  }

  /** Whether an answer is awaited from the server. */
  get working() {
    return [...this.lanes.values()].some((lane) => lane.open.size > 0);
  }

  /** Folds one event in; returns the items that began or changed. */
  add(kind, detail) {
    const lane = this.#lane(detail);
    const touched = [];
    const begin = (item) => {
      const whole = { lane, generation: detail.generation, start: detail.at, end: undefined, ...item };
      this.items.push(whole);
      touched.push(whole);
      return whole;
    };
    const finish = (item, more) => {
      Object.assign(item, { end: detail.at }, more);
      touched.push(item);
    };

    switch (kind) {
      case 'stateChanged': {
        // A record begins in its first state without a change into it.
        const before = lane.band ?? (detail.from && begin({ type: 'state', state: detail.from, start: lane.since }));
        if (before) finish(before);
        lane.state = detail.to;
        lane.band = begin({ type: 'state', state: detail.to, from: detail.from, evidence: detail.evidence });
        // A session keeps its stream in `ready` and through an outage: one that breaks has an event of its own. Waits of another state are over.
        if (detail.to !== 'ready' && detail.to !== 'outage') this.#endStream(lane, finish);
        this.#cutWaits(lane, finish);
        break;
      }
      case 'sessionCreated':
      case 'recoverySucceeded':
        if (kind === 'sessionCreated' || lane.generation !== detail.generation) {
          lane.generation = detail.generation;
          finish(begin({ type: 'generation', sessionId: detail.sessionId }));
        }
        break;
      case 'requestSent': {
        const { method, requestId, attempt, evidence } = detail;
        const item = begin({ type: 'request', method, requestId, attempt, evidence });
        item.replaces = lane.open.send(detail, item);
        if (item.replaces) finish(item.replaces, { outcome: 'sent again' });
        break;
      }
      case 'requestSettled': {
        const { method, requestId, durationMs, code } = detail;
        const settled = lane.open.settle(detail);
        const item =
          settled.item ?? begin({ type: 'request', method, requestId, start: detail.at - (durationMs ?? 0) });
        if (settled.first) {
          item.replaces = settled.first;
          finish(settled.first, { outcome: 'sent again', end: item.start });
        }
        finish(item, {
          outcome: detail.outcome ?? 'result',
          durationMs,
          code,
          evidence: detail.evidence ?? item.evidence,
        });
        break;
      }
      case 'retryScheduled':
        lane.open.wait(detail);
        this.#wait(lane, detail, begin, finish);
        break;
      case 'streamOpened':
        if (detail.stream === 'call') {
          // A call's stream lives as long as its request, which has a bar of its own: the opening is told, not the length.
          finish(begin({ type: 'stream', stream: 'call', requestId: detail.requestId }));
        } else {
          this.#endStream(lane, finish);
          lane.stream = begin({ type: 'stream', stream: 'listen' });
        }
        break;
      case 'streamClosed':
        if (detail.stream !== 'call') this.#endStream(lane, finish, { code: detail.code, evidence: detail.evidence });
        break;
      default:
        if (markKinds.has(kind))
          finish(
            begin({
              type: 'mark',
              kind,
              code: detail.code,
              evidence: detail.evidence,
              sessionId: detail.sessionId,
              durationMs: detail.durationMs,
              waited: detail.waited,
            }),
          );
    }
    return touched;
  }

  #lane({ userId, serverName, at }) {
    const key = `${userId}\n${serverName}`;
    let lane = this.lanes.get(key);
    if (!lane) {
      lane = {
        key,
        index: this.lanes.size,
        userId,
        serverName,
        since: at,
        state: undefined,
        generation: 0,
        band: undefined,
        open: new OpenRequests(),
        waits: [],
        stream: undefined,
      };
      this.lanes.set(key, lane);
    }
    return lane;
  }

  /** Waits that a change of state made pointless. */
  #cutWaits(lane, finish) {
    for (const wait of lane.waits) if (wait.end > lane.band.start) finish(wait);
    lane.waits = [];
  }

  /** Twenty calls that are refused together wait together: that is one wait, which the last of them may lengthen. */
  #wait(lane, detail, begin, finish) {
    const { at, delayMs = 0, stream, method, attempt, code, evidence } = detail;
    lane.waits = lane.waits.filter((wait) => wait.end > at);
    const same = lane.waits.find(
      (wait) => wait.stream === stream && wait.attempt === attempt && at - wait.start < delayMs / 2,
    );
    if (same) {
      const end = Math.max(same.end, at + delayMs);
      finish(same, { end, delayMs: end - same.start, refusals: same.refusals + 1 });
      return;
    }
    lane.waits.push(
      begin({ type: 'wait', delayMs, end: at + delayMs, refusals: 1, stream, method, attempt, code, evidence }),
    );
  }

  #endStream(lane, finish, more) {
    if (lane.stream) finish(lane.stream, more);
    lane.stream = undefined;
  }
}
