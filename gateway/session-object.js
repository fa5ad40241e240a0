// The Durable Object of one client session: a row, an event log, and in memory the session with the server.
//
// An idle object is evicted within seconds. A new instance reads the row and continues without the state in memory.
// @ts-check

import { DurableObject } from 'cloudflare:workers';
import { bodiless, idOf, onlyText, refused } from './answers.js';
import { ClientSide, needsServer } from './client-side.js';
import { eraInSession } from './era.js';
import { EventLog } from './event-log.js';
import { beatOf, Use } from './expiry.js';
import { HeldBodies } from './held-bodies.js';
import { LazyUpstream } from './lazy-upstream.js';
import { log, wordsOf } from './log.js';
import { explained, traced } from './observe/explain.js';
import { SessionObserver } from './observe/session-observer.js';
import { within } from './patience.js';
import { parse } from './raw-json.js';
import { Row } from './row.js';
import { SessionConnection } from './session-connection.js';
import { AGAIN, SessionEnd } from './session-end.js';
import { SessionOpening } from './session-opening.js';
import { partsOf } from './session-places.js';
import { settingsOf } from './settings.js';
import { nextAlarm } from './topology/keep-alive.js';

/** @import { Result } from './client-side.js' */
/** @import { RawJson } from './raw-json.js' */
/** @import { AnswerHeaders, Env, Head, Identity, ObjectAnswer, ObjectContext, SessionRow, Usage } from './types.js' */

const UNFETCHED = 5_000; // milliseconds after which the request at the entry is gone that would fetch a body
const PATIENCE = 1_000; // milliseconds that a client waits for the end of its session at the server

export class SessionObject extends DurableObject {
  #row;
  #log;
  #settings;
  /** @type {boolean | undefined} */
  #checked; // whether the server's configuration is unchanged
  #upstream; // the session with the server
  #use; // the times of its use
  #pinged = 0; // when the resting session was pinged last
  /** @type {ReturnType<typeof setInterval> | undefined} */
  #pulse; // the timer for all waiting work
  #opening;
  #end;
  #client;
  #observer;
  #held = new HeldBodies();
  #connection;

  /** @param {ObjectContext} ctx @param {Env} env */
  constructor(ctx, env) {
    super(ctx, env);
    this.#settings = settingsOf(env);
    this.#row = new Row(ctx.storage.sql);
    const { gateway, limits, lifetime, log: mode } = this.#settings;
    this.#observer = new SessionObserver({ row: this.#row, mode, env, ctx, onchange: () => this.#noteInfo() });
    this.#use = new Use(this.#row, (owner) => lifetime(partsOf(owner).server) ?? { timeout: 0, maxAge: 0 });
    this.#log = new EventLog(ctx.storage.sql, limits);
    this.#client = new ClientSide({
      row: this.#row,
      log: this.#log,
      gateway,
      limits,
      observer: this.#observer,
      onuse: () => this.#used(),
    });
    const [row, client, observer, settings] = [this.#row, this.#client, this.#observer, this.#settings];
    const onissued = (/** @type {string} */ id) => this.#end.noteIssued(id);
    this.#connection = new SessionConnection({ ctx, env, settings, row, client, observer, onissued });
    this.#upstream = new LazyUpstream(
      row,
      ({ owner, identity }) => {
        const needsLogin = this.#upstream.postponed !== undefined;
        return this.#connection.open(partsOf(owner).server, JSON.parse(identity), { needsLogin });
      },
      { onrevive: () => client.goOn(), onlogin: () => client.loggedIn() },
    );
    const [log, upstream, connection] = [this.#log, this.#upstream, this.#connection];
    const parts = { ctx, env, settings, row, log, client, upstream, connection };
    this.#end = new SessionEnd(parts, {
      onbegin: () => {
        this.#opening.isOver();
        this.#stopPulse();
      },
      onend: (counts, wasOpen) => {
        if (wasOpen) observer.ended();
        return observer.rests(counts);
      },
    });
    this.#opening = new SessionOpening(parts, { end: this.#end, onopen: () => this.#onopen() });
  }

  // Methods for the entry return `{ status, headers, body, counts? }`, or the text of a JSON response; undefined if the session does not exist or
  // belongs to another owner.

  /**
   * A POST of the client. `trace` has the headers for distributed tracing.
   * @param {string} owner
   * @param {string | undefined} version
   * @param {string} text
   * @param {Head} [trace]
   */
  post(owner, version, text, trace) {
    return this.#answer(owner, version, text, (body) => this.#post(body, trace));
  }

  /**
   * A GET of the client, which may resume a stream.
   * @param {string} owner
   * @param {string | undefined} version
   * @param {string} [lastEventId]
   * @param {number} [until] when the client's token expires
   */
  listen(owner, version, lastEventId, until) {
    return this.#answer(owner, version, undefined, () => this.#listen(lastEventId, until));
  }

  /**
   * A DELETE of the client.
   * @param {string} owner
   * @param {string | undefined} version
   */
  delete(owner, version) {
    return this.#answer(owner, version, undefined, () => this.#delete());
  }

  /**
   * A body, fetched by the entry by its number.
   * @param {Request} request
   */
  fetch(request) {
    return this.#held.fetch(Number(new URL(request.url).pathname.slice(1)));
  }

  /**
   * @param {string} owner
   * @param {string | undefined} version
   * @param {string | undefined} text
   * @param {(body: RawJson) => Result} act
   * @returns {Promise<string | ObjectAnswer | undefined>}
   */
  async #answer(owner, version, text, act) {
    const isUsable = this.#isUsableBy(owner);
    if (!(isUsable instanceof Promise ? await isUsable : isUsable)) return undefined;
    let body;
    try {
      body = text === undefined ? undefined : parse(text);
    } catch {
      return this.#refuse('json');
    }
    const era = eraInSession(this.#settings.gateway, version, body, this.#values.agreed);
    if (typeof era === 'object') return refused(era, { id: idOf(body) });
    if (era !== 'session') return undefined;
    const counts = this.#use.touch(Date.now()) ? this.#report() : undefined;
    const answer = this.#held.handOver(await act(/** @type {RawJson} */ (body)));
    if (counts) return answer && { ...answer, counts };
    return answer && (onlyText(answer) ?? answer);
  }

  // Every path leaves an alarm behind, or no session.
  async alarm() {
    if (!this.#row.values) return;
    const now = Date.now();
    if (!this.#row.isOpen) {
      if (now < this.#opening.until) await this.ctx.storage.setAlarm(now + AGAIN);
      else await this.#end.run();
      return;
    }
    // A waiting or listening client keeps the session in use, but not beyond its maximum age.
    if (this.#client.isWaiting) this.#use.touch(now);
    const { expiry, reason } = this.#use.expiry;
    if (now < expiry) {
      await this.#keepAlive(now);
      return;
    }
    log('info', 'sessionExpired', { reason });
    this.#observer.endsBy(reason);
    await this.#end.run();
  }

  /**
   * Ends the session on behalf of its owner.
   * @param {string} owner
   */
  async end(owner) {
    if (!(await this.#isUsableBy(owner))) return;
    this.#observer.endsBy('user');
    await this.#end.run();
  }

  /** Ends the session on behalf of the administrator. Returns whether there was one. */
  async endForAdmin() {
    if (!this.#row.isOpen) return false;
    this.#observer.endsBy('admin');
    await this.#end.run();
    return true;
  }

  /** The state of the session, for the administrator. */
  explain() {
    return explained(this.#explainable);
  }

  /** What happened to it, as a trace. */
  trace() {
    return traced(this.#explainable);
  }

  get #explainable() {
    const upstream = this.#upstream.running;
    return { row: this.#row, client: this.#client, log: this.#log, use: this.#use, observer: this.#observer, upstream };
  }

  /**
   * How the session is used; undefined if it does not exist or belongs to another owner.
   * @param {string} owner
   * @returns {Usage | undefined}
   */
  usage(owner) {
    const { values, isOpen } = this.#row;
    if (values?.owner !== owner) return undefined;
    const busyUntil = isOpen ? this.#client.busyUntil : Math.max(this.#opening.until, Date.now() + AGAIN);
    return { usedAt: this.#use.last, busyUntil, isListening: this.#client.isWaiting };
  }

  /**
   * Ends the session for another one of the same user, unless it is in use again. Returns whether it has ended.
   * @param {string} owner
   */
  async makeRoom(owner) {
    if (!(await this.#isUsableBy(owner)) || this.#client.busyUntil > 0) return false;
    log('info', 'sessionReplaced');
    this.#observer.endsBy('room');
    await this.#end.run();
    return true;
  }

  /**
   * `initialize`: creates the session if the server accepts it. The response is then `opened`.
   * @param {string} owner
   * @param {Identity} caller
   * @param {string} idText of the request
   * @param {string} params as JSON
   * @param {boolean} [isCanary] whether the session goes to the server's canary
   */
  open(owner, caller, idText, params, isCanary) {
    return this.#opening.run(owner, caller, parse(idText), params, isCanary);
  }

  #onopen() {
    this.#checked = true;
    this.#observer.opened();
    this.#used();
    return this.ctx.storage.setAlarm(this.#nextAlarm);
  }

  // Whether the session is open, belongs to this owner (who includes the server), and was opened with the present configuration, which is checked once
  // per instance.
  /** @param {string} owner */
  #isUsableBy(owner) {
    const { values: row, isOpen } = this.#row;
    // Not timing-safe, which is sufficient: without the session id a caller reaches another object.
    if (!row || !isOpen || owner !== row.owner) return false;
    return this.#checked ?? this.#check(row);
  }

  /** @param {SessionRow} row */
  async #check({ settings }) {
    this.#checked = (await this.#settings.fingerprint(this.#owner.server)) === settings;
    if (!this.#checked) this.#observer.endsBy('configuration');
    if (!this.#checked) await this.#end.run();
    return this.#checked;
  }

  get #owner() {
    return partsOf(this.#values.owner);
  }

  // The row of an existing session.
  get #values() {
    const { values } = this.#row;
    if (!values) throw new Error('the session has ended');
    return values;
  }

  /** @param {RawJson} body @param {Head} [trace] */
  #post(body, trace) {
    this.#used();
    this.#connection.auth?.hear(body.value);
    const { running, postponed } = this.#upstream;
    if (running) return this.#client.post(running, body, trace);
    if (postponed && !needsServer(body)) return this.#client.post(Promise.resolve(postponed), body, trace);
    const found = this.#upstream.awake();
    // A login may take minutes, and the client is asked for it on the stream of its own request.
    if (this.#connection.hasLogins(this.#owner.server)) return this.#client.post(found, body, trace);
    return found.then((one) => this.#client.post(one, body, trace));
  }

  /** @param {string} [lastEventId] @param {number} [until] */
  #listen(lastEventId, until) {
    return this.#client.listen({ lastEventId, until }, () => {
      // Server messages require the session with the server; the client does not wait for it.
      const { postponed } = this.#upstream;
      const awake = () => this.#upstream.awake();
      this.ctx.waitUntil(postponed ? this.#connection.afterLogin(postponed, awake) : awake());
      this.#used();
    });
  }

  // The response is sent after the deletion: no trace of an ended session is left. If it were sent first, clients that end many sessions would build up
  // a backlog, and a busy workerd does not read from its connections. Only a slow server is not waited for.
  async #delete() {
    this.#observer.endsBy('client');
    const ended = this.#end.run();
    this.ctx.waitUntil(ended);
    await within(ended, PATIENCE);
    return bodiless(200);
  }

  // One timer for all waiting work: setting and clearing a timer takes workerd longer than the rest of a call.
  #used() {
    if (!this.#row.isOpen) return;
    this.#use.note(Date.now());
    this.#pulse ??= setInterval(
      () => this.#beat(),
      beatOf(this.#settings.limits.REST_AFTER, this.#use.interval, this.#config?.timeout),
    );
  }

  get #config() {
    return this.#settings.servers[this.#owner.server];
  }

  #beat() {
    const now = Date.now();
    this.#client.beat(now, this.#config?.timeout);
    if (this.#client.isWaiting) this.#use.touch(now);
    const { silentSince } = this.#client;
    const checked = silentSince === undefined ? undefined : this.#upstream.running?.check(silentSince, now);
    if (checked) this.ctx.waitUntil(checked);
    this.#held.dropOld(now, UNFETCHED);
    this.#log.flush();
    if (!this.#client.needsServer && now - this.#use.last >= this.#settings.limits.REST_AFTER)
      this.ctx.waitUntil(this.#rest());
  }

  // An open stream to the server keeps the object in memory, so an unused one is closed.
  async #rest() {
    this.#stopPulse();
    this.#use.write();
    const counts = await this.#upstream.rest();
    if (this.#row.isOpen && this.#config?.sessionConfig?.keepAlive && this.#use.last > this.#pinged)
      await this.ctx.storage.setAlarm(this.#nextAlarm);
    await this.#observer.rests(counts);
  }

  // While an instance is connected to the server, its manager sends pings.
  get #nextAlarm() {
    const last = this.#upstream.running ? Date.now() : Math.max(this.#use.last, this.#pinged);
    return nextAlarm(this.#use.expiry.expiry, this.#config?.sessionConfig?.keepAlive, last);
  }

  // While the session rests, no manager pings its server.
  /** @param {number} now */
  async #keepAlive(now) {
    const isDue = this.#config?.sessionConfig?.keepAlive && !this.#upstream.running;
    if (isDue) this.#pinged = now;
    await this.ctx.storage.setAlarm(this.#nextAlarm); // first: this instance may die
    if (!isDue || !(this.#checked ?? (await this.#check(this.#values)))) return;
    const { last } = this.#use;
    await this.#upstream.ping().catch((error) => log('warn', 'notPinged', { problem: wordsOf(error) }));
    if (this.#row.isOpen && this.#use.last === last && !this.#client.needsServer) await this.#rest();
  }

  #stopPulse() {
    clearInterval(this.#pulse);
    this.#pulse = undefined;
  }

  // At intervals, never during a request: updates the user's index. Returns increased counters.
  #report() {
    const { running } = this.#upstream;
    if (!running) return undefined;
    this.#noteInfo();
    return this.#upstream.grown(running);
  }

  #noteInfo() {
    const info = this.#upstream.running?.info();
    if (info && this.#row.isOpen)
      this.ctx.waitUntil(this.#connection.indexOf(JSON.parse(this.#values.identity)).note(this.#owner.handle, info));
  }

  /** @param {string} name @param {{ id?: unknown, headers?: AnswerHeaders }} [details] */
  #refuse(name, details) {
    return refused(this.#settings.gateway.refusal(name), details);
  }
}
