// One request at the gateway's entry: authentication, checks and routing, by the rules in src/gateway.
// @ts-check

import { addressOf } from './address.js';
import { bodiless, idOf, json, refused, responseTo, seconds } from './answers.js';
import { ANYBODY, authenticate, KEYS_PAUSE, KeysUnreachable } from './auth.js';
import { drain, readBody, Stalled } from './body.js';
import { count, countRequest, flush, isFlushDue } from './counters.js';
import { idWithin, isAmbiguous, messagesBeyondOne, shallowText } from './envelope.js';
import { readHead } from './head.js';
import { log, wordsOf } from './log.js';
import { Memo } from './memo.js';
import { administer } from './observe/admin.js';
import { audit } from './observe/audit.js';
import { liveness, readiness } from './observe/health.js';
import { RequestObserver } from './observe/request-observer.js';
import { plain, RawJson, read } from './raw-json.js';
import { askSession, findPlace, knownPlace, received, sessionOf } from './session-places.js';
import { openSession, passOnAdmitted } from './topology/admission.js';

/** @import { Gateway, Refusal } from 'gateway-module' */
/** @import { SessionStub } from './session-places.js' */
/** @import { Answer, AnswerHeaders, Env, EventContext, Head, Identity, Rpc, Settings } from './types.js' */

/** @typedef {{ origin: string, name: string | undefined, subject: string, allow: string[] | undefined }} Route */
/** @typedef {{ isAdmitted: boolean, route: Route, media: Refusal | undefined, namesSession: boolean }} Verdict */

/** @type {Memo<Verdict>} */
const verdicts = new Memo(); // by URL, method and the decisive headers, which repeat from request to request

/** @type {Route} */
const NOWHERE = { origin: '', name: undefined, subject: '', allow: undefined };

export class IncomingRequest {
  route = NOWHERE; // the route of its path
  #size; // size of its headers in bytes

  /** @param {Request} request @param {Env} env @param {EventContext} ctx @param {Settings} settings */
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
    this.observer = new RequestObserver(fields);
  }

  /** The configured server that its path names. */
  get server() {
    return this.settings.lifetime(this.route.subject) ? this.route.subject : undefined;
  }

  // A response (answers.js) or a promise of one. Most requests are messages of a session, which take the path with the fewest awaits.
  /** @returns {Answer | Promise<Answer>} */
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
        return liveness(this.env, this.settings);
      case 'ready':
        return readiness(this.env, this.settings);
      case 'metadata':
        return this.#metadata();
      case 'metrics':
      case 'adminSessions':
      case 'adminSession':
      case 'adminTrace':
      case 'adminServers':
      case 'adminDrain':
        return administer(this);
    }
    // Authentication comes before every lookup.
    const found = authenticate(head, this.settings.auth);
    return found instanceof Promise
      ? found.then(
          (identity) => this.#answerTo(identity, verdict),
          (error) => this.#undecided(error),
        )
      : this.#answerTo(found, verdict);
  }

  /** @param {Identity | undefined} identity @param {Verdict} verdict @returns {Answer | Promise<Answer>} */
  #answerTo(identity, verdict) {
    if (!identity) return this.#unauthorized();
    this.observer.key = identity.key;
    const wait = this.#rateOf(identity.index);
    if (wait > 0) return this.#refuseByBody('rate', { 'retry-after': String(wait) });
    switch (this.route.name) {
      case 'sessions':
        return this.#list(identity);
      case 'session':
        return this.#endOne(identity);
    }
    if (!this.settings.lifetime(this.route.subject)) return this.refuse('path');
    if (verdict.media) return this.#refuseByBody(verdict.media.name);
    return this.request.method === 'POST' ? this.#post(identity, verdict.namesSession) : this.#byEra(identity);
  }

  // Takes messages of the limit. Returns the seconds to pause.
  /** @param {string} who @param {number} [messages] */
  #rateOf(who, messages = 1) {
    return this.settings.limits.RATE_PER_MINUTE > 0 ? this.gateway.takeRate(who, messages, Date.now()) : 0;
  }

  // A refusal of what has not been read yet. The client finds its request by the id in the answer.
  /** @param {string} name @param {AnswerHeaders} [headers] @returns {Answer | Promise<Answer>} */
  #refuseByBody(name, headers) {
    if (this.request.method !== 'POST') return this.refuse(name, { headers });
    return readBody(this.request, this.head, 0).then(
      ({ head, tail }) => this.refuse(name, { headers, id: idWithin(head, tail) }),
      () => this.refuse(name, { headers }),
    );
  }

  // Checks that need neither the caller nor the body.
  #judged() {
    const {
      request: { method, url },
      head,
      origin,
    } = this;
    const hasSession = head['mcp-session-id'] !== undefined;
    // Unambiguous: no header contains a line break.
    const headers =
      line(origin) +
      line(head.accept) +
      line(head['content-type']) +
      line(head['mcp-protocol-version']) +
      line(head['mcp-method']);
    const key = `${method} ${hasSession}${headers}\n${url}`;
    return verdicts.get(key) ?? verdicts.set(key, this.#verdict());
  }

  /** @returns {Verdict} */
  #verdict() {
    const {
      request: { method, url },
      head,
      gateway,
    } = this;
    return {
      isAdmitted: gateway.admits(this.origin),
      route: routeOf(gateway, url, this.settings.publicOrigin),
      media: gateway.checkMedia(head, method),
      namesSession: gateway.namesSession(head),
    };
  }

  /**
   * A refusal, by its name in src/gateway/refusal.rs.
   * @param {string} name
   * @param {{ id?: unknown, headers?: AnswerHeaders, data?: unknown }} [details]
   */
  refuse(name, details) {
    return refused(this.gateway.refusal(name), details);
  }

  /**
   * The Response, or a promise of it.
   * @param {Answer} answer
   * @returns {Response | Promise<Response>}
   */
  finished(answer) {
    const { request } = this;
    if (request.bodyUsed || !request.body) return this.#sent(answer);
    const isOver = drain(request).catch(() => {}); // the client disconnected, or sends no more
    return isOver.then(() => this.#sent(answer));
  }

  /** @param {Answer} answer */
  #sent(answer) {
    const { env, ctx } = this;
    countRequest(this.route.name, answer.status);
    this.observer.ended(answer, this);
    if (isFlushDue()) ctx.waitUntil(flush(env).catch((error) => log('warn', 'counters', { problem: wordsOf(error) })));
    return responseTo(this.origin, answer, this.gateway);
  }

  /** @param {string[]} allow */
  #preflight(allow) {
    const methods = allow.join(', ');
    /** @type {Record<string, string>} */
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
    // 2025-11-25 basic/authorization, "Authorization Server Location": the document MUST name at least one. Without any there is none.
    if (!lifetime(this.route.subject) || authorizationServers.length === 0) return this.refuse('path');
    return json({
      resource: `${this.route.origin}/${this.route.subject}/mcp`,
      authorization_servers: authorizationServers,
      bearer_methods_supported: ['header'],
    });
  }

  // RFC 9728 §5.1, RFC 6750 §3.
  #unauthorized() {
    /** @type {string[]} */
    const parts = [];
    if (this.route.name === 'mcp' && this.settings.authorizationServers.length > 0)
      parts.push(
        `resource_metadata="${this.route.origin}/.well-known/oauth-protected-resource/${this.route.subject}/mcp"`,
      );
    if (this.head.authorization !== undefined) parts.push('error="invalid_token"');
    return this.failedLogin(`Bearer ${parts.join(', ')}`.trim());
  }

  // Failures with a token are limited by address, like the requests of a user.
  /** @param {string} challenge */
  failedLogin(challenge) {
    const { head } = this;
    if (head.authorization !== undefined || head['cf-access-jwt-assertion'] !== undefined) {
      count({ logins_failed_total: 1 });
      audit('auth.refused', { route: this.route.name, server: this.server });
      const wait = this.#rateOf(`failed ${addressOf(head)}`);
      if (wait > 0) return this.refuse('rate', { headers: { 'retry-after': String(wait) } });
    }
    return this.refuse('unauthorized', { headers: { 'www-authenticate': challenge } });
  }

  // Whether the token is valid is unknown: a 401 would make the client throw it away.
  /** @param {unknown} error @returns {Answer} */
  #undecided(error) {
    if (!(error instanceof KeysUnreachable)) throw error;
    return this.refuse('keys', { headers: { 'retry-after': seconds(KEYS_PAUSE) } });
  }

  /** @param {Identity} identity */
  async #list(identity) {
    if (isAnonymous(identity)) return this.refuse('anonymous');
    return json({ sessions: await this.#index(identity).list() });
  }

  /** @param {Pick<Identity, 'index'>} identity */
  #index({ index }) {
    return this.env.INDEX.get(this.env.INDEX.idFromName(index));
  }

  /** @param {Identity} identity */
  async #endOne(identity) {
    if (isAnonymous(identity)) return this.refuse('anonymous');
    const handle = this.route.subject;
    const index = this.#index(identity);
    const server = await index.serverOf(handle);
    if (server === undefined) return this.refuse('sessionUnknown');
    const { object, owner } = sessionOf(this.env, identity.key, server, handle);
    await object.end(owner);
    await index.close(handle); // also one that no object knows
    return bodiless(204);
  }

  /** @param {Identity} identity @param {boolean} namesSession @returns {Promise<Answer>} */
  async #post(identity, namesSession) {
    const { request, gateway, head } = this;
    const { subject } = this.route;
    // One that workerd cannot read has an encoding that is wrong, or that it does not know, such as chunk extensions; or the client has gone.
    const body = await readBody(request, head, this.settings.limits.MAX_BODY_BYTES).catch((error) => error);
    if (body instanceof Error) return this.refuse(body instanceof Stalled ? 'stalled' : 'json');
    const { text, head: first, tail } = body;
    if (text === undefined) return this.refuse('body', { id: idWithin(first, tail) });
    const more = messagesBeyondOne(text);
    const wait = more > 0 ? this.#rateOf(identity.index, more) : 0;
    if (wait > 0) return this.refuse('rate', { headers: { 'retry-after': String(wait) } });
    const id = head['mcp-session-id'];
    const place =
      namesSession &&
      id !== undefined &&
      (knownPlace(identity, subject, id) ??
        (gateway.isPlausibleId(id) && (await findPlace(this.env, identity, subject, id))));
    if (place) {
      // The common case: a message of a session, which only the session parses.
      const object = this.env.SESSIONS.get(place.name);
      const answer = received(object, await this.#postTo(object, place.owner, text));
      if (answer) return this.observer.answeredBy(place.owner, answer, true);
    }
    return this.#byEra(identity, text);
  }

  // Classifies requests that do not obviously belong to a session.
  /** @param {Identity} identity @param {string} [text] @returns {Promise<Answer>} */
  async #byEra(identity, text) {
    const {
      gateway,
      head,
      request: { method },
    } = this;
    const id = head['mcp-session-id'];
    let body;
    try {
      body = text === undefined ? undefined : read(text);
    } catch {
      return this.refuse('json');
    }
    if (body instanceof RawJson && body.repeats) return this.refuse('duplicate', { id: idOf(body) });
    /** @type {Rpc | undefined} */
    const message = plain(body);
    const era = text === undefined ? gateway.eraOfOther(head) : gateway.eraOfPost(head, message);
    if (typeof era === 'object')
      return refused(era, {
        id: idOf(body),
        headers: era.name === 'method' ? { allow: 'POST, OPTIONS' } : undefined,
      });
    if (message && text !== undefined) {
      if (era === 'modern')
        return isAmbiguous(text)
          ? this.refuse('duplicate', { id: idOf(body) })
          : this.#pass(identity, /** @type {RawJson} */ (body), text);
      if (era === 'initialize') return this.#open(identity, /** @type {RawJson} */ (body));
    }
    if (!id || !gateway.isPlausibleId(id)) return this.refuse('sessionUnknown');
    const version = head['mcp-protocol-version'];
    let asked = '';
    const answer = await askSession(this.env, identity, this.route.subject, id, (object, owner) => {
      asked = owner;
      switch (method) {
        case 'POST':
          return this.#postTo(object, owner, text ?? '');
        case 'GET':
          // An empty one names no event (HTML §9.2.6).
          return object.listen(owner, version, head['last-event-id'] || undefined, identity.until);
        default:
          return object.delete(owner, version);
      }
    });
    return answer ? this.observer.answeredBy(asked, answer, method === 'POST') : this.refuse('sessionUnknown');
  }

  /** @param {Identity} identity @param {RawJson} body @param {string} text */
  #pass(identity, body, text) {
    const carried = this.observer.carry(body, text);
    this.head = carried.head;
    return passOnAdmitted(this, identity, carried.body, carried.text);
  }

  /** @param {SessionStub} object @param {string} owner @param {string} text */
  #postTo(object, owner, text) {
    return object.post(owner, this.head['mcp-protocol-version'], text, this.observer.contextFor(text));
  }

  /** @param {Identity} identity @param {RawJson} message @returns {Promise<Answer>} */
  async #open(identity, message) {
    const given = message.get('params') ?? {};
    if (given instanceof RawJson && given.repeats) return this.refuse('duplicate', { id: idOf(message) });
    const params = shallowText(given);
    if (params === undefined) return this.refuse('message', { id: idOf(message) });
    return openSession(this, identity, message, params);
  }
}

// A missing header differs from an empty one.
/** @param {string | undefined} header */
function line(header) {
  return header === undefined ? '\n' : `\n=${header}`;
}

// All callers without authentication are one user.
/** @param {Identity} identity */
function isAnonymous({ key }) {
  return key === ANYBODY;
}

// The route of a URL; without methods if there is none.
/** @param {Gateway} gateway @param {string} url @param {string | undefined} publicOrigin @returns {Route} */
function routeOf(gateway, url, publicOrigin) {
  const { origin, pathname } = new URL(url);
  const found = gateway.route(pathname);
  return {
    origin: publicOrigin ?? origin,
    name: found?.name,
    subject: found?.subject ?? '',
    allow: found?.allow.split(', '),
  };
}
