// The front's entry: stateless. It decides who may pass and where to, by the rules of src/gateway, and keeps nothing but counters.
import { authenticate, bearerToken } from './auth.js';
import { idOf, json, refused } from './answers.js';
import { drain, readText } from './body.js';
import { count, countRequest, flush, registry } from './counters.js';
import { randomId, sha256 } from './digest.js';
import { log } from './log.js';
import { passOn } from './modern.js';
import { settingsOf } from './settings.js';

export { SessionObject } from './session-object.js';
export { IndexObject } from './index-object.js';
export { RegistryObject } from './registry-object.js';

export default {
  async fetch(request, env, ctx) {
    let settings;
    try {
      settings = settingsOf(env);
    } catch (error) {
      log('error', 'setup', { problem: error.message });
      return refused({ status: 500, code: -32603, message: 'Internal error: the front is not set up' });
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

// One request.
class Front {
  route;

  constructor(request, env, ctx, settings) {
    Object.assign(this, { request, env, ctx, settings, gateway: settings.gateway });
    this.origin = request.headers.get('origin') ?? undefined;
    this.url = new URL(request.url);
  }

  async answer() {
    const { request, gateway } = this;
    if (!gateway.admits(this.origin)) return this.refuse('origin');
    this.route = gateway.route(this.url.pathname);
    if (!this.route) return this.refuse('path');
    const { allow } = this.route;
    if (request.method === 'OPTIONS') return this.#preflight(allow);
    if (!allow.split(', ').includes(request.method)) return this.refuse('method', { headers: { allow } });
    if (sizeOf(request.headers) > this.settings.limits.MAX_HEADER_BYTES) return this.refuse('headers');
    switch (this.route.name) {
      case 'health': return json({ ok: true });
      case 'metadata': return this.#metadata();
      case 'metrics': return this.#metrics();
    }
    // Who calls is settled before anything is looked up.
    const identity = await authenticate(request, this.settings);
    if (!identity) return this.#unauthorized();
    const wait = gateway.takeRate(identity.key, Date.now());
    if (wait > 0) return this.refuse('rate', { headers: { 'retry-after': String(wait) } });
    switch (this.route.name) {
      case 'sessions': return json({ sessions: await this.#index(identity).list() });
      case 'session': return this.#endOne(identity);
    }
    if (!this.settings.lifetime(this.route.subject)) return this.refuse('path');
    return this.#mcp(identity);
  }

  /** A refusal by its name in src/gateway/refusal.rs. */
  refuse(name, details) {
    return refused(this.gateway.refusal(name), details);
  }

  // The CORS headers stand on every answer, or a page cannot even see its status.
  async finished(answer) {
    await drain(this.request).catch(() => {}); // a client that broke off
    countRequest(this.route?.name, answer.status);
    this.ctx.waitUntil(flush(this.env).catch((error) => log('warn', 'counters', { problem: error.message })));
    const headers = new Headers(answer.headers);
    for (const name of ['x-front-counts', 'x-front-opened']) headers.delete(name);
    for (const [name, value] of this.gateway.corsHeaders(this.origin)) headers.append(name, value);
    headers.set('x-content-type-options', 'nosniff');
    if (!headers.has('cache-control')) headers.set('cache-control', 'no-store');
    return new Response(answer.body, { status: answer.status, headers });
  }

  #preflight(allow) {
    const asked = this.request.headers.get('access-control-request-headers') ?? undefined;
    const headers = new Headers({ allow });
    const usual = new Set(this.gateway.corsHeaders(this.origin).map(String));
    for (const pair of this.gateway.preflightHeaders(this.origin, allow, asked)) if (!usual.has(String(pair))) headers.append(...pair);
    return new Response(null, { status: 204, headers });
  }

  // RFC 9728 §3.2.
  #metadata() {
    const { authorizationServers, lifetime } = this.settings;
    if (!lifetime(this.route.subject)) return this.refuse('path');
    return json({
      resource: `${this.url.origin}/${this.route.subject}/mcp`,
      authorization_servers: authorizationServers.length > 0 ? authorizationServers : undefined,
      bearer_methods_supported: ['header'],
    });
  }

  async #metrics() {
    const { adminToken } = this.settings;
    const token = bearerToken(this.request);
    const [given, wanted] = await Promise.all([sha256(token ?? ''), sha256(adminToken ?? '')]);
    if (!adminToken || !token || !this.gateway.same(given, wanted)) return this.refuse('unauthorized', { headers: { 'www-authenticate': 'Bearer' } });
    await flush(this.env, true);
    return new Response(await registry(this.env).text(), { headers: { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' } });
  }

  // RFC 9728 §5.1, RFC 6750 §3.
  #unauthorized() {
    const parts = [];
    if (this.route.name === 'mcp') parts.push(`resource_metadata="${this.url.origin}/.well-known/oauth-protected-resource${this.url.pathname}"`);
    if (this.request.headers.has('authorization')) parts.push('error="invalid_token"');
    return this.refuse('unauthorized', { headers: { 'www-authenticate': `Bearer ${parts.join(', ')}`.trim() } });
  }

  #index({ key }) {
    return this.env.INDEX.get(this.env.INDEX.idFromName(key));
  }

  async #endOne(identity) {
    const handle = this.route.subject;
    const server = await this.#index(identity).serverOf(handle);
    if (server === undefined) return this.refuse('sessionUnknown');
    await this.#object(handle).end(ownerOf(identity, server, handle));
    return new Response(null, { status: 204 });
  }

  async #mcp(identity) {
    const { request, gateway } = this;
    const { method, headers } = request;
    const media = gateway.checkMedia(headers, method);
    if (media) return refused(media);
    let text;
    let message;
    if (method === 'POST') {
      text = await readText(request, this.settings.limits.MAX_BODY_BYTES);
      if (text === undefined) return this.refuse('body');
      try {
        message = JSON.parse(text);
      } catch {
        return this.refuse('json');
      }
    }
    const era = method === 'POST' ? gateway.eraOfPost(headers, message) : gateway.eraOfOther(headers);
    if (era.status) return refused(era, { id: idOf(message), headers: era.name === 'method' ? { allow: 'POST, OPTIONS' } : undefined });
    if (era === 'modern') return passOn(this, identity, message, text);
    const id = era === 'initialize' ? randomId() : headers.get('mcp-session-id');
    if (!gateway.isPlausibleId(id)) return this.refuse('sessionUnknown');
    const answer = await this.#inSession(identity, await sha256(id), era, text);
    const counts = answer.headers.get('x-front-counts');
    if (counts) count(JSON.parse(counts));
    if (era !== 'initialize' || !answer.headers.has('x-front-opened')) return answer;
    const opened = new Response(answer.body, answer);
    opened.headers.set('mcp-session-id', id);
    return opened;
  }

  // The object that keeps the session does the rest. What it is not told of the request, it cannot pass on by mistake.
  #inSession(identity, handle, era, body) {
    const { method, headers } = this.request;
    const passed = { 'x-front-owner': ownerOf(identity, this.route.subject, handle) };
    if (era === 'initialize') passed['x-front-open'] = encodeURIComponent(JSON.stringify({ ...identity, server: this.route.subject, handle }));
    for (const name of ['mcp-protocol-version', 'last-event-id', 'traceparent', 'tracestate', 'baggage']) {
      const value = headers.get(name);
      if (value !== null) passed[name] = value;
    }
    return this.#object(handle).fetch('http://session/', { method, headers: passed, body });
  }

  #object(handle) {
    return this.env.SESSIONS.get(this.env.SESSIONS.idFromName(handle));
  }
}

// Whom a session belongs to and what it leads to, as one text: compared as such on every call.
function ownerOf({ key }, server, handle) {
  return encodeURIComponent(JSON.stringify([key, server, handle]));
}

function sizeOf(headers) {
  let size = 0;
  for (const [name, value] of headers) size += name.length + value.length + 4;
  return size;
}
