// Watches one session for its operator: a log line and a span for each request, durations, recoveries, and audit events.
// @ts-check

import { count, flush, isFlushDue, observe } from '../counters.js';
import { log, wordsOf } from '../log.js';
import { partsOf } from '../session-places.js';
import { audit } from './audit.js';
import { History } from './history.js';
import { classOf, nameOf, outcomeOfCode } from './outcomes.js';
import { isLogged, logRequest, noteRequest, Timings } from './request-line.js';
import { isTracing, Span } from './telemetry.js';
import { carried } from './trace-context.js';

/** @import { Pending } from '../pending.js' */
/** @import { RawJson } from '../raw-json.js' */
/** @import { Row } from '../row.js' */
/** @import { Counts, Env, Head, LogMode, ObjectContext, RpcError } from '../types.js' */

/** @typedef {'client' | 'user' | 'admin' | 'idle' | 'age' | 'room' | 'configuration' | 'failure'} Ender who ended a session, or why */

// The manager's lines: an event listener would slow down every call.
const LINE =
  /\] (Starting session recovery for error: |Session recovery |Server unreachable: |Server reachable again)(\w*)/;

export class SessionObserver {
  #row;
  #mode;
  #env;
  #ctx;
  #onchange;
  #history;
  /** @type {{ key: string, server: string, handle: string } | undefined} */
  #parts;
  /** @type {Timings | undefined} */
  #timings;
  /** @type {Ender} */
  #endedBy = 'failure';
  #recoveredAt = 0;
  #lastCallAt = 0;
  /** @type {Set<Pending>} */
  #traced = new Set(); // unanswered requests with a span

  /**
   * @param {object} options
   * @param {Row} options.row
   * @param {LogMode} options.mode
   * @param {Env} options.env
   * @param {ObjectContext} options.ctx
   * @param {() => void} options.onchange the state of the session with the server has changed
   */
  constructor({ row, mode, env, ctx, onchange }) {
    this.#row = row;
    this.#mode = mode;
    this.#env = env;
    this.#ctx = ctx;
    this.#onchange = onchange;
    this.#history = new History(ctx.storage.sql);
  }

  get history() {
    return this.#history;
  }

  /** When this instance had the last request; 0 if it had none. */
  get lastCallAt() {
    return this.#lastCallAt;
  }

  // The owner outlives the row, for the last lines about it.
  get #session() {
    const { values } = this.#row;
    if (values) this.#parts ??= partsOf(values.owner);
    return this.#parts ?? { key: '', server: '', handle: '' };
  }

  /** @param {string} server */
  #timingsOf(server) {
    if (this.#timings?.server !== server) this.#timings = new Timings(server);
    return this.#timings;
  }

  /**
   * A request goes to the server. Returns its params and further headers, with the trace context.
   * @param {Pending} pending
   * @param {Head | undefined} trace of the client
   */
  sends(pending, trace) {
    if (!isTracing()) return carried(pending.params, trace);
    const { head } = carried(pending.params, trace);
    pending.span = new Span(head);
    this.#traced.add(pending);
    return carried(pending.params, trace, pending.span.context);
  }

  /** A request has ended: @param {Pending} pending */
  settled(pending) {
    const now = Date.now();
    const { key, server, handle } = this.#session;
    const { method, outcome, code, span, at, upstream } = pending;
    const ms = now - at;
    const recovered = this.#recoveredAt >= at || undefined;
    this.#lastCallAt = now;
    this.#history.add({ at, method: nameOf(method), outcome, code, ms, recovered });
    this.#timingsOf(server).request(classOf(method), outcome, ms);
    if (isLogged(outcome, this.#mode)) {
      const line = { outcome, ms, server, key, session: handle, protocol: this.#row.values?.agreed, method, code };
      logRequest({ ...line, replica: upstream?.replica, recovered, trace: span?.traceId });
    }
    if (span && this.#traced.delete(pending))
      span.end(spanOf(pending, server, handle, recovered), this.#env, this.#ctx);
    if (isFlushDue()) this.#ctx.waitUntil(this.#flush());
  }

  /** Requests that were not sent, because the session with the server could not be restored: @param {RawJson[]} requests @param {RpcError} error */
  unsent(requests, { data }) {
    const { key, server, handle } = this.#session;
    const code = /** @type {{ code?: string } | undefined} */ (data)?.code;
    const line = { outcome: outcomeOfCode(code), ms: 0, server, key, session: handle, code };
    for (const request of requests) noteRequest({ ...line, method: String(request.get('method')) }, this.#mode);
  }

  /** Measures the server's time: @template {{ status: number }} Found @param {Promise<Found>} response @returns {Promise<Found>} */
  timed(response) {
    const at = Date.now();
    response.then(
      ({ status }) => this.#responded(status, at),
      () => this.#responded(0, at),
    );
    return response;
  }

  /** @param {number} status @param {number} at */
  #responded(status, at) {
    const ms = Date.now() - at;
    this.#timingsOf(this.#session.server).response(status, ms);
    if (status < 200 || status > 299) this.#history.refused({ at, status, ms });
  }

  /** A log line of the manager: @param {string} line */
  heard(line) {
    const found = LINE.exec(line);
    if (!found) return;
    const [, what, word] = found;
    const now = Date.now();
    if (what.startsWith('Starting')) this.#history.beginRecovery(word, now);
    else if (what.startsWith('Session')) this.#recovered(word === 'successful', now);
    else if (word) this.#history.beginOutage(word, now);
    else this.#history.endOutage(now);
    queueMicrotask(this.#onchange); // the manager is at work
  }

  /** @param {boolean} isBack @param {number} now */
  #recovered(isBack, now) {
    const outcome = isBack ? 'recovered' : 'failed';
    const recovery = this.#history.endRecovery(outcome, now);
    if (isBack) this.#recoveredAt = now;
    if (!recovery) return;
    const { server, handle } = this.#session;
    const { at, reason, evidence } = recovery;
    const ms = now - at;
    observe('recovery_duration_seconds', { server, outcome }, ms);
    log(isBack ? 'info' : 'warn', 'recovery', { session: handle, server, outcome, reason, evidence, ms });
    if (!isTracing()) return;
    // Part of the trace of the request that waits longest for it.
    const [first] = this.#traced;
    new Span(first?.span?.context, at).end(
      {
        name: 'session recovery',
        kind: 'internal',
        attributes: { 'mcp_tether.server': server, 'mcp_tether.session': handle, 'mcp_tether.reason': reason },
        status: isBack ? 'unset' : 'error',
      },
      this.#env,
      this.#ctx,
    );
  }

  opened() {
    const { key, server, handle } = this.#session;
    audit('session.opened', { key, server, session: handle });
  }

  /** Says who ends the session, or why: the first to say so. @param {Ender} by */
  endsBy(by) {
    if (this.#endedBy === 'failure') this.#endedBy = by;
  }

  /** An open session has ended. */
  ended() {
    const { key, server, handle } = this.#session;
    audit('session.ended', { key, server, session: handle, by: this.#endedBy });
  }

  /** Sends what was counted to the registry, before the instance may be evicted. @param {Counts} [more] */
  async rests(more = {}) {
    count(more);
    await this.#flush();
  }

  #flush() {
    return flush(this.#env).catch((error) => log('warn', 'counters', { problem: wordsOf(error) }));
  }
}

/** @param {Pending} pending @param {string} server @param {string} session @param {boolean} [recovered] */
function spanOf({ method, outcome }, server, session, recovered) {
  const name = nameOf(method);
  return {
    name,
    kind: /** @type {const} */ ('client'),
    attributes: {
      'mcp.method.name': name,
      'mcp_tether.server': server,
      'mcp_tether.session': session,
      'mcp_tether.outcome': outcome,
      'mcp_tether.class': classOf(method),
      ...(recovered && { 'mcp_tether.recovered': true }),
      ...(outcome !== 'ok' && { 'error.type': outcome }),
    },
    status: outcome === 'ok' ? /** @type {const} */ ('unset') : /** @type {const} */ ('error'),
  };
}
