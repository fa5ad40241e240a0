// Requests of 2026-07-28: each stands for itself, so they stream straight through, without an object.
import { idOf, json, refused } from './answers.js';
import { inTime, keptAlive } from './kept-alive.js';
import { log } from './log.js';
import { annotatedTool } from './page-tools.js';
import { cached, forget, keep } from './public-cache.js';

// What the legacy servers behind the front speak, newest first.
const legacyVersions = ['2025-11-25', '2025-06-18', '2025-03-26'];
const HEADER_MISMATCH = -32020;
const modernCodes = new Set([HEADER_MISMATCH, -32021, -32022, -32601, -32602]);

/**
 * Passes a request on and its answer back.
 * @param front the request at the entry
 * @param identity who sent it
 * @param message its body, as JSON and as text
 */
export async function passOn(front, identity, message, text) {
  const passage = new Passage(front, identity, message);
  const answer = passage.answer(text).catch((error) => {
    log('warn', 'unreachable', { server: passage.server, problem: error.message });
    return front.refuse('unreachable', { id: idOf(message) });
  });
  return inTime(answer, () => passage.aborter.abort());
}

class Passage {
  constructor(front, identity, message) {
    const { gateway, request, head, route } = front;
    Object.assign(this, { gateway, head, identity, message, server: route.subject, refuse: front.refuse.bind(front) });
    // A client that goes away cancels (2026-07-28 patterns/cancellation), so the request to the server ends too.
    this.aborter = new AbortController();
    request.signal.addEventListener('abort', () => this.aborter.abort());
    this.fromPage = front.origin !== undefined;
    [this.url, this.configured] = gateway.upstream(route.subject, identity.id, identity.vars);
  }

  async answer(text) {
    const { gateway, message, server } = this;
    const key = gateway.cacheKey(message);
    const known = key && cached(server, key);
    if (known) return json({ jsonrpc: '2.0', id: message.id, result: known });
    const calls = this.fromPage && message.method === 'tools/call';
    let response = await this.#send(message, text, calls ? await this.#tool(false) : undefined);
    if (response.status >= 400) {
      const words = await response.text();
      // 2026-07-28 streamable-http: the tool's schema has changed; refused unread, so it may be sent again.
      if (!calls || codeOf(words) !== HEADER_MISMATCH) return this.#refused(response, words);
      response = await this.#send(message, text, await this.#tool(true));
      if (response.status >= 400) return this.#refused(response, await response.text());
    }
    if (key && !isStream(response)) return this.#kept(key, response);
    const body = message.method === 'subscriptions/listen' ? this.#watched(response.body) : response.body;
    const passed = isStream(response) && body ? keptAlive(Promise.resolve(body), () => this.aborter.abort()) : body;
    return { status: response.status, headers: this.#headers(response), body: passed };
  }

  async #send(message, text, tool) {
    const { gateway, head } = this;
    const headers = new Headers();
    for (const [name, value] of Object.entries(head)) if (gateway.goesToServer(name)) headers.set(name, value);
    if (this.fromPage) for (const [name, value] of gateway.missingHeaders(head, message, tool)) headers.set(name, value);
    for (const [name, value] of this.configured) headers.set(name, value);
    return fetch(this.url, { method: 'POST', headers, body: text, redirect: 'manual', signal: this.aborter.signal });
  }

  #tool(anew) {
    const owner = JSON.stringify([this.server, this.identity.key]);
    return annotatedTool({ gateway: this.gateway, owner, message: this.message, anew, ask: (message) => this.#ask(message) });
  }

  // A request of the front's own, about which the client is told nothing.
  async #ask(message) {
    const headers = new Headers(this.configured);
    headers.set('accept', 'application/json, text/event-stream');
    headers.set('content-type', 'application/json');
    headers.set('mcp-protocol-version', this.head['mcp-protocol-version']);
    headers.set('mcp-method', message.method);
    const response = await fetch(this.url, { method: 'POST', headers, body: JSON.stringify(message), redirect: 'manual', signal: this.aborter.signal });
    const text = await response.text();
    const data = isStream(response) ? text.split(/\r?\n/).filter((line) => line.startsWith('data:')).at(-1)?.slice('data:'.length) : text;
    return parsed(data ?? '')?.result;
  }

  async #kept(key, response) {
    const { gateway, server } = this;
    const text = await response.text();
    const result = parsed(text)?.result;
    const ttl = result ? gateway.publicFor(result) : 0;
    if (ttl > 0) keep(server, key, result, text.length, ttl);
    return { status: response.status, headers: this.#headers(response), body: text };
  }

  // News of a change ends what is kept of the server (2026-07-28 server/utilities/caching: at once).
  #watched(body) {
    const decoder = new TextDecoder();
    let tail = '';
    return body?.pipeThrough(new TransformStream({
      transform: (chunk, controller) => {
        const text = tail + decoder.decode(chunk, { stream: true });
        if (this.gateway.tellsOfChange(text)) {
          forget(this.server);
          tail = '';
        } else {
          tail = text.slice(-LONGEST_NEWS);
        }
        controller.enqueue(chunk);
      },
    }));
  }

  // A server that does not know the revision says so in many ways; the client gets the one that it understands.
  #refused(response, text) {
    const { gateway, message, server } = this;
    if ([400, 404, 405, 406].includes(response.status) && !modernCodes.has(codeOf(text))) {
      log('info', 'legacyServer', { server, status: response.status });
      const requested = message.params._meta['io.modelcontextprotocol/protocolVersion'];
      return refused(gateway.refusal('legacyServer'), { id: idOf(message), data: { supported: legacyVersions, requested } });
    }
    // 401 and 403 are about the front's own credentials, which the client can do nothing about.
    if (response.status === 401 || response.status === 403) return this.refuse('unreachable', { id: idOf(message) });
    return { status: response.status, headers: this.#headers(response), body: text };
  }

  #headers(response) {
    return Object.fromEntries([...response.headers].filter(([name]) => this.gateway.goesToClient(name)));
  }
}

const LONGEST_NEWS = 'notifications/resources/list_changed'.length;

function isStream(response) {
  return response.headers.get('content-type')?.includes('text/event-stream') ?? false;
}

function codeOf(text) {
  return parsed(text)?.error?.code;
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
