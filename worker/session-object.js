// The Durable Object that keeps one client session: a row, an event log, and in memory the session with the server behind.
//
// An idle object is evicted within seconds. Whatever is in memory only, a new instance does without: it reads the row, and goes on.
import { DurableObject } from 'cloudflare:workers';
import { idOf, json, refused } from './answers.js';
import { registry, since } from './counters.js';
import { sha256 } from './digest.js';
import { EventLog, GET_STREAM } from './event-log.js';
import { EventStream } from './event-stream.js';
import { Exchange } from './exchange.js';
import { log } from './log.js';
import { Row } from './row.js';
import { settingsOf } from './settings.js';
import { Upstream } from './upstream.js';

const PRIMING_SINCE = '2025-11-25'; // older clients stumble over an event without data
const MAX_LISTENERS = 4; // GET streams of one session
const OUTCOME_UNKNOWN = { code: 1000, message: 'the request was under way when the front was restarted; it may or may not have run', data: { code: 'outcome_unknown', retryable: false } };
const CANCELLED = { code: 1000, message: 'the request was cancelled', data: { code: 'cancelled', retryable: false } };
const ENDED = { code: 1000, message: 'the session was ended', data: { code: 'closed', retryable: false } };

export class SessionObject extends DurableObject {
  #row;
  #log;
  #settings;
  #checked; // whether the server's configuration is still what it was
  #upstream; // the promise of the session with the server
  #running; // that session, once it is there
  #rest; // the timer after which it is let go of
  #hasServed = false; // whether this instance had it before
  #exchanges = new Map(); // by the id of each request without an answer
  #listeners = []; // the client's GET streams, the newest last
  #told = 0; // the last event of the GET stream that somebody was there for
  #reported = {}; // counters that the registry knows already

  constructor(ctx, env) {
    super(ctx, env);
    this.#settings = settingsOf(env);
    this.#row = new Row(ctx.storage.sql);
    this.#log = new EventLog(ctx.storage.sql, this.#settings.limits);
  }

  async fetch(request) {
    const opening = request.headers.get('x-front-open');
    if (opening !== null) return this.#open(JSON.parse(decodeURIComponent(opening)), request);
    if (!(await this.#admits(request.headers.get('x-front-owner')))) return this.#refuse('sessionUnknown');
    const body = request.method === 'POST' ? await request.json() : undefined;
    const refusal = this.#settings.gateway.checkInSession(request.headers, body, this.#row.values.agreed);
    if (refusal) return refused(refusal, { id: idOf(body) });
    const counts = this.#row.touch(Date.now()) ? this.#report() : undefined;
    const answer = await this.#answer(request, body);
    if (counts) answer.headers.set('x-front-counts', JSON.stringify(counts));
    return answer;
  }

  #answer(request, body) {
    switch (request.method) {
      case 'POST': return this.#post(body, request.headers);
      case 'GET': return this.#listen(request);
      default: return this.#delete();
    }
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

  // `initialize`: the session begins, if the server agrees.
  async #open({ key, id, vars, server, handle }, request) {
    const { params, id: requestId } = await request.json();
    const { limits, lifetime } = this.#settings;
    const admitted = await this.#index(key).open({ handle, server, limit: limits.MAX_SESSIONS_PER_USER, age: lifetime(server).maxAge });
    if (!admitted) return this.#refuse('sessions', { id: requestId, headers: { 'retry-after': '60' } });
    const identity = { key, id, vars };
    const upstream = this.#connect(server, identity);
    const answer = await upstream.initialize(params ?? {});
    if (answer.error) {
      this.ctx.waitUntil(Promise.all([upstream.terminate(), this.#index(key).close(handle)]));
      return this.#unopened(answer.error, requestId);
    }
    this.#log.create();
    this.#row.create({
      owner: request.headers.get('x-front-owner'),
      identity: JSON.stringify({ ...identity, vars: this.#settings.configuredVars(key) ? {} : vars }),
      settings: await this.#fingerprint(server),
      initialize: JSON.stringify(params ?? {}),
      agreed: answer.result.protocolVersion,
      created: Date.now(),
    });
    this.#upstream = Promise.resolve(upstream);
    this.#running = upstream;
    this.#hasServed = this.#checked = true;
    this.#restSoon();
    await this.ctx.storage.setAlarm(this.#expiry().expiry);
    const counts = { sessions_opened_total: 1, ...this.#grown(upstream) };
    return json({ ...answer, id: requestId }, { headers: { 'x-front-opened': '1', 'x-front-counts': JSON.stringify(counts) } });
  }

  // Errors of the server are the client's; where there is no server, the status says so.
  #unopened(error, id) {
    const known = { network_error: 'unreachable', request_timeout: 'unreachable', http_error: 'unreachable', unauthorized: 'unreachable', forbidden: 'unreachable', circuit_open: 'unavailable' };
    const name = error.code === 1000 && known[error.data?.code];
    if (!name) return json({ jsonrpc: '2.0', error, id });
    const wait = error.data.retryAfterMs;
    const { status } = this.#settings.gateway.refusal(name);
    return refused({ status, code: error.code, message: error.message }, { id, data: error.data, headers: wait && { 'retry-after': String(Math.ceil(wait / 1000)) } });
  }

  // Whose the session is, and where it leads, is looked at on every call; what it was opened for, once an instance.
  async #admits(owner) {
    const row = this.#row.values;
    if (!row || owner === null || !this.#settings.gateway.same(owner, row.owner)) return false;
    this.#checked ??= (await this.#fingerprint(this.#owner.server)) === row.settings;
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

  async #post(body, headers) {
    const isBatch = Array.isArray(body);
    const messages = isBatch ? body : [body];
    const ids = messages.filter(({ id, method }) => id !== undefined && method !== undefined).map(({ id }) => id);
    // 2025-11-25 basic: an id MUST NOT have been used before; two answers to one would go astray.
    if (new Set(ids).size < ids.length || ids.some((id) => this.#exchanges.has(id))) return this.#refuse('message', { id: ids[0] });
    const upstream = await this.#awake();
    if (upstream.error) return ids.length > 0 ? this.#failed(upstream.error, ids, isBatch) : this.#refuse('unreachable');
    const exchange = ids.length > 0 ? this.#expect(ids, isBatch, headers) : undefined;
    for (const message of messages) this.#pass(upstream, message);
    return exchange?.response ?? new Response(null, { status: 202 });
  }

  // Makes room for the answers to these requests.
  #expect(ids, isBatch, headers) {
    const primes = this.#row.values.agreed >= PRIMING_SINCE;
    const exchange = new Exchange({ ids, isBatch, primes, log: this.#log, limits: this.#settings.limits });
    exchange.trace = {};
    for (const name of ['traceparent', 'tracestate', 'baggage']) {
      const value = headers.get(name);
      if (value !== null) exchange.trace[name] = value;
    }
    for (const id of ids) this.#exchanges.set(id, exchange);
    // The answer outlives the client's connection.
    this.ctx.waitUntil(exchange.done.then(() => this.#restSoon()));
    return exchange;
  }

  // One message of the client goes on.
  #pass(upstream, message) {
    if (message.method === undefined) {
      const id = this.#ownId(message.id);
      // An answer to a question of an instance that is gone: so is who asked.
      if (id === undefined) return;
      this.ctx.waitUntil(upstream.send({ ...message, id }));
      return;
    }
    this.ctx.waitUntil(upstream.send(message).catch((error) => log('info', 'notSent', { method: message.method, code: error.code })));
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
    else if (message.method === 'notifications/cancelled') message = { ...message, params: { ...message.params, requestId: own(message.params.requestId) } };
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

  #listen(request) {
    const last = request.headers.get('last-event-id');
    if (last === null) return this.#addListener(this.#told);
    const id = /^\d{1,15}$/.test(last) ? Number(last) : -1;
    const stream = this.#log.streamOf(id);
    if (stream === undefined) return refused({ status: 400, code: -32000, message: 'Bad request: this event id is not known, or not any more' });
    return stream === GET_STREAM ? this.#addListener(id) : this.#resume(stream, id);
  }

  #addListener(after) {
    const listener = new EventStream(this.#settings.limits.SLOW_READER_BYTES, () => {
      this.#listeners = this.#listeners.filter((other) => other !== listener);
      this.#restSoon();
    });
    const { response } = listener;
    if (this.#listeners.length >= MAX_LISTENERS) this.#listeners.shift().close();
    this.#listeners.push(listener);
    listener.greet();
    for (const { id, data } of this.#log.after(GET_STREAM, after)) {
      if (data) listener.send(id, data);
      this.#told = Math.max(this.#told, id);
    }
    // The session with the server is needed to hear anything; the client need not wait for it.
    this.ctx.waitUntil(this.#awake());
    return response;
  }

  // The client came back for the answers to a POST.
  #resume(stream, lastEventId) {
    const running = [...this.#exchanges.values()].find((exchange) => exchange.stream === stream);
    if (running) return running.resume(lastEventId);
    // Of what was under way in an instance that is gone, nobody knows the outcome.
    for (const id of this.#log.waiting(stream)) this.#log.append(stream, JSON.stringify({ jsonrpc: '2.0', id, error: OUTCOME_UNKNOWN }));
    this.#log.setWaiting(stream, []);
    const sink = new EventStream(this.#settings.limits.SLOW_READER_BYTES, () => {});
    const { response } = sink;
    sink.greet();
    for (const { id, data } of this.#log.after(stream, lastEventId)) if (data) sink.send(id, data);
    sink.close();
    return response;
  }

  #delete() {
    this.ctx.waitUntil(this.#end());
    return new Response(null, { status: 200 });
  }

  // The session with the server, which a new instance takes up again; `{ error }` where that cannot be.
  #awake() {
    this.#upstream ??= this.#revive();
    this.#restSoon();
    return this.#upstream;
  }

  // An open stream to the server keeps the object in memory, so one that nobody needs is let go of.
  #restSoon() {
    clearTimeout(this.#rest);
    this.#rest = setTimeout(() => this.#restNow(), this.#settings.limits.REST_AFTER);
  }

  async #restNow() {
    if (!this.#running || this.#exchanges.size > 0 || this.#listeners.length > 0) return;
    const upstream = this.#running;
    this.#upstream = this.#running = undefined;
    const counts = this.#grown(upstream);
    this.#reported = {};
    await Promise.allSettled([upstream.rest(), registry(this.env).add(counts)]);
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
    return error ? { error } : upstream;
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
      onresponse: (id, response) => {
        const isStream = response.ok && response.headers.get('content-type')?.includes('text/event-stream');
        if (isStream) this.#exchanges.get(id)?.open();
      },
      headersOf: (id) => this.#exchanges.get(id)?.trace ?? {},
    });
  }

  // Ends everything: afterwards nothing tells that there ever was a session of this id.
  async #end() {
    const { values } = this.#row;
    const { key, handle } = this.#owner;
    clearTimeout(this.#rest);
    this.#row.forget();
    await this.ctx.storage.deleteAlarm();
    await this.ctx.storage.deleteAll();
    for (const listener of this.#listeners.splice(0)) listener.close();
    for (const id of [...this.#exchanges.keys()]) this.#settle({ jsonrpc: '2.0', id, error: ENDED });
    // To say goodbye, an instance that has not needed it yet takes the session with the server up.
    const upstream = await (this.#upstream ?? (values.upstream ? this.#takeUp(values) : undefined));
    const counts = { sessions_ended_total: 1, ...(await this.#goodbye(upstream)) };
    await Promise.allSettled([this.#index(key).close(handle), registry(this.env).add(counts)]);
  }

  // The server is told, if it can be; what grew meanwhile.
  async #goodbye(upstream) {
    if (!upstream?.terminate) return {};
    await upstream.terminate();
    return this.#grown(upstream);
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

  #refuse(name, details) {
    return refused(this.#settings.gateway.refusal(name), details);
  }
}

// What the entry wrote as one text.
function partsOf(owner) {
  const [key, server, handle] = JSON.parse(decodeURIComponent(owner));
  return { key, server, handle };
}
