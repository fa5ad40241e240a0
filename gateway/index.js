// The front's entry: stateless. It decides who may pass and where to, by the rules of src/gateway, and keeps nothing but counters.

import { always, bodiless, idOf, json, refused, responseTo } from './answers.js';
import { authenticate, bearerToken } from './auth.js';
import { drain, readText } from './body.js';
import { count, countRequest, flush, isFlushDue, registry } from './counters.js';
import { randomId, sha256 } from './digest.js';
import { readHead } from './head.js';
import { log } from './log.js';
import { Memo } from './memo.js';
import { passOn } from './modern.js';
import { settingsOf } from './settings.js';

export { IndexObject } from './index-object.js';
export { RegistryObject } from './registry-object.js';
export { SessionObject } from './session-object.js';

export default {
  async fetch(request, env, ctx) {
    let settings;
    try {
      settings = settingsOf(env);
    } catch (error) {
      log('error', 'setup', { problem: error.message });
      return Response.json(
        { jsonrpc: '2.0', error: { code: -32603, message: 'Internal error: the front is not set up' }, id: null },
        { status: 500, headers: always },
      );
    }
    const front = new Front(request, env, ctx, settings);
    let answer;
    try {
      answer = await front.answer();
    } catch (error) {
      log('error', 'failed', { route: front.route?.name, problem: String(error?.stack ?? error) });
      answer = front.refuse('internal');
    }
    return front.finished(answer);
  },
};

// Of one request after the other these are the same.
const verdicts = new Memo(); // by URL, method and the headers that decide
const places = new Memo(); // by session and caller

// One request.
class Front {
  route; // what its path leads to
  #size; // of its headers, in bytes

  constructor(request, env, ctx, settings) {
    this.request = request;
    this.env = env;
    this.ctx = ctx;
    this.settings = settings;
    this.gateway = settings.gateway;
    const { fields, size } = readHead(request.headers);
    this.head = fields;
    this.#size = size;
    this.origin = fields.origin;
  }

  // An answer (answers.js) or a promise of one. Most requests are a session's own messages, and for each of those as little as possible is waited for.
  answer() {
    const {
      request: { method },
      head,
    } = this;
    const verdict = this.#judged();
    if (!verdict.isAdmitted) return this.refuse('origin');
    this.route = verdict.route;
    const { allow } = this.route;
    if (!allow) return this.refuse('path');
    if (method === 'OPTIONS') return this.#preflight(allow);
    if (!allow.includes(method)) return this.refuse('method', { headers: { allow: allow.join(', ') } });
    if (this.#size > this.settings.limits.MAX_HEADER_BYTES) return this.refuse('headers');
    switch (this.route.name) {
      case 'health':
        return json({ ok: true });
      case 'metadata':
        return this.#metadata();
      case 'metrics':
        return this.#metrics();
    }
    // Who calls is settled before anything is looked up.
    const found = authenticate(head, this.settings.auth);
    return found instanceof Promise
      ? found.then((identity) => this.#answerTo(identity, verdict))
      : this.#answerTo(found, verdict);
  }

  #answerTo(identity, verdict) {
    if (!identity) return this.#unauthorized();
    const wait = this.settings.limits.RATE_PER_MINUTE > 0 ? this.gateway.takeRate(identity.key, Date.now()) : 0;
    if (wait > 0) return this.refuse('rate', { headers: { 'retry-after': String(wait) } });
    switch (this.route.name) {
      case 'sessions':
        return this.#list(identity);
      case 'session':
        return this.#endOne(identity);
    }
    if (!this.settings.lifetime(this.route.subject)) return this.refuse('path');
    if (verdict.media) return refused(verdict.media);
    return this.request.method === 'POST' ? this.#post(identity, verdict.namesSession) : this.#byEra(identity);
  }

  // What the rules say before the caller and the body are looked at.
  #judged() {
    const {
      request: { method, url },
      head,
      origin,
    } = this;
    const hasSession = head['mcp-session-id'] !== undefined;
    // Nobody's headers may pass for another's: one that is missing is not one that says "undefined".
    const key = JSON.stringify([
      method,
      url,
      origin,
      head.accept,
      head['content-type'],
      head['mcp-protocol-version'],
      head['mcp-method'],
      hasSession,
    ]);
    return verdicts.get(key) ?? verdicts.set(key, this.#verdict());
  }

  #verdict() {
    const {
      request: { method, url },
      head,
      gateway,
    } = this;
    return {
      isAdmitted: gateway.admits(this.origin),
      route: routeOf(gateway, url),
      media: gateway.checkMedia(head, method),
      namesSession: gateway.namesSession(head),
    };
  }

  /** A refusal by its name in src/gateway/refusal.rs. */
  refuse(name, details) {
    return refused(this.gateway.refusal(name), details);
  }

  /** The answer as it is sent, or a promise of that. */
  finished(answer) {
    const { request } = this;
    if (request.bodyUsed || !request.body) return this.#sent(answer);
    const isOver = drain(request).catch(() => {}); // a client that broke off
    return isOver.then(() => this.#sent(answer));
  }

  #sent(answer) {
    countRequest(this.route?.name, answer.status);
    if (isFlushDue())
      this.ctx.waitUntil(flush(this.env).catch((error) => log('warn', 'counters', { problem: error.message })));
    return responseTo(this.origin, answer, this.gateway);
  }

  #preflight(allow) {
    const methods = allow.join(', ');
    const headers = { allow: methods };
    for (const [name, value] of this.gateway.preflightHeaders(
      this.origin,
      methods,
      this.head['access-control-request-headers'],
    )) {
      headers[name] = name in headers ? `${headers[name]}, ${value}` : value;
    }
    return bodiless(204, headers);
  }

  // RFC 9728 §3.2.
  #metadata() {
    const { authorizationServers, lifetime } = this.settings;
    if (!lifetime(this.route.subject)) return this.refuse('path');
    return json({
      resource: `${this.route.origin}/${this.route.subject}/mcp`,
      authorization_servers: authorizationServers.length > 0 ? authorizationServers : undefined,
      bearer_methods_supported: ['header'],
    });
  }

  async #metrics() {
    const { adminToken } = this.settings;
    const token = bearerToken(this.head);
    const [given, wanted] = await Promise.all([sha256(token ?? ''), sha256(adminToken ?? '')]);
    if (!adminToken || !token || !this.gateway.same(given, wanted))
      return this.refuse('unauthorized', { headers: { 'www-authenticate': 'Bearer' } });
    await flush(this.env);
    return {
      status: 200,
      headers: { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' },
      body: await registry(this.env).text(),
    };
  }

  // RFC 9728 §5.1, RFC 6750 §3.
  #unauthorized() {
    const parts = [];
    if (this.route.name === 'mcp')
      parts.push(
        `resource_metadata="${this.route.origin}/.well-known/oauth-protected-resource/${this.route.subject}/mcp"`,
      );
    if (this.head.authorization !== undefined) parts.push('error="invalid_token"');
    return this.refuse('unauthorized', { headers: { 'www-authenticate': `Bearer ${parts.join(', ')}`.trim() } });
  }

  async #list(identity) {
    return json({ sessions: await this.#index(identity).list() });
  }

  #index({ key }) {
    return this.env.INDEX.get(this.env.INDEX.idFromName(key));
  }

  async #endOne(identity) {
    const handle = this.route.subject;
    const server = await this.#index(identity).serverOf(handle);
    if (server === undefined) return this.refuse('sessionUnknown');
    await this.#object(handle).end(ownerOf(identity, server, handle));
    return bodiless(204);
  }

  async #post(identity, namesSession) {
    const { request, gateway, head } = this;
    const text = await readText(request, head['content-length'], this.settings.limits.MAX_BODY_BYTES);
    if (text === undefined) return this.refuse('body');
    const id = head['mcp-session-id'];
    const place =
      namesSession &&
      (this.#knownPlace(identity, id) ?? (gateway.isPlausibleId(id) && (await this.#newPlace(identity, id))));
    if (place) {
      // As nearly always: a session's own message, which only the session need look into.
      const object = this.env.SESSIONS.get(place.name);
      const answer = received(object, await this.#postTo(object, place.owner, text));
      if (answer) return answer;
    }
    return this.#byEra(identity, text);
  }

  // What a request is that is not obviously a session's.
  async #byEra(identity, text) {
    const {
      gateway,
      head,
      request: { method },
    } = this;
    const id = head['mcp-session-id'];
    let message;
    try {
      message = text === undefined ? undefined : JSON.parse(text);
    } catch {
      return this.refuse('json');
    }
    const era = text === undefined ? gateway.eraOfOther(head) : gateway.eraOfPost(head, message);
    if (era.status)
      return refused(era, {
        id: idOf(message),
        headers: era.name === 'method' ? { allow: 'POST, OPTIONS' } : undefined,
      });
    if (era === 'modern') return passOn(this, identity, message, text);
    if (era === 'initialize') return this.#open(identity, message);
    if (!gateway.isPlausibleId(id)) return this.refuse('sessionUnknown');
    const version = head['mcp-protocol-version'];
    const answer = await this.#inSession(identity, id, (object, owner) => {
      switch (method) {
        case 'POST':
          return this.#postTo(object, owner, text);
        case 'GET':
          return object.listen(owner, version, head['last-event-id']);
        default:
          return object.delete(owner, version);
      }
    });
    return answer ?? this.refuse('sessionUnknown');
  }

  #postTo(object, owner, text) {
    const { head } = this;
    let trace;
    for (const name of TRACE) {
      if (head[name] === undefined) continue;
      trace ??= {};
      trace[name] = head[name];
    }
    return object.post(owner, head['mcp-protocol-version'], text, trace);
  }

  async #open(identity, { id: requestId, params }) {
    const id = randomId();
    const answer = await this.#inSession(identity, id, (object, owner) =>
      object.open(owner, identity, requestId, params),
    );
    return answer.opened ? { ...answer, headers: { 'mcp-session-id': id } } : answer;
  }

  // The object that keeps the session does the rest. What it is not told of the request, it cannot pass on by mistake.
  async #inSession(identity, id, ask) {
    const { owner, name } = this.#knownPlace(identity, id) ?? (await this.#newPlace(identity, id));
    const object = this.env.SESSIONS.get(name);
    return received(object, await ask(object, owner));
  }

  // Where a session is, and whose it would have to be.
  #knownPlace({ key }, id) {
    return places.get(placeName(key, this.route.subject, id));
  }

  async #newPlace({ key }, id) {
    const server = this.route.subject;
    const handle = await sha256(id);
    return places.set(placeName(key, server, id), {
      owner: ownerOf({ key }, server, handle),
      name: this.env.SESSIONS.idFromName(handle),
    });
  }

  #object(handle) {
    return this.env.SESSIONS.get(this.env.SESSIONS.idFromName(handle));
  }
}

// W3C Trace Context and Baggage.
const TRACE = ['traceparent', 'tracestate', 'baggage'];

// What a URL leads to; without methods, to nothing.
function routeOf(gateway, url) {
  const { origin, pathname } = new URL(url);
  const { name, subject, allow } = gateway.route(pathname) ?? {};
  return { origin, name, subject, allow: allow?.split(', ') };
}

// What an object answered: an answer, or a promise of one that is still to be fetched.
function received(object, answer) {
  if (typeof answer === 'string') return { status: 200, headers: undefined, body: answer };
  if (answer?.counts) count(answer.counts);
  return answer?.bodyNumber ? withBody(object, answer) : answer;
}

async function withBody(object, answer) {
  const { ok, body } = await object.fetch(`http://session/${answer.bodyNumber}`);
  if (!ok) throw new Error('the object was replaced before its answer was fetched');
  return { ...answer, body };
}

// Neither ids nor the names of servers have line ends.
function placeName(key, server, id) {
  return `${key}\n${server}\n${id}`;
}

// Whom a session belongs to and what it leads to, as one text: compared as such on every call.
function ownerOf({ key }, server, handle) {
  return JSON.stringify([key, server, handle]);
}
