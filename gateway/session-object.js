// The Durable Object of one client session: a row, an event log, and in memory the session with the server.
//
// An idle object is evicted within seconds. A new instance reads the row and continues without the state in memory.
// @ts-check

import { DurableObject } from 'cloudflare:workers';
import { bodiless, idOf, json, onlyText, refused, seconds } from './answers.js';
import { ClientSide } from './client-side.js';
import { EventLog } from './event-log.js';
import { beatOf, Use } from './expiry.js';
import { HeldBodies } from './held-bodies.js';
import { negotiable } from './hello.js';
import { endIssued } from './issued.js';
import { LazyUpstream } from './lazy-upstream.js';
import { log, wordsOf } from './log.js';
import { notification } from './messages.js';
import { SessionAuth } from './oauth/session-auth.js';
import { explained, traced } from './observe/explain.js';
import { SessionObserver } from './observe/session-observer.js';
import { within } from './patience.js';
import { objectOf, parse, RawJson, write } from './raw-json.js';
import { register } from './room.js';
import { Row } from './row.js';
import { partsOf } from './session-places.js';
import { settingsOf } from './settings.js';
import { nextAlarm } from './topology/keep-alive.js';
import { routeOf } from './topology/routes.js';
import { unopened } from './unopened.js';
import { Upstream } from './upstream.js';

/** @import { Result } from './client-side.js' */
/** @import { AnswerHeaders, Cause, Counts, Env, Head, Identity, ObjectAnswer, ObjectContext, ServerNews, SessionRow, Usage } from './types.js' */

const OPENING = 300_000; // milliseconds that opening a session may take, longer than all attempts of the manager
const ENDING = 600_000; // milliseconds for which a server that is out of reach is told that a session has ended
const UNFETCHED = 5_000; // milliseconds after which the request at the entry is gone that would fetch a body
const CLOSING = 60_000; // milliseconds after which the end of a session is tried again
const PATIENCE = 1_000; // milliseconds that a client waits for the end of its session at the server
const LARGEST_PARAMS = 256 * 1024; // characters of the params of `initialize`: a row of SQLite in a Durable Object holds 2 MB

export class SessionObject extends DurableObject {
  #row;
  #log;
  #settings;
  /** @type {boolean | undefined} */
  #checked; // whether the server's configuration is unchanged
  #upstream; // the session with the server
  #use; // the times of its use
  /** @type {string | undefined} */
  #issued; // the id that the server issued last to this instance
  #pinged = 0; // when the resting session was pinged last
  #openingUntil = 0; // while the session is being opened: when that has failed
  /** @type {ReturnType<typeof setInterval> | undefined} */
  #pulse; // the timer for all waiting work
  /** @type {Promise<void> | undefined} */
  #ending; // while the session is being ended
  #client;
  #observer;
  #held = new HeldBodies();
  /** @type {SessionAuth | undefined} */
  #auth; // of the running session, if the server asks for OAuth

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
    this.#upstream = new LazyUpstream(
      this.#row,
      ({ owner, identity }) => this.#connect(partsOf(owner).server, JSON.parse(identity)),
      () => this.#client.goOn(),
    );
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
    const isAdmitted = this.#admits(owner);
    if (!(isAdmitted instanceof Promise ? await isAdmitted : isAdmitted)) return undefined;
    let body;
    try {
      body = text === undefined ? undefined : parse(text);
    } catch {
      return this.#refuse('json');
    }
    const era = this.#settings.gateway.eraInSession(version, body, this.#values.agreed);
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
      if (now < this.#openingUntil) await this.ctx.storage.setAlarm(now + CLOSING);
      else await this.#end();
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
    await this.#end();
  }

  /**
   * Ends the session on behalf of its owner.
   * @param {string} owner
   */
  async end(owner) {
    if (!(await this.#admits(owner))) return;
    this.#observer.endsBy('user');
    await this.#end();
  }

  /** Ends the session on behalf of the administrator. Returns whether there was one. */
  async endForAdmin() {
    if (!this.#row.isOpen) return false;
    this.#observer.endsBy('admin');
    await this.#end();
    return true;
  }

  /** The state of the session, for the administrator. */
  explain() {
    return explained(this.#parts);
  }

  /** What happened to it, as a trace. */
  trace() {
    return traced(this.#parts);
  }

  get #parts() {
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
    const busyUntil = isOpen ? this.#client.busyUntil : Math.max(this.#openingUntil, Date.now() + CLOSING);
    return { usedAt: this.#use.last, busyUntil, isListening: this.#client.isWaiting };
  }

  /**
   * Ends the session for another one of the same user, unless it is in use again. Returns whether it has ended.
   * @param {string} owner
   */
  async makeRoom(owner) {
    if (!(await this.#admits(owner)) || this.#client.busyUntil > 0) return false;
    log('info', 'sessionReplaced');
    this.#observer.endsBy('room');
    await this.#end();
    return true;
  }

  /**
   * `initialize`: creates the session if the server accepts it. The response is then `opened`.
   * @param {string} owner
   * @param {Identity} caller
   * @param {string} idText of the request
   * @param {string} params as JSON
   * @param {boolean} [isCanary] whether the session goes to the server's canary
   * @returns {Promise<ObjectAnswer>}
   */
  async open(owner, { key, index: counted, id, vars }, idText, params, isCanary) {
    const requestId = parse(idText);
    if (params.length > LARGEST_PARAMS) return this.#refuse('body', { id: requestId });
    const { server, handle } = partsOf(owner);
    const identity = { key, index: counted, id, vars };
    const index = this.#index(identity);
    const limit = this.#settings.limits.MAX_SESSIONS_PER_USER;
    const { refusal, wait = 0, isTroubled } = await register(this.env, index, key, { handle, server, limit });
    if (refusal) return this.#refuse(refusal, { id: requestId, headers: { 'retry-after': seconds(wait) } });
    try {
      const answer = await this.#open({ owner, identity, params, isCanary });
      if (!answer.result)
        return { ...unopened(answer, requestId, this.#settings.gateway), reach: this.#reachOf(answer) };
      if (isTroubled) this.ctx.waitUntil(index.noteServer(server, 'worked'));
      const { running } = this.#upstream;
      const counts = { sessions_opened_total: 1, ...(running && this.#upstream.grown(running)) };
      return {
        ...json({ jsonrpc: '2.0', id: requestId, result: answer.result }),
        counts,
        opened: true,
        reach: 'worked',
      };
    } catch (error) {
      log('error', 'notOpened', { server, problem: wordsOf(error) });
      await (this.#row.values ? this.#end() : index.close(handle));
      return this.#refuse('internal', { id: requestId });
    }
  }

  // The row and its alarm are written before the server is asked for a session: after any failure from then on, the session is ended at both ends.
  /** @param {{ owner: string, identity: Identity, params: string, isCanary?: boolean | undefined }} session */
  async #open({ owner, identity, params, isCanary }) {
    const { server, handle } = partsOf(owner);
    const { configuredVars, fingerprint, lifetime, gateway } = this.#settings;
    const settings = await fingerprint(server);
    const now = Date.now();
    this.#openingUntil = now + OPENING;
    this.#log.create();
    this.#row.create({
      owner,
      identity: JSON.stringify({ ...identity, vars: configuredVars(identity.key) ? {} : identity.vars }),
      settings,
      initialize: params,
      created: now,
    });
    await this.ctx.storage.setAlarm(now + CLOSING);
    const upstream = this.#connect(server, identity, isCanary);
    this.#upstream.opened(upstream);
    const answer = await upstream.initialize(negotiable(params, gateway));
    if (!answer.result) {
      this.ctx.waitUntil(this.#end(this.#reachOf(answer)));
      return answer;
    }
    if (this.#row.isIncomplete) throw new Error('the session with the server cannot be stored');
    await this.#index(identity).confirm({ handle, server, age: lifetime(server)?.maxAge ?? 0, user: identity });
    this.#row.open(String(answer.result.protocolVersion));
    this.#openingUntil = 0;
    this.#checked = true;
    this.#observer.opened();
    this.#used();
    await this.ctx.storage.setAlarm(this.#nextAlarm);
    return answer;
  }

  // The owner and the server are checked on every call, the configuration once per instance.
  /** @param {string} owner */
  #admits(owner) {
    const { values: row, isOpen } = this.#row;
    // Not timing-safe, which is sufficient: without the session id a caller reaches another object.
    if (!row || !isOpen || owner !== row.owner) return false;
    return this.#checked ?? this.#check(row);
  }

  /** @param {SessionRow} row */
  async #check({ settings }) {
    this.#checked = (await this.#settings.fingerprint(this.#owner.server)) === settings;
    if (!this.#checked) this.#observer.endsBy('configuration');
    if (!this.#checked) await this.#end();
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
    this.#auth?.hear(body.value);
    const { running } = this.#upstream;
    return running
      ? this.#client.post(running, body, trace)
      : this.#upstream.awake().then((found) => this.#client.post(found, body, trace));
  }

  /** @param {string} [lastEventId] @param {number} [until] */
  #listen(lastEventId, until) {
    return this.#client.listen({ lastEventId, until }, () => {
      // Server messages require the session with the server; the client does not wait for it.
      this.ctx.waitUntil(this.#upstream.awake());
      this.#used();
    });
  }

  // The response is sent after the deletion: no trace of an ended session is left. If it were sent first, clients that end many sessions would build up
  // a backlog, and a busy workerd does not read from its connections. Only a slow server is not waited for.
  async #delete() {
    this.#observer.endsBy('client');
    const ended = this.#end();
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

  /** @param {string} server @param {Identity} caller @param {boolean} [isCanary] */
  #connect(server, caller, isCanary) {
    const { key, id, vars } = caller;
    const identity = { id, vars: this.#settings.configuredVars(key) ?? vars };
    this.#auth = this.#authFor({ key, id, server });
    return new Upstream({
      server,
      config: this.#settings.servers[server],
      env: this.env,
      identity,
      auth: this.#auth,
      route: this.#routeTo(server, caller, isCanary),
      most: this.#settings.topology.get(server)?.maxConcurrency,
      storage: this.#row.storage,
      client: this.#client,
      observer: this.#observer,
      onissued: (issued) => this.#noteIssued(issued),
      onlists: (method) => this.#client.notify(notification(method)),
      isOutOfReach: (error) => this.#isOutOfReach(error),
      onserver: (happened) => this.ctx.waitUntil(this.#index(caller).noteServer(server, happened)),
    });
  }

  /** @param {string} server @param {{ key: string, index?: string }} caller @param {boolean} [isCanary] */
  #routeTo(server, { key, index = key }, isCanary) {
    return routeOf(this.#settings, { server, user: index, isCanary }, this.ctx.storage.sql, this.#row);
  }

  /** @param {import('./oauth/credentials-object.js').Owner} owner */
  #authFor(owner) {
    if (!this.#settings.oauth?.servers.has(owner.server)) return undefined;
    const client = {
      isWaiting: () => this.#client.isWaiting,
      ask: (/** @type {string} */ id, /** @type {object} */ request) =>
        this.#client.ask(objectOf(write({ jsonrpc: '2.0', id, ...request })), id),
      notify: (/** @type {string} */ method, /** @type {object} */ params) =>
        this.#client.notify(notification(method, params)),
    };
    return new SessionAuth(this.env, owner, client);
  }

  /** @param {ServerNews} [happened] to an attempt to open the session */
  #end(happened) {
    this.#ending ??= this.#endOnce(happened).finally(() => {
      this.#ending = undefined;
    });
    return this.#ending;
  }

  // Ends the session at the server and in the index, and then deletes it here, without a trace of its id. If that fails, or if this instance dies before it
  // is done, the alarm tries again.
  /** @param {ServerNews} [happened] */
  async #endOnce(happened) {
    const { values, isOpen } = this.#row;
    if (!values) return;
    const { handle } = partsOf(values.owner);
    await this.ctx.storage.setAlarm(Date.now() + CLOSING); // first: if it fails, the session is as it was
    this.#openingUntil = 0;
    this.#row.close(Date.now());
    this.#log.end();
    this.#client.end();
    this.#stopPulse();
    try {
      const [{ grown, isEnded }] = await Promise.all([
        this.#terminate(values).catch(notTerminated),
        this.#index(JSON.parse(values.identity)).close(handle, happened),
      ]);
      if (isOpen) this.#observer.ended();
      await this.#observer.rests(isOpen ? { sessions_ended_total: 1, ...grown } : grown);
      // A server that is out of reach keeps the session: it is told again, for a while.
      if (!isEnded && Date.now() - values.touched < ENDING) return;
      await this.ctx.storage.deleteAlarm();
      await this.ctx.storage.deleteAll();
      this.#row.forget();
    } catch (error) {
      log('warn', 'notEnded', { problem: wordsOf(error) });
    }
  }

  // A handshake that is not finished leaves a session at the server. It ends when the next one is issued.
  /** @param {string} id */
  #noteIssued(id) {
    const unused = this.#row.isOpen ? this.#unfinished : this.#row.issue(id);
    if (unused !== undefined) this.ctx.waitUntil(this.#endIssued(unused));
    this.#issued = id;
  }

  // The id that was issued last, if the manager has not made the session its own.
  get #unfinished() {
    const { upstream } = this.#values;
    return this.#issued !== undefined && upstream?.includes(JSON.stringify(this.#issued)) ? undefined : this.#issued;
  }

  /** @param {SessionRow} values */
  async #terminate(values) {
    const issued = this.#row.issued ?? this.#unfinished;
    const record = this.#row.issued === undefined ? values : { ...values, upstream: null };
    const { grown, isEnded } = await this.#upstream.terminate(record);
    return { grown, isEnded: isEnded && (issued === undefined || (await this.#endIssued(issued))) };
  }

  /** @param {string} id */
  #endIssued(id) {
    const { gateway, configuredVars } = this.#settings;
    const caller = JSON.parse(this.#values.identity);
    return endIssued(
      gateway,
      this.#owner.server,
      { id: caller.id, vars: configuredVars(caller.key) ?? caller.vars },
      id,
      this.#routeTo(this.#owner.server, caller),
    );
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
      this.ctx.waitUntil(this.#index(JSON.parse(this.#values.identity)).note(this.#owner.handle, info));
  }

  // The object that counts the user's sessions. Rows of earlier versions do not name it.
  /** @param {{ key: string, index?: string }} identity */
  #index({ key, index = key }) {
    return this.env.INDEX.get(this.env.INDEX.idFromName(index));
  }

  // What the outcome of `initialize` says about the server.
  /** @param {import('./types.js').Opening} answer @returns {ServerNews} */
  #reachOf({ cause }) {
    return cause && this.#isOutOfReach(cause) ? 'failed' : 'worked';
  }

  // Whether an error means that the server is unreachable.
  /** @param {Cause} error */
  #isOutOfReach({ code, status }) {
    return this.#settings.gateway.isOutOfReach(code, status);
  }

  /** @param {string} name @param {{ id?: unknown, headers?: AnswerHeaders }} [details] */
  #refuse(name, details) {
    return refused(this.#settings.gateway.refusal(name), details);
  }
}

// The session at the server cannot be ended, for example because the server is no longer configured.
/** @param {unknown} error @returns {{ grown: Counts, isEnded: boolean }} */
function notTerminated(error) {
  log('warn', 'notTerminated', { problem: wordsOf(error) });
  return { grown: {}, isEnded: false };
}
