// The Durable Object of one client session: a row, an event log, and in memory the session with the server.
//
// An idle object is evicted within seconds. A new instance reads the row and continues without the state in memory.
// @ts-check

import { DurableObject } from 'cloudflare:workers';
import { bodiless, idOf, json, onlyText, refused, seconds } from './answers.js';
import { ClientSide } from './client-side.js';
import { registry } from './counters.js';
import { sha256 } from './digest.js';
import { EventLog } from './event-log.js';
import { HeldBodies } from './held-bodies.js';
import { LazyUpstream } from './lazy-upstream.js';
import { log } from './log.js';
import { objectOf, parse, RawJson } from './raw-json.js';
import { Row } from './row.js';
import { settingsOf } from './settings.js';
import { unopened } from './unopened.js';
import { Upstream } from './upstream.js';

/** @import { Result } from './client-side.js' */
/** @import { AnswerHeaders, Cause, Env, Head, Identity, ObjectAnswer, ObjectContext, SessionRow } from './types.js' */

const BEAT = 5_000; // milliseconds between two checks of waiting work

export class SessionObject extends DurableObject {
  #row;
  #log;
  #settings;
  /** @type {boolean | undefined} */
  #checked; // whether the server's configuration is unchanged
  #upstream; // the session with the server
  #usedAt = 0; // the time of the last request or response
  /** @type {ReturnType<typeof setInterval> | undefined} */
  #pulse; // the timer for all waiting work
  #client;
  #held = new HeldBodies();

  /** @param {ObjectContext} ctx @param {Env} env */
  constructor(ctx, env) {
    super(ctx, env);
    this.#settings = settingsOf(env);
    this.#row = new Row(ctx.storage.sql);
    const { gateway, limits } = this.#settings;
    this.#log = new EventLog(ctx.storage.sql, limits);
    this.#client = new ClientSide({ row: this.#row, log: this.#log, gateway, limits, onuse: () => this.#used() });
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
   */
  listen(owner, version, lastEventId) {
    return this.#answer(owner, version, undefined, () => this.#listen(lastEventId));
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
    const counts = this.#row.touch(Date.now()) ? this.#report() : undefined;
    const answer = this.#held.handOver(await act(/** @type {RawJson} */ (body)));
    if (counts) return answer && { ...answer, counts };
    return answer && (onlyText(answer) ?? answer);
  }

  async alarm() {
    if (!this.#row.values) return;
    const { expiry, reason } = this.#expiry();
    if (Date.now() < expiry) {
      await this.ctx.storage.setAlarm(expiry);
      return;
    }
    // A waiting or listening client keeps the session in use, but not beyond its maximum age.
    if (reason === 'idle' && this.#client.isWaiting) {
      this.#row.touch(Date.now());
      await this.ctx.storage.setAlarm(this.#expiry().expiry);
      return;
    }
    log('info', 'sessionExpired', { reason });
    await this.#end();
  }

  /**
   * Ends the session on behalf of its owner.
   * @param {string} owner
   */
  async end(owner) {
    if (await this.#admits(owner)) await this.#end();
  }

  /**
   * `initialize`: creates the session if the server accepts it. The response is then `opened`.
   * @param {string} owner
   * @param {Identity} caller
   * @param {string} idText of the request
   * @param {string} [paramsText]
   * @returns {Promise<ObjectAnswer>}
   */
  async open(owner, { key, id, vars }, idText, paramsText) {
    const requestId = parse(idText);
    const params = objectOf(paramsText);
    const { server, handle } = partsOf(owner);
    const { limits, lifetime } = this.#settings;
    const index = this.#index(key);
    const {
      isFull,
      wait = 0,
      isTroubled,
    } = await index.open({
      handle,
      server,
      limit: limits.MAX_SESSIONS_PER_USER,
      age: lifetime(server)?.maxAge ?? 0,
    });
    if (isFull) return this.#refuse('sessions', { id: requestId, headers: { 'retry-after': '60' } });
    if (wait > 0) return this.#refuse('unavailable', { id: requestId, headers: { 'retry-after': seconds(wait) } });
    const identity = { key, id, vars };
    const upstream = this.#connect(server, identity);
    const answer = await upstream.initialize(params);
    if (!answer.result) {
      const isFailure = answer.cause && this.#isOutOfReach(answer.cause);
      this.ctx.waitUntil(Promise.all([upstream.terminate(), index.close(handle, isFailure ? 'failed' : 'worked')]));
      return unopened(answer, requestId, this.#settings.gateway);
    }
    if (isTroubled) this.ctx.waitUntil(index.noteServer(server, 'worked'));
    this.#log.create();
    this.#row.create({
      owner,
      identity: JSON.stringify({ ...identity, vars: this.#settings.configuredVars(key) ? {} : vars }),
      settings: await this.#fingerprint(server),
      initialize: params.text,
      agreed: String(answer.result.protocolVersion),
      created: Date.now(),
    });
    this.#upstream.opened(upstream);
    this.#checked = true;
    this.#used();
    await this.ctx.storage.setAlarm(this.#expiry().expiry);
    const counts = { sessions_opened_total: 1, ...this.#upstream.grown(upstream) };
    return { ...json({ jsonrpc: '2.0', id: requestId, result: answer.result }), counts, opened: true };
  }

  // The owner and the server are checked on every call, the configuration once per instance.
  /** @param {string} owner */
  #admits(owner) {
    const row = this.#row.values;
    // Not timing-safe, which is sufficient: without the session id a caller reaches another object.
    if (!row || owner !== row.owner) return false;
    return this.#checked ?? this.#check(row);
  }

  /** @param {SessionRow} row */
  async #check({ settings }) {
    this.#checked = (await this.#fingerprint(this.#owner.server)) === settings;
    if (!this.#checked) await this.#end();
    return this.#checked;
  }

  // The server's URL and its headers before secrets are filled in: identifies the server of the session.
  /** @param {string} server */
  #fingerprint(server) {
    const { url = undefined, headers = undefined } = this.#settings.servers[server] ?? {};
    return sha256(JSON.stringify([url, headers]));
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
    const { running } = this.#upstream;
    return running
      ? this.#client.post(running, body, trace)
      : this.#upstream.awake().then((found) => this.#client.post(found, body, trace));
  }

  /** @param {string} [lastEventId] */
  #listen(lastEventId) {
    return this.#client.listen(lastEventId, () => {
      // Server messages require the session with the server; the client does not wait for it.
      this.ctx.waitUntil(this.#upstream.awake());
      this.#used();
    });
  }

  // The response is sent after the deletion: no trace of an ended session is left. If it were sent first, clients that end many sessions would build up
  // a backlog, and a busy workerd does not read from its connections.
  async #delete() {
    const values = await this.#erase();
    this.ctx.waitUntil(this.#goodbye(values));
    return bodiless(200);
  }

  // One timer for all waiting work: setting and clearing a timer takes workerd longer than the rest of a call.
  #used() {
    this.#usedAt = Date.now();
    this.#pulse ??= setInterval(() => this.#beat(), Math.min(BEAT, this.#settings.limits.REST_AFTER));
  }

  #beat() {
    const now = Date.now();
    this.#client.beat(now);
    this.#held.dropOld(now, BEAT);
    this.#log.flush();
    if (!this.#client.isWaiting && now - this.#usedAt >= this.#settings.limits.REST_AFTER)
      this.ctx.waitUntil(this.#rest());
  }

  // An open stream to the server keeps the object in memory, so an unused one is closed.
  async #rest() {
    this.#stopPulse();
    const counts = await this.#upstream.rest();
    if (counts)
      await registry(this.env)
        .add(counts)
        .catch(() => {});
  }

  #stopPulse() {
    clearInterval(this.#pulse);
    this.#pulse = undefined;
  }

  /** @param {string} server @param {Identity} caller */
  #connect(server, { key, id, vars }) {
    const identity = { id, vars: this.#settings.configuredVars(key) ?? vars };
    return new Upstream({
      server,
      config: this.#settings.servers[server],
      env: this.env,
      identity,
      storage: this.#row.storage,
      client: this.#client,
      isOutOfReach: (error) => this.#isOutOfReach(error),
      onserver: (happened) => this.ctx.waitUntil(this.#index(key).noteServer(server, happened)),
    });
  }

  async #end() {
    await this.#goodbye(await this.#erase());
  }

  // Deletes the session here, without a trace of its id. Returns its last values.
  async #erase() {
    const values = this.#values;
    const { key, handle } = this.#owner;
    this.#stopPulse();
    this.#row.forget();
    this.#log.end();
    await this.ctx.storage.deleteAlarm();
    await this.ctx.storage.deleteAll();
    this.#client.end();
    await this.#index(key)
      .close(handle)
      .catch(() => {}); // its list drops expired sessions
    return values;
  }

  // Ends the session at the server, if possible.
  /** @param {SessionRow} values */
  async #goodbye(values) {
    const grown = await this.#upstream.terminate(values);
    await registry(this.env)
      .add({ sessions_ended_total: 1, ...grown })
      .catch(() => {});
  }

  #expiry() {
    const { created, touched } = this.#values;
    const { timeout, maxAge } = this.#settings.lifetime(this.#owner.server) ?? { timeout: 0, maxAge: 0 };
    const idle = touched + timeout;
    const age = created + maxAge;
    return idle < age ? { expiry: idle, reason: 'idle' } : { expiry: age, reason: 'age' };
  }

  // At intervals, never during a request: updates the user's index. Returns increased counters.
  #report() {
    const { running } = this.#upstream;
    if (!running) return undefined;
    const { key, handle } = this.#owner;
    const info = running.info();
    if (info) this.ctx.waitUntil(this.#index(key).note(handle, info));
    return this.#upstream.grown(running);
  }

  /** @param {string} key */
  #index(key) {
    return this.env.INDEX.get(this.env.INDEX.idFromName(key));
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

// Parses the owner text of the entry.
/** @param {string} owner */
function partsOf(owner) {
  /** @type {string[]} */
  const [key = '', server = '', handle = ''] = JSON.parse(owner);
  return { key, server, handle };
}
