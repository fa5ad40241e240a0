// Requests of 2026-07-28: each stands for itself, so they stream straight through, without an object.
// @ts-check

import { idOf, json, refused } from './answers.js';
import { inTime, keptAlive } from './kept-alive.js';
import { log } from './log.js';
import { annotatedTool } from './page-tools.js';
import { cached, forget, keep } from './public-cache.js';

/** @import { Pair } from 'gateway-module' */
/** @import { IncomingRequest } from './incoming-request.js' */
/** @import { Answer, Identity, Rpc, RpcResult, Tool } from './types.js' */

// What the legacy servers behind the front speak, newest first.
const legacyVersions = ['2025-11-25', '2025-06-18', '2025-03-26'];
const HEADER_MISMATCH = -32020;
const modernCodes = new Set([HEADER_MISMATCH, -32021, -32022, -32601, -32602]);
// What servers that know sessions alone answer to a request without one.
const legacyStatuses = new Set([400, 404, 405, 406]);
const DISCOVER = 'server/discover';
const SPEAKS = 60_000; // milliseconds for which a server that served a request of this revision is believed to speak it

/** @type {Map<string, number>} */
const speaking = new Map(); // by server: until when

/**
 * Passes a request on and its answer back.
 * @param {IncomingRequest} front the request at the entry
 * @param {Identity} identity who sent it
 * @param {Rpc} message its body, as JSON
 * @param {string} text and as text
 * @returns {Promise<Answer>}
 */
export async function passOn(front, identity, message, text) {
  const passage = new Passage(front, identity, message);
  const answer = passage.answer(text).catch((error) => {
    log('warn', 'unreachable', { server: passage.server, problem: error.message });
    // Without an id, as every proxy says it: an error with the id of the request would be the answer of its handler, and no client waits for the server then.
    return front.refuse('unreachable');
  });
  return inTime(answer, idOf(message), () => passage.aborter.abort());
}

class Passage {
  /** @param {IncomingRequest} front @param {Identity} identity @param {Rpc} message */
  constructor(front, identity, message) {
    const { gateway, request, head, route } = front;
    this.gateway = gateway;
    this.head = head;
    this.identity = identity;
    this.message = message;
    this.server = route.subject;
    this.refuse = front.refuse.bind(front);
    // A client that goes away cancels (2026-07-28 patterns/cancellation), so the request to the server ends too.
    this.aborter = new AbortController();
    request.signal.addEventListener('abort', () => this.aborter.abort());
    this.fromPage = front.origin !== undefined;
    const [url, configured] = gateway.upstream(route.subject, identity.id, identity.vars);
    this.url = url;
    this.configured = configured;
  }

  /** @param {string} text @returns {Promise<Answer>} */
  async answer(text) {
    const { gateway, message, server } = this;
    const key = gateway.cacheKey(message);
    const known = key && cached(server, key);
    if (known) return json({ jsonrpc: '2.0', id: message.id, result: known });
    const calls = this.fromPage && message.method === 'tools/call';
    const added = this.#missingHeaders(calls ? await this.#tool(false) : undefined);
    let response = await this.#send(text, added);
    if (!response.ok) {
      const words = await response.text();
      const corrected =
        calls && response.status === 400 && codeOf(words) === HEADER_MISMATCH
          ? this.#missingHeaders(await this.#tool(true))
          : added;
      // 2026-07-28 streamable-http: the tool's schema has changed; refused unread, so it may be sent again. With the same headers it would only be
      // refused again, and the words may be the tool's own.
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

  // The headers that a page's client left out, as pairs.
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

  // A request of the front's own, about which the client is told nothing: the status, and the result if there is one.
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
    const result = parsed(text)?.result;
    const ttl = result ? gateway.publicFor(result) : 0;
    if (result && ttl > 0) keep(server, key, result, text.length, ttl);
    return { status: response.status, headers: this.#headers(response), body: text };
  }

  // News of a change ends what is kept of the server (2026-07-28 server/utilities/caching: at once).
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
        id: idOf(message),
        data: { supported: legacyVersions, requested },
      });
    }
    if (status === 401 || status === 403) return this.#forbidden(text);
    return { status, headers: this.#headers(response), body: text };
  }

  // A server that does not know the revision says so in many ways, and the client gets the one that it understands. But a handler may use the same statuses
  // for errors of its own, which are its answer. A server that has just served a request of this revision speaks it; any other one is asked.
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
    // A server that cannot answer now, or does not know the gateway, has not said that it is an old one.
    return status >= 200 && status < 500 && ![401, 403, 429].includes(status);
  }

  // 401 and 403 are about the gateway's own credentials, which the client can do nothing about, unless a tool says so of its own. That is told with 200: the
  // client would answer the status with a token, or a question to its user. Words that hold a value of the configuration are not passed on.
  /** @param {string} text */
  #forbidden(text) {
    const { configured, message } = this;
    const { id, error } = parsed(text) ?? {};
    const isLeaking = configured.some(
      ([, value]) => value.length >= SECRET && text.includes(value.split(' ').at(-1) ?? ''),
    );
    if (id === message.id && Number.isInteger(error?.code) && !isLeaking) return json({ jsonrpc: '2.0', id, error });
    return this.refuse('unreachable');
  }

  /** @param {Response} response */
  #headers(response) {
    return Object.fromEntries([...response.headers].filter(([name]) => this.gateway.goesToClient(name)));
  }
}

const SECRET = 8; // characters: a configured value that is shorter, such as a user's id, may well be in an honest error

const LONGEST_NEWS = 'notifications/resources/list_changed'.length;

/** @param {Response} response */
function isStream(response) {
  return response.headers.get('content-type')?.includes('text/event-stream') ?? false;
}

/** @param {string} text */
function codeOf(text) {
  return parsed(text)?.error?.code ?? 0;
}

/** @param {string} text @returns {Rpc | undefined} */
function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
