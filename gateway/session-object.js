// The Durable Object of one client session: a row, an event log, and in memory the session with the server.
//
// An idle object is evicted within seconds. A new instance reads the row and continues without the state in memory.
// @ts-check

import { DurableObject } from 'cloudflare:workers';
import { bodiless, idOf, onlyText, refused } from './answers.js';
import { ClientSide } from './client-side.js';
import { registry } from './counters.js';
import { EventLog } from './event-log.js';
import { beatOf, Use } from './expiry.js';
import { HeldBodies } from './held-bodies.js';
import { LazyUpstream } from './lazy-upstream.js';
import { log } from './log.js';
import { notification } from './messages.js';
import { SessionAuth } from './oauth/session-auth.js';
import { within } from './patience.js';
import { objectOf, parse, RawJson, write } from './raw-json.js';
import { Row } from './row.js';
import { AGAIN, SessionEnd } from './session-end.js';
import { SessionOpening } from './session-opening.js';
import { partsOf } from './session-places.js';
import { settingsOf } from './settings.js';
import { Upstream } from './upstream.js';

/** @import { Result } from './client-side.js' */
/** @import { AnswerHeaders, Cause, Counts, Env, Head, Identity, ObjectAnswer, ObjectContext, ServerNews, SessionRow, Usage } from './types.js' */

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
  /** @type {ReturnType<typeof setInterval> | undefined} */
  #pulse; // the timer for all waiting work
  #opening;
  #end;
  #client;
  #held = new HeldBodies();
  /** @type {SessionAuth | undefined} */
  #auth; // of the running session, if the server asks for OAuth

  /** @param {ObjectContext} ctx @param {Env} env */
  constructor(ctx, env) {
    super(ctx, env);
    this.#settings = settingsOf(env);
    this.#row = new Row(ctx.storage.sql);
    const { gateway, limits, lifetime } = this.#settings;
    this.#use = new Use(this.#row, (owner) => lifetime(partsOf(owner).server) ?? { timeout: 0, maxAge: 0 });
    this.#log = new EventLog(ctx.storage.sql, limits);
    this.#client = new ClientSide({ row: this.#row, log: this.#log, gateway, limits, onuse: () => this.#used() });
    this.#upstream = new LazyUpstream(
      this.#row,
      ({ owner, identity }) => this.#connect(partsOf(owner).server, JSON.parse(identity)),
      () => this.#client.goOn(),
    );
    const parts = {
      ctx,
      env,
      settings: this.#settings,
      row: this.#row,
      log: this.#log,
      client: this.#client,
      upstream: this.#upstream,
      indexOf: (/** @type {Pick<Identity, 'key'> & { index?: string }} */ identity) => this.#index(identity),
    };
    this.#end = new SessionEnd(parts, {
      count: (counts) => this.#count(counts),
      onbegin: () => {
        this.#opening.isOver();
        this.#stopPulse();
      },
    });
    this.#opening = new SessionOpening(parts, {
      end: this.#end,
      connect: (server, caller) => this.#connect(server, caller),
      isOutOfReach: (error) => this.#isOutOfReach(error),
      onopen: () => this.#onopen(),
    });
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
      if (now < this.#opening.until) await this.ctx.storage.setAlarm(now + AGAIN);
      else await this.#end.run();
      return;
    }
    // A waiting or listening client keeps the session in use, but not beyond its maximum age.
    if (this.#client.isWaiting) this.#use.touch(now);
    const { expiry, reason } = this.#use.expiry;
    if (now < expiry) {
      await this.ctx.storage.setAlarm(expiry);
      return;
    }
    log('info', 'sessionExpired', { reason });
    await this.#end.run();
  }

  /**
   * Ends the session on behalf of its owner.
   * @param {string} owner
   */
  async end(owner) {
    if (await this.#admits(owner)) await this.#end.run();
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
    if (!(await this.#admits(owner)) || this.#client.busyUntil > 0) return false;
    log('info', 'sessionReplaced');
    await this.#end.run();
    return true;
  }

  /**
   * `initialize`: creates the session if the server accepts it. The response is then `opened`.
   * @param {string} owner
   * @param {Identity} caller
   * @param {string} idText of the request
   * @param {string} params as JSON
   */
  open(owner, caller, idText, params) {
    return this.#opening.run(owner, caller, parse(idText), params);
  }

  #onopen() {
    this.#checked = true;
    this.#used();
    return this.ctx.storage.setAlarm(this.#use.expiry.expiry);
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
    if (counts) await this.#count(counts);
  }

  // Without the registry, counts are lost and nothing else.
  /** @param {Counts} counts */
  async #count(counts) {
    await registry(this.env)
      .add(counts)
      .catch(() => {});
  }

  #stopPulse() {
    clearInterval(this.#pulse);
    this.#pulse = undefined;
  }

  /** @param {string} server @param {Identity} caller */
  #connect(server, caller) {
    const { key, id, vars } = caller;
    const identity = { id, vars: this.#settings.configuredVars(key) ?? vars };
    this.#auth = this.#authFor({ key, id, server });
    return new Upstream({
      server,
      config: this.#settings.servers[server],
      env: this.env,
      identity,
      auth: this.#auth,
      storage: this.#row.storage,
      client: this.#client,
      onissued: (issued) => this.#end.noteIssued(issued),
      onlists: (method) => this.#client.notify(notification(method)),
      isOutOfReach: (error) => this.#isOutOfReach(error),
      onserver: (happened) => this.ctx.waitUntil(this.#index(caller).noteServer(server, happened)),
    });
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

  // At intervals, never during a request: updates the user's index. Returns increased counters.
  #report() {
    const { running } = this.#upstream;
    if (!running) return undefined;
    const info = running.info();
    if (info) this.ctx.waitUntil(this.#index(JSON.parse(this.#values.identity)).note(this.#owner.handle, info));
    return this.#upstream.grown(running);
  }

  // The object that counts the user's sessions. Rows of earlier versions do not name it.
  /** @param {{ key: string, index?: string }} identity */
  #index({ key, index = key }) {
    return this.env.INDEX.get(this.env.INDEX.idFromName(index));
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
