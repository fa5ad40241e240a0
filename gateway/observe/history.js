// What happened to a session lately: its last requests, kept in memory, and its recoveries and outages, stored when they end.
// @ts-check

import { traceEvent } from '../../npm/devtools/trace.js';

/** @import { SessionInfo } from 'mcp-tether' */
/** @import { Sql, SqlCursor } from '../types.js' */
/** @import { Outcome } from './outcomes.js' */

/** @typedef {{ at: number, method: string, outcome: Outcome, code?: string, ms: number, recovered?: boolean }} Request */
/** @typedef {{ at: number, status: number, ms: number }} Refusal a response of the server outside 200–299; 0: there was none */
/**
 * A recovery or an outage. `reason` is an error code, `evidence` the last refusal of the server before it.
 * @typedef {{ kind: 'recovery' | 'outage', at: number, reason: string, evidence?: string, outcome?: 'recovered' | 'failed', ms?: number }} Trouble
 */

const MOST_REQUESTS = 50;
const MOST_TROUBLES = 20;
const RECENT = 60_000; // milliseconds after which a refusal no longer explains a loss

export class History {
  #sql;
  /** @type {Request[]} */
  #requests = [];
  #next = 0; // where the next request goes
  /** @type {Refusal | undefined} */
  #refusal;
  /** @type {Trouble | undefined} */
  #open; // the trouble that has not ended
  /** @type {Trouble | undefined} */
  #outage;

  /** @param {Sql} sql */
  constructor(sql) {
    this.#sql = sql;
  }

  /** @param {Request} request */
  add(request) {
    this.#requests[this.#next] = request;
    this.#next = (this.#next + 1) % MOST_REQUESTS;
  }

  /** @param {Refusal} refusal */
  refused(refusal) {
    this.#refusal = refusal;
  }

  /** The recovery that is under way. */
  get recovering() {
    return this.#open;
  }

  /** @param {string} reason @param {number} now */
  beginRecovery(reason, now) {
    this.#open ??= { kind: 'recovery', at: now, reason, ...this.#evidence(now) };
  }

  /** @param {'recovered' | 'failed'} outcome @param {number} now @returns {Trouble | undefined} the recovery */
  endRecovery(outcome, now) {
    const ended = this.#open;
    this.#open = undefined;
    if (ended) this.#store({ ...ended, outcome, ms: now - ended.at });
    return ended;
  }

  /** @param {string} reason @param {number} now */
  beginOutage(reason, now) {
    this.#outage ??= { kind: 'outage', at: now, reason, ...this.#evidence(now) };
  }

  /** @param {number} now */
  endOutage(now) {
    const ended = this.#outage;
    this.#outage = undefined;
    if (ended) this.#store({ ...ended, outcome: 'recovered', ms: now - ended.at });
  }

  /** @param {number} now */
  #evidence(now) {
    const { at, status } = this.#refusal ?? { at: 0, status: 0 };
    if (now - at > RECENT) return undefined;
    return { evidence: status === 0 ? 'no response' : `HTTP status ${status}` };
  }

  // A table of its own, made at the first recovery: most sessions never have one.
  /** @param {Trouble} trouble */
  #store(trouble) {
    this.#sql.exec('CREATE TABLE IF NOT EXISTS trouble (id INTEGER PRIMARY KEY, data TEXT NOT NULL)');
    this.#sql.exec('INSERT INTO trouble (data) VALUES (?)', JSON.stringify(trouble));
    this.#sql.exec('DELETE FROM trouble WHERE id <= (SELECT max(id) FROM trouble) - ?', MOST_TROUBLES);
  }

  /** The last requests, oldest first. */
  get requests() {
    return [...this.#requests.slice(this.#next), ...this.#requests.slice(0, this.#next)];
  }

  /** The last recoveries and outages, oldest first, those under way included. @returns {Trouble[]} */
  get troubles() {
    const exists = this.#sql.exec("SELECT 1 FROM sqlite_master WHERE name = 'trouble'").toArray().length > 0;
    /** @type {SqlCursor<{ data: string }> | undefined} */
    const rows = exists ? this.#sql.exec('SELECT data FROM trouble ORDER BY id') : undefined;
    const stored = rows?.toArray().map(({ data }) => JSON.parse(data)) ?? [];
    return [...stored, this.#outage, this.#open].filter((trouble) => trouble !== undefined);
  }

  /**
   * The events of the trace that the history amounts to: docs/devtools.md describes the format.
   * @param {{ user: string, server: string, created: number, info: SessionInfo | undefined }} session
   */
  traceEvents({ user, server, created, info }) {
    const { troubles } = this;
    const recovered = troubles.filter(({ kind, outcome }) => kind === 'recovery' && outcome === 'recovered');
    /** @param {string} type @param {number} at @param {object} [detail] */
    const event = (type, at, detail) => {
      const later = recovered.filter((one) => one.at + (one.ms ?? 0) > at).length;
      const generation = Math.max(1, (info?.generation ?? recovered.length + 1) - later);
      return traceEvent(type, { userId: user, serverName: server, generation, at, ...detail });
    };
    const events = [event('sessionCreated', created), event('stateChanged', created, { to: 'ready' })];
    for (const trouble of troubles) events.push(...eventsOf(trouble, event));
    for (const [index, { at, method, outcome, code, ms }] of this.requests.entries()) {
      const request = { method, requestId: index + 1 };
      const result = outcome === 'ok' || outcome === 'tool_error' ? 'result' : (code ?? outcome);
      events.push(event('requestSent', at, { ...request, attempt: 1 }));
      events.push(event('requestSettled', at + ms, { ...request, outcome: result, durationMs: ms }));
    }
    return events.sort((one, other) => one.at - other.at);
  }
}

/** @typedef {(type: string, at: number, detail?: object) => ReturnType<typeof traceEvent>} MakeEvent */

/** @param {Trouble} trouble @param {MakeEvent} event */
function eventsOf({ kind, at, reason: code, evidence, outcome, ms = 0 }, event) {
  const end = at + ms;
  const state = kind === 'outage' ? 'outage' : 'recovering';
  const begun = event('stateChanged', at, { from: 'ready', to: state });
  if (kind === 'outage') {
    const started = [event('outageStarted', at, { code, evidence }), begun];
    if (!outcome) return started;
    const ended = [
      event('outageEnded', end, { durationMs: ms }),
      event('stateChanged', end, { from: state, to: 'ready' }),
    ];
    return [...started, ...ended];
  }
  const started = [event('sessionError', at, { code, evidence }), begun, event('recoveryStarted', at, { code })];
  if (!outcome) return started;
  const to = outcome === 'failed' ? 'degraded' : 'ready';
  const left = event('stateChanged', end, { from: state, to });
  if (outcome === 'failed') return [...started, event('recoveryFailed', end, { code }), left];
  return [...started, event('sessionCreated', end), left, event('recoverySucceeded', end, { code, durationMs: ms })];
}
