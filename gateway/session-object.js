// The Durable Object that keeps one client session: a row, an event log, and in memory the session with the server behind.
//
// An idle object is evicted within seconds. Whatever is in memory only, a new instance does without: it reads the row, and goes on.
import { DurableObject } from 'cloudflare:workers';
import { bodiless, idOf, json, refused } from './answers.js';
import { registry, since } from './counters.js';
import { sha256 } from './digest.js';
import { EventLog, GET_STREAM } from './event-log.js';
import { EventStream, readEventId } from './event-stream.js';
import { Exchange } from './exchange.js';
import { log } from './log.js';
import { Row } from './row.js';
import { settingsOf } from './settings.js';
import { Upstream } from './upstream.js';

const PRIMING_SINCE = '2025-11-25'; // older clients stumble over an event without data
const MAX_LISTENERS = 4; // GET streams of one session
const AT_ONCE = 20; // milliseconds: an answer that comes within them needs no stream that is kept open
const BEAT = 5_000; // milliseconds between two looks at what waits
const LARGE = 1_000_000; // characters: a call between entry and object carries 32 MB at most
const OUTCOME_UNKNOWN = {
  code: 1000,
  message: 'the request was under way when the front was restarted; it may or may not have run',
  data: { code: 'outcome_unknown', retryable: false },
};
const CANCELLED = { code: 1000, message: 'the request was cancelled', data: { code: 'cancelled', retryable: false } };
const ENDED = { code: 1000, message: 'the session was ended', data: { code: 'closed', retryable: false } };

export class SessionObject extends DurableObject {
  #row;
  #log;
  #settings;
  #checked; // whether the server's configuration is still what it was
  #upstream; // the promise of the session with the server
  #running; // that session, once it is there
  #usedAt; // when something was asked or answered last
  #pulse; // the timer of all that waits
  #opening; // the timer after which streams are opened
  #hasServed = false; // whether this instance had it before
  #exchanges = new Map(); // by the id of each request without an answer
  #listeners = []; // the client's GET streams, the newest last
  #held = new Map(); // bodies that the entry is to fetch, by their numbers
  #lastHeld = 0;
  #told = 0; // the last event of the GET stream that somebody was there for
  #reported = {}; // counters that the registry knows already

  constructor(ctx, env) {
    super(ctx, env);
    this.#settings = settingsOf(env);
    this.#row = new Row(ctx.storage.sql);
    this.#log = new EventLog(ctx.storage.sql, this.#settings.limits);
  }

  // What the entry asks is answered by `{ status, headers, body, counts? }`, or by the text of an answer in JSON; by undefined where it is none of this
  // session's, or the session not the owner's.

  /** A POST of the client. `trace` are the headers by which the request is followed. */
  post(owner, version, text, trace) {
    return this.#answer(owner, version, text, (body) => this.#post(body, trace));
  }

  /** A GET of the client, who may have been here before. */
  listen(owner, version, lastEventId) {
    return this.#answer(owner, version, undefined, () => this.#listen(lastEventId));
  }

  /** A DELETE of the client. */
  delete(owner, version) {
    return this.#answer(owner, version, undefined, () => this.#delete());
  }

  /** A body that the entry was given the number of. */
  fetch(request) {
    const number = Number(new URL(request.url).pathname.slice(1));
    const held = this.#held.get(number);
    this.#held.delete(number);
    return held ? new Response(held.body) : new Response(null, { status: 404 });
  }

  async #answer(owner, version, text, act) {
    const isAdmitted = this.#admits(owner);
    if (!(isAdmitted instanceof Promise ? await isAdmitted : isAdmitted)) return undefined;
    let body;
    try {
      body = text === undefined ? undefined : JSON.parse(text);
    } catch {
      return this.#refuse('json');
    }
    const era = this.#settings.gateway.eraInSession(version, body, this.#row.values.agreed);
    if (era.status) return refused(era, { id: idOf(body) });
    if (era !== 'session') return undefined;
    const counts = this.#row.touch(Date.now()) ? this.#report() : undefined;
    const answer = this.#handedOver(await act(body));
    if (counts) return answer && { ...answer, counts };
    return isJson(answer) ? answer.body : answer;
  }

  // A call from the entry costs a third less than a request, but it carries no large body, and who reads a stream from it is never seen to leave.
  // Such a body the entry fetches.
  #handedOver(answer) {
    const body = answer?.body;
    if (!body || (typeof body === 'string' && body.length <= LARGE)) return answer;
    this.#lastHeld += 1;
    this.#held.set(this.#lastHeld, { body, since: Date.now() });
    return { ...answer, body: null, bodyNumber: this.#lastHeld };
  }

  async alarm() {
    if (!this.#row.values) return;
    const { expiry, reason } = this.#expiry();
    if (Date.now() < expiry) return this.ctx.storage.setAlarm(expiry);
    // Who waits for an answer, or listens, is using the session; but not for ever.
    if (reason === 'idle' && (this.#exchanges.size > 0 || this.#listeners.length > 0)) {
      this.#row.touch(Date.now());
      return this.ctx.storage.setAlarm(this.#expiry().expiry);
    }
    log('info', 'sessionExpired', { reason });
    await this.#end();
  }

  /** Ends the session for its owner, who asked for that elsewhere. */
  async end(owner) {
    if (await this.#admits(owner)) await this.#end();
  }

  /** `initialize`: the session begins, if the server agrees. The answer is `opened` then. */
  async open(owner, { key, id, vars }, requestId, given) {
    const params = given ?? {};
    const { server, handle } = partsOf(owner);
    const { limits, lifetime } = this.#settings;
    const index = this.#index(key);
    const { isFull, wait, isTroubled } = await index.open({
      handle,
      server,
      limit: limits.MAX_SESSIONS_PER_USER,
      age: lifetime(server).maxAge,
    });
    if (isFull) return this.#refuse('sessions', { id: requestId, headers: { 'retry-after': '60' } });
    if (wait > 0) return this.#refuse('unavailable', { id: requestId, headers: { 'retry-after': seconds(wait) } });
    const identity = { key, id, vars };
    const upstream = this.#connect(server, identity);
    const answer = await upstream.initialize(params);
    if (answer.error) {
      const isFailure = answer.cause && this.#isOutOfReach(answer.cause);
      this.ctx.waitUntil(Promise.all([upstream.terminate(), index.close(handle, isFailure ? 'failed' : 'worked')]));
      return this.#unopened(answer, requestId);
    }
    if (isTroubled) this.ctx.waitUntil(index.noteServer(server, 'worked'));
    this.#log.create();
    this.#row.create({
      owner,
      identity: JSON.stringify({ ...identity, vars: this.#settings.configuredVars(key) ? {} : vars }),
      settings: await this.#fingerprint(server),
      initialize: JSON.stringify(params),
      agreed: answer.result.protocolVersion,
      created: Date.now(),
    });
    this.#upstream = Promise.resolve(upstream);
    this.#running = upstream;
    this.#hasServed = this.#checked = true;
    this.#used();
    await this.ctx.storage.setAlarm(this.#expiry().expiry);
    const counts = { sessions_opened_total: 1, ...this.#grown(upstream) };
    return { ...json({ jsonrpc: '2.0', id: requestId, result: answer.result }), counts, opened: true };
  }

  // Errors of the server are the client's; where there is no server, the status says so.
  #unopened({ error, cause }, id) {
    const known = {
      network_error: 'unreachable',
      request_timeout: 'unreachable',
      http_error: 'unreachable',
      unauthorized: 'unreachable',
      forbidden: 'unreachable',
      circuit_open: 'unavailable',
    };
    const name = cause && known[cause.code];
    if (!name) return json({ jsonrpc: '2.0', error, id });
    const wait = cause.retryAfterMs;
    const { status } = this.#settings.gateway.refusal(name);
    return refused(
      { status, code: error.code, message: error.message },
      { id, data: error.data, headers: wait && { 'retry-after': seconds(wait) } },
    );
  }

  // Whose the session is, and where it leads, is looked at on every call; what it was opened for, once an instance.
  #admits(owner) {
    const row = this.#row.values;
    // How long that takes tells nothing: whoever does not know the session's id is led to another object.
    if (!row || owner !== row.owner) return false;
    return this.#checked ?? this.#check(row);
  }

  async #check({ settings }) {
    this.#checked = (await this.#fingerprint(this.#owner.server)) === settings;
    if (!this.#checked) await this.#end();
    return this.#checked;
  }

  // The server's address and its headers before secrets are filled in: a session of another server is not this one's.
  #fingerprint(server) {
    const { url, headers } = this.#settings.servers[server] ?? {};
    return sha256(JSON.stringify([url, headers]));
  }

  get #owner() {
    return partsOf(this.#row.values.owner);
  }

  #post(body, trace) {
    this.#used();
    return this.#running
      ? this.#send(this.#running, body, trace)
      : this.#awake().then((upstream) => this.#send(upstream, body, trace));
  }

  #send(upstream, body, trace) {
    if (!this.#row.values) return undefined; // it was ended meanwhile
    const isBatch = Array.isArray(body);
    const messages = isBatch ? body : [body];
    const ids = [];
    for (const { id, method } of messages) {
      if (id === undefined || method === undefined) continue;
      // 2025-11-25 basic: an id MUST NOT have been used before; two answers to one would go astray.
      if (ids.includes(id) || this.#exchanges.has(id)) return this.#refuse('message', { id });
      ids.push(id);
    }
    if (upstream.error)
      return ids.length > 0 ? this.#failed(upstream.error, ids, isBatch) : this.#refuse('unreachable');
    const exchange = ids.length > 0 ? this.#expect(ids, isBatch) : undefined;
    const options = { requestHeaders: trace, onstream: this.#onstream };
    for (const message of messages) this.#pass(upstream, message, options);
    return exchange?.answer ?? bodiless(202);
  }

  // Makes room for the answers to these requests.
  #expect(ids, isBatch) {
    const primes = this.#row.values.agreed >= PRIMING_SINCE;
    const exchange = new Exchange({
      ids,
      isBatch,
      primes,
      log: this.#log,
      limits: this.#settings.limits,
      onend: () => this.#used(),
    });
    for (const id of ids) this.#exchanges.set(id, exchange);
    return exchange;
  }

  // The client sees a stream a moment after the server has begun it, if it has not its answer by then.
  #onstream = (id) => {
    const exchange = this.#exchanges.get(id);
    if (!exchange) return;
    exchange.isStream = true;
    this.#opening ??= setTimeout(() => {
      this.#opening = undefined;
      for (const waiting of this.#exchanges.values()) if (waiting.isStream) waiting.open();
    }, AT_ONCE);
  };

  // One message of the client goes on.
  #pass(upstream, message, options) {
    if (message.method === undefined) {
      const id = this.#ownId(message.id);
      // An answer to a question of an instance that is gone: so is who asked.
      if (id === undefined) return;
      message = { ...message, id };
    }
    upstream.send(message, options);
    if (message.method === 'notifications/cancelled') {
      const id = message.params?.requestId;
      this.#settle({ jsonrpc: '2.0', id, error: CANCELLED });
    }
  }

  #settle(message) {
    const exchange = this.#exchanges.get(message.id);
    this.#exchanges.delete(message.id);
    exchange?.settle(message);
  }

  #failed(error, ids, isBatch) {
    const answers = ids.map((id) => ({ jsonrpc: '2.0', id, error }));
    return json(isBatch ? answers : answers[0]);
  }

  // The server says something to the client.
  #hear(message, about) {
    if (message.method === undefined) return this.#settle(message);
    const own = (id) => `${this.#row.values?.lives}.${id}`;
    if (message.id !== undefined) message = { ...message, id: own(message.id) };
    else if (message.method === 'notifications/cancelled')
      message = { ...message, params: { ...message.params, requestId: own(message.params.requestId) } };
    const exchange = about === undefined ? undefined : this.#exchanges.get(about);
    if (exchange) return exchange.tell(message);
    return this.#tellListener(message);
  }

  // The number under which the transport asked, from the id that the client saw: unique in the session, whatever instance asks.
  #ownId(id) {
    const [lives, number] = String(id).split('.');
    return lives === String(this.#row.values.lives) ? Number(number) : undefined;
  }

  // What is about no request goes to the GET stream; a question without one, to whoever waits for an answer.
  #tellListener(message) {
    if (!this.#row.values) return;
    const listener = this.#listeners.at(-1);
    const anybody = [...this.#exchanges.values()].at(-1);
    if (!listener && message.id !== undefined && anybody) return anybody.tell(message);
    const data = JSON.stringify(message);
    const id = this.#log.append(GET_STREAM, data);
    if (!listener) return;
    this.#told = id;
    listener.send(id, data);
  }

  #listen(last) {
    if (last === undefined) return this.#addListener(this.#told);
    const { stream, id } = readEventId(last) ?? {};
    if (stream === undefined || !this.#log.knows(stream))
      return refused({
        status: 400,
        code: -32000,
        message: 'Bad request: this event id is not known, or not any more',
      });
    return stream === GET_STREAM ? this.#addListener(id) : this.#resume(stream, id);
  }

  #addListener(after) {
    const listener = new EventStream(GET_STREAM, this.#settings.limits.SLOW_READER_BYTES, () => {
      this.#listeners = this.#listeners.filter((other) => other !== listener);
      this.#used();
    });
    const { answer } = listener;
    if (this.#listeners.length >= MAX_LISTENERS) this.#listeners.shift().close();
    this.#listeners.push(listener);
    listener.greet();
    const missed = this.#log.after(GET_STREAM, after);
    listener.replay(missed);
    this.#told = Math.max(this.#told, missed.at(-1)?.id ?? 0);
    // The session with the server is needed to hear anything; the client need not wait for it.
    this.ctx.waitUntil(this.#awake());
    return answer;
  }

  // The client came back for the answers to a POST.
  #resume(stream, lastEventId) {
    const running = [...this.#exchanges.values()].find((exchange) => exchange.stream === stream);
    if (running) return running.resume(lastEventId);
    // Of what was under way in an instance that is gone, nobody knows the outcome.
    for (const id of this.#log.waiting(stream))
      this.#log.append(stream, JSON.stringify({ jsonrpc: '2.0', id, error: OUTCOME_UNKNOWN }));
    this.#log.setWaiting(stream, []);
    const sink = new EventStream(stream, this.#settings.limits.SLOW_READER_BYTES, () => {});
    const { answer } = sink;
    sink.greet();
    sink.replay(this.#log.after(stream, lastEventId));
    sink.close();
    return answer;
  }

  // Who is told that it is gone finds nothing more of it here, and who ends very many waits for each: acknowledged first, they would
  // pile up, and workerd reads nothing from its connections while it has anything to do.
  async #delete() {
    const values = await this.#erase();
    this.ctx.waitUntil(this.#goodbye(values));
    return bodiless(200);
  }

  // The session with the server, which a new instance takes up again; `{ error }` where that cannot be.
  #awake() {
    this.#upstream ??= this.#revive();
    this.#used();
    return this.#upstream;
  }

  // One timer for all that waits: workerd takes longer to set and clear one of its own than for the rest of a call.
  #used() {
    this.#usedAt = Date.now();
    this.#pulse ??= setInterval(() => this.#beat(), Math.min(BEAT, this.#settings.limits.REST_AFTER));
  }

  #beat() {
    const now = Date.now();
    for (const waiting of [...this.#exchanges.values(), ...this.#listeners]) waiting.beat(now);
    for (const [number, { body, since }] of this.#held) {
      if (now - since < BEAT) continue;
      this.#held.delete(number); // who asked is gone
      body.cancel?.();
    }
    const isIdle = this.#exchanges.size === 0 && this.#listeners.length === 0;
    if (isIdle && now - this.#usedAt >= this.#settings.limits.REST_AFTER) this.ctx.waitUntil(this.#rest());
  }

  // An open stream to the server keeps the object in memory, so one that nobody needs is let go of.
  async #rest() {
    this.#stopPulse();
    if (!this.#running) return;
    const upstream = this.#running;
    this.#upstream = this.#running = undefined;
    const counts = this.#grown(upstream);
    this.#reported = {};
    await Promise.allSettled([upstream.rest(), registry(this.env).add(counts)]);
  }

  #stopPulse() {
    clearInterval(this.#pulse);
    this.#pulse = undefined;
  }

  async #revive() {
    const lives = this.#row.revive();
    this.#told = this.#log.newest();
    log('info', 'sessionRevived', { lives, here: this.#hasServed });
    this.#hasServed = true;
    const upstream = await this.#takeUp(this.#row.values);
    if (upstream.error) this.#upstream = undefined;
    else this.#running = upstream;
    return upstream;
  }

  // Without a handshake, unless the server has forgotten the session.
  async #takeUp({ owner, identity, initialize }) {
    const upstream = this.#connect(partsOf(owner).server, JSON.parse(identity));
    const { error } = await upstream.initialize(JSON.parse(initialize));
    if (!error) return upstream;
    await upstream.rest();
    return { error };
  }

  #connect(server, { key, id, vars }) {
    const identity = { id, vars: this.#settings.configuredVars(key) ?? vars };
    return new Upstream({
      server,
      config: this.#settings.servers[server],
      env: this.env,
      identity,
      storage: this.#row.storage,
      onmessage: (message, about) => this.#hear(message, about),
      isOutOfReach: (error) => this.#isOutOfReach(error),
      onserver: (happened) => this.ctx.waitUntil(this.#index(key).noteServer(server, happened)),
    });
  }

  async #end() {
    await this.#goodbye(await this.#erase());
  }

  // Ends the session here: afterwards nothing tells that there ever was one of this id. What was known of it.
  async #erase() {
    const { values } = this.#row;
    const { key, handle } = this.#owner;
    this.#stopPulse();
    this.#row.forget();
    this.#log.end();
    await this.ctx.storage.deleteAlarm();
    await this.ctx.storage.deleteAll();
    for (const listener of this.#listeners.splice(0)) listener.close();
    for (const id of [...this.#exchanges.keys()]) this.#settle({ jsonrpc: '2.0', id, error: ENDED });
    await this.#index(key)
      .close(handle)
      .catch(() => {}); // its list forgets what is too old
    return values;
  }

  // The server is told, if it can be. For that, an instance that has not needed it yet takes the session with the server up.
  async #goodbye(values) {
    const upstream = await (this.#upstream ?? (values.upstream ? this.#takeUp(values) : undefined));
    const counts = { sessions_ended_total: 1 };
    if (upstream?.terminate) {
      await upstream.terminate();
      Object.assign(counts, this.#grown(upstream));
    }
    await registry(this.env)
      .add(counts)
      .catch(() => {});
  }

  #expiry() {
    const { created, touched } = this.#row.values;
    const { timeout, maxAge } = this.#settings.lifetime(this.#owner.server) ?? { timeout: 0, maxAge: 0 };
    const idle = touched + timeout;
    const age = created + maxAge;
    return idle < age ? { expiry: idle, reason: 'idle' } : { expiry: age, reason: 'age' };
  }

  // Now and then, and never while anybody waits: the user's index hears of the session; the counters that grew are returned.
  #report() {
    const upstream = this.#running;
    if (!upstream) return undefined;
    const { key, handle } = this.#owner;
    const info = upstream.info();
    if (info) this.ctx.waitUntil(this.#index(key).note(handle, info));
    return this.#grown(upstream);
  }

  #grown(upstream) {
    const metrics = upstream.metrics();
    const grown = since(this.#reported, metrics);
    this.#reported = metrics;
    return grown;
  }

  #index(key) {
    return this.env.INDEX.get(this.env.INDEX.idFromName(key));
  }

  // Whether an error says that the server is out of reach.
  #isOutOfReach({ code, status }) {
    return this.#settings.gateway.isOutOfReach(code, status);
  }

  #refuse(name, details) {
    return refused(this.#settings.gateway.refusal(name), details);
  }
}

// Whether an answer is what nearly all are, which is told by its text alone.
function isJson(answer) {
  return answer?.status === 200 && !answer.headers && typeof answer.body === 'string';
}

// For `Retry-After`.
function seconds(millis) {
  return String(Math.ceil(millis / 1_000));
}

// What the entry wrote as one text.
function partsOf(owner) {
  const [key, server, handle] = JSON.parse(owner);
  return { key, server, handle };
}
