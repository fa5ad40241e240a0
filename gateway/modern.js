// Requests of 2026-07-28: they have no session, so they are streamed through without a Durable Object.
// @ts-check

import { idOf, json, refused } from './answers.js';
import { inTime, keptAlive } from './kept-alive.js';
import { log } from './log.js';
import { annotatedTool } from './page-tools.js';
import { cached, forget, keep } from './public-cache.js';
import { parse, RawJson } from './raw-json.js';

/** @import { Pair } from 'gateway-module' */
/** @import { IncomingRequest } from './incoming-request.js' */
/** @import { Answer, Identity, Rpc, RpcResult, Tool } from './types.js' */

// Revisions of legacy servers, newest first.
const legacyVersions = ['2025-11-25', '2025-06-18', '2025-03-26'];
const HEADER_MISMATCH = -32020;
const modernCodes = new Set([HEADER_MISMATCH, -32021, -32022, -32601, -32602]);
// Statuses with which servers that require sessions answer a request without one.
const legacyStatuses = new Set([400, 404, 405, 406]);
const DISCOVER = 'server/discover';
const SPEAKS = 60_000; // milliseconds for which a server that served a request of this revision is assumed to speak it

/** @type {Map<string, number>} */
const speaking = new Map(); // by server: until when

/**
 * Forwards a request, and returns the response.
 * @param {IncomingRequest} incoming the request at the entry
 * @param {Identity} identity its sender
 * @param {Rpc} message its body, as JSON
 * @param {string} text and as text
 * @returns {Promise<Answer>}
 */
export async function passOn(incoming, identity, message, text) {
  const passage = new Passage(incoming, identity, message, idOf(parse(text)));
  const answer = passage.answer(text).catch((error) => {
    log('warn', 'unreachable', { server: passage.server, problem: error.message });
    // Without an id, like every proxy: clients take an error with the request's id for the handler's response, and do not wait for the server.
    return incoming.refuse('unreachable');
  });
  return inTime(answer, passage.id, () => passage.aborter.abort());
}

class Passage {
  /** @param {IncomingRequest} incoming @param {Identity} identity @param {Rpc} message @param {unknown} id as it was written */
  constructor(incoming, identity, message, id) {
    const { gateway, request, head, route } = incoming;
    this.gateway = gateway;
    this.head = head;
    this.identity = identity;
    this.message = message;
    this.id = id;
    this.server = route.subject;
    this.refuse = incoming.refuse.bind(incoming);
    // Disconnecting cancels (2026-07-28 patterns/cancellation), so the request to the server is aborted.
    this.aborter = new AbortController();
    request.signal.addEventListener('abort', () => this.aborter.abort());
    this.fromPage = incoming.origin !== undefined;
    const [url, configured] = gateway.upstream(route.subject, identity.id, identity.vars);
    this.url = url;
    this.configured = configured;
  }

  /** @param {string} text @returns {Promise<Answer>} */
  async answer(text) {
    const { gateway, message, server } = this;
    const key = gateway.cacheKey(message);
    const known = key && cached(server, key);
    if (known) return json({ jsonrpc: '2.0', id: this.id, result: known });
    const calls = this.fromPage && message.method === 'tools/call';
    const added = this.#missingHeaders(calls ? await this.#tool(false) : undefined);
    let response = await this.#send(text, added);
    if (!response.ok) {
      const words = await response.text();
      const corrected =
        calls && response.status === 400 && codeOf(words) === HEADER_MISMATCH
          ? this.#missingHeaders(await this.#tool(true))
          : added;
      // 2026-07-28 streamable-http: the tool's schema has changed. The request was refused unread, so it can be sent again, but not with the same
      // headers: then the error may come from the tool itself.
      if (JSON.stringify(corrected) === JSON.stringify(added)) return this.#refused(response, words);
      response = await this.#send(text, corrected);
      if (!response.ok) return this.#refused(response, await response.text());
    }
    if (message.method !== DISCOVER) speaking.set(server, Date.now() + SPEAKS);
    if (key && !isStream(response)) return this.#kept(key, response);
    const { body: sent } = response;
    const body = sent && message.method === 'subscriptions/listen' ? this.#watched(sent) : sent;
    const passed = isStream(response) && body ? keptAlive(Promise.resolve(body), () => this.aborter.abort()) : body;
    return { status: response.status, headers: this.#headers(response), body: passed };
  }

  // The headers that a client in a page omitted, as pairs.
  /** @param {Tool} [tool] */
  #missingHeaders(tool) {
    return this.fromPage ? this.gateway.missingHeaders(this.head, this.message, tool) : [];
  }

  /** @param {string} text @param {Pair[]} added */
  async #send(text, added) {
    const { gateway, head } = this;
    const headers = new Headers();
    for (const [name, value] of Object.entries(head)) if (gateway.goesToServer(name)) headers.set(name, value);
    for (const [name, value] of [...added, ...this.configured]) headers.set(name, value);
    return fetch(this.url, { method: 'POST', headers, body: text, redirect: 'manual', signal: this.aborter.signal });
  }

  /** @param {boolean} refresh */
  #tool(refresh) {
    const owner = JSON.stringify([this.server, this.identity.key]);
    return annotatedTool({
      gateway: this.gateway,
      owner,
      message: this.message,
      refresh,
      ask: (message) => this.#ask(message),
    });
  }

  // Sends a request of the gateway itself, invisible to the client. Returns the status, and the result if there is one.
  /** @param {Rpc} message @returns {Promise<{ status: number, result?: RpcResult }>} */
  async #ask(message) {
    const headers = new Headers(this.configured);
    headers.set('accept', 'application/json, text/event-stream');
    headers.set('content-type', 'application/json');
    headers.set('mcp-protocol-version', this.head['mcp-protocol-version'] ?? '');
    headers.set('mcp-method', message.method ?? '');
    const response = await fetch(this.url, {
      method: 'POST',
      headers,
      body: JSON.stringify(message),
      redirect: 'manual',
      signal: this.aborter.signal,
    });
    const { status } = response;
    const text = await response.text();
    const data = isStream(response)
      ? text
          .split(/\r?\n/)
          .filter((line) => line.startsWith('data:'))
          .at(-1)
          ?.slice('data:'.length)
      : text;
    return { status, result: parsed(data ?? '')?.result };
  }

  /** @param {string} key @param {Response} response @returns {Promise<Answer>} */
  async #kept(key, response) {
    const { gateway, server } = this;
    const text = await response.text();
    const result = resultIn(text);
    const ttl = result ? gateway.publicFor(result) : 0;
    if (result && ttl > 0) keep(server, key, result, text.length, ttl);
    return { status: response.status, headers: this.#headers(response), body: text };
  }

  // A change notification invalidates the cached results of the server (2026-07-28 server/utilities/caching: at once).
  /** @param {ReadableStream<Uint8Array>} body @returns {ReadableStream<Uint8Array>} */
  #watched(body) {
    const decoder = new TextDecoder();
    let tail = '';
    /** @type {TransformStream<Uint8Array, Uint8Array>} */
    const watching = new TransformStream({
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
    });
    return body.pipeThrough(watching);
  }

  /** @param {Response} response @param {string} text @returns {Promise<Answer>} */
  async #refused(response, text) {
    const { message, server } = this;
    const { status } = response;
    if (legacyStatuses.has(status) && !modernCodes.has(codeOf(text)) && (await this.#isLegacy())) {
      log('info', 'legacyServer', { server, status });
      const requested = message.params?._meta?.['io.modelcontextprotocol/protocolVersion'];
      return refused(this.gateway.refusal('legacyServer'), {
        id: this.id,
        data: { supported: legacyVersions, requested },
      });
    }
    if (status === 401 || status === 403) return this.#forbidden(text);
    return { status, headers: this.#headers(response), body: text };
  }

  // Servers reject an unknown revision in many ways; the client gets the standard one. But handlers may use the same statuses for their own errors, which
  // are valid responses. A server that has just served a request of this revision speaks it; other servers are sent a `server/discover`.
  async #isLegacy() {
    const { message, server } = this;
    if (message.method === DISCOVER) return true;
    if ((speaking.get(server) ?? 0) > Date.now()) return false;
    /** @type {Rpc} */
    const discovery = { jsonrpc: '2.0', id: 'discover', method: DISCOVER, params: { _meta: message.params?._meta } };
    const { status, result } = await this.#ask(discovery).catch(() => ({ status: 0, result: undefined }));
    if (Array.isArray(result?.supportedVersions)) {
      speaking.set(server, Date.now() + SPEAKS);
      return false;
    }
    // A server that is unavailable, or that rejects the gateway's credentials, is not necessarily an old one.
    return status >= 200 && status < 500 && ![401, 403, 429].includes(status);
  }

  // 401 and 403 refer to the gateway's credentials, which the client cannot change, unless they come from a tool. Those are sent with 200: on the original
  // status the client would send a token or ask its user. Texts that contain a value of the configuration are not forwarded.
  /** @param {string} text */
  #forbidden(text) {
    const { configured, message } = this;
    const { id, error } = parsed(text) ?? {};
    const isLeaking = configured.some(
      ([, value]) => value.length >= SECRET && text.includes(value.split(' ').at(-1) ?? ''),
    );
    if (id === message.id && Number.isInteger(error?.code) && !isLeaking) return { status: 200, body: text };
    return this.refuse('unreachable');
  }

  /** @param {Response} response */
  #headers(response) {
    return Object.fromEntries([...response.headers].filter(([name]) => this.gateway.goesToClient(name)));
  }
}

const SECRET = 8; // characters; shorter configured values, such as a user's id, may legitimately occur in an error

const LONGEST_NEWS = 'notifications/resources/list_changed'.length;

/** @param {Response} response */
function isStream(response) {
  return response.headers.get('content-type')?.includes('text/event-stream') ?? false;
}

/** @param {string} text */
function codeOf(text) {
  return parsed(text)?.error?.code ?? 0;
}

// The result of a response, as it was written.
/** @param {string} text */
function resultIn(text) {
  try {
    const message = parse(text);
    const result = message instanceof RawJson ? message.get('result') : undefined;
    return result instanceof RawJson ? result : undefined;
  } catch {
    return undefined;
  }
}

/** @param {string} text @returns {Rpc | undefined} */
function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
