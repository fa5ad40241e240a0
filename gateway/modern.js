// Requests of 2026-07-28: they have no session, so they are streamed through without a Durable Object.
// @ts-check

import { bodiless, idOf, json, refused } from './answers.js';
import { LARGEST_ANSWER, startOf, textWithin } from './bounded.js';
import { sha256 } from './digest.js';
import { inTime, keptAlive } from './kept-alive.js';
import { log } from './log.js';
import { noAnswer } from './no-answer.js';
import { RequestAuth } from './oauth/request-auth.js';
import { annotatedTool } from './page-tools.js';
import { OUR_ERROR } from './pending.js';
import { cached, epochOf, forget, keep, LARGEST_ENTRY, unambiguous } from './public-cache.js';
import { plain } from './raw-json.js';
import { modernRoute, secretsIn } from './topology/modern-route.js';
import { refusalOf } from './topology/silence.js';
import {
  codeOf,
  errorIn,
  identified,
  isAnswer,
  isError,
  isStream,
  messageIn,
  parsed,
  resultIn,
} from './upstream-answer.js';
import { gatewayWords } from './words.js';

/** @import { Pair } from 'gateway-module' */
/** @import { IncomingRequest } from './incoming-request.js' */
/** @import { RawJson } from './raw-json.js' */
/** @import { Answer, Identity, Rpc, RpcResult, Tool } from './types.js' */

// Revisions of legacy servers, newest first.
const legacyVersions = ['2025-11-25', '2025-06-18', '2025-03-26'];
const HEADER_MISMATCH = -32020;
const modernCodes = new Set([HEADER_MISMATCH, -32021, -32022, -32601, -32602]);
// Statuses with which servers that require sessions answer a request without one.
const legacyStatuses = new Set([400, 404, 405, 406]);
const CONFIG_ERROR = 'config_error';
const DISCOVER = 'server/discover';
const SPEAKS = 60_000; // milliseconds for which a server that served a request of this revision is assumed to speak it

/** @typedef {(result: RawJson, size: number) => Promise<void>} OnResult */

/** @type {Map<string, number>} */
const speaking = new Map(); // by server: until when

/**
 * Forwards a request, and returns the response.
 * @param {IncomingRequest} incoming the request at the entry
 * @param {Identity} identity its sender
 * @param {RawJson} message its body
 * @param {string} text and as text
 * @returns {Promise<Answer>}
 */
export async function passOn(incoming, identity, message, text) {
  let passage;
  try {
    passage = new Passage(incoming, identity, message);
  } catch (error) {
    return unfit(error, incoming, message);
  }
  const sent = passage.auth?.around(text, (own) => passage.answer(own)) ?? passage.answer(text);
  const answer = sent.catch((error) => {
    log('warn', 'unreachable', { server: passage.server, problem: error.message });
    // Without an id, like every proxy: clients take an error with the request's id for the handler's response, and do not wait for the server.
    return refusalOf(error, passage.id) ?? passage.unreachable();
  });
  return inTime(answer, passage.id, () => passage.aborter.abort());
}

// The headers of the configuration have no value for this user, or one that no header can have: what a session answers, too.
/** @param {unknown} error @param {IncomingRequest} incoming @param {RawJson} message @returns {Answer} */
function unfit(error, { observer, route }, message) {
  if (!(error instanceof Error) || !('code' in error) || error.code !== CONFIG_ERROR) throw error;
  observer.failed('server_error');
  const words = gatewayWords(error.message);
  log('warn', 'notSent', { server: route.subject, problem: words });
  return refused(
    { status: 200, code: OUR_ERROR, message: words },
    { id: idOf(message), data: { code: CONFIG_ERROR, retryable: false } },
  );
}

class Passage {
  #configured;

  /** @param {IncomingRequest} incoming @param {Identity} identity @param {RawJson} body */
  constructor(incoming, identity, body) {
    const { gateway, request, head, route } = incoming;
    this.gateway = gateway;
    this.head = head;
    this.identity = identity;
    this.body = body;
    /** @type {Rpc} */
    this.message = plain(body);
    this.id = idOf(body); // as it was written
    this.server = route.subject;
    this.observer = incoming.observer;
    this.refuse = incoming.refuse.bind(incoming);
    // Disconnecting cancels (2026-07-28 patterns/cancellation), so the request to the server is aborted.
    this.aborter = new AbortController();
    if (request.signal.aborted) this.aborter.abort();
    else request.signal.addEventListener('abort', () => this.aborter.abort());
    this.fromPage = incoming.origin !== undefined;
    const [url, configured] = gateway.upstream(route.subject, identity.id, identity.vars);
    this.way = modernRoute(incoming, identity, url);
    this.observer.way = this.way;
    this.auth = RequestAuth.of(incoming, identity, this, url);
    this.#configured = configured;
  }

  // The headers of the configuration, and those of a login.
  /** @returns {Pair[]} */
  get configured() {
    return this.auth ? [...this.#configured, ...this.auth.headers] : this.#configured;
  }

  /** @param {string} text @returns {Promise<Answer>} */
  async answer(text) {
    const { server } = this;
    const key = this.#cacheKey();
    const known = key && cached(server, await this.#nameOf(key));
    if (known) return json({ jsonrpc: '2.0', id: this.id, result: known });
    if (!key) return this.#forwarded(text);
    // What the key stands for, and not what the sender wrote: a server may read the text in another way.
    const epoch = epochOf(server);
    return this.#forwarded(unambiguous(this.body), async (result, size) => {
      const ttl = this.gateway.publicFor(result);
      if (ttl > 0) keep(server, await this.#nameOf(key), result, { size, ttl, epoch });
    });
  }

  // "Public" is what the server gives to everyone whom it admits, and it alone knows whom. So users share a result only if the server gets the same
  // credentials for them (as RFC 9111 §3.5 has it for `Authorization`). After a login in between, a result is that of the new token.
  /** @param {string} key */
  async #nameOf(key) {
    const credentials = this.configured.filter(([name]) => name.toLowerCase() === 'authorization');
    return credentials.length > 0 ? `${key} ${await sha256(JSON.stringify(credentials))}` : key;
  }

  // Headers can change a result, too; the key has none of them. Nor has it whether the canary answers.
  #cacheKey() {
    const isPlain = Object.keys(this.head).every((name) => !DECISIVE_HEADERS.test(name));
    return isPlain && !this.way.isCanary ? this.gateway.cacheKey(this.body) : undefined;
  }

  /**
   * @param {string} text
   * @param {OnResult} [onresult] called with a result that is not streamed
   * @returns {Promise<Answer>}
   */
  async #forwarded(text, onresult) {
    const { message } = this;
    const calls = this.fromPage && message.method === 'tools/call';
    const added = this.#missingHeaders(calls ? await this.#tool(false) : undefined);
    let response = await this.#send(text, added);
    // workerd takes an informational response for the final one, and its body does not end.
    if (response.status < 200) return this.#nonsense(response);
    if (isError(response)) {
      const words = await errorIn(response);
      const corrected =
        calls && response.status === 400 && codeOf(words) === HEADER_MISMATCH
          ? this.#missingHeaders(await this.#tool(true))
          : added;
      // 2026-07-28 streamable-http: the tool's schema has changed. The request was refused unread, so it can be sent again, but not with the same
      // headers: then the error may come from the tool itself.
      if (JSON.stringify(corrected) === JSON.stringify(added)) return this.#refused(response, words);
      response = await this.#send(text, corrected);
      if (isError(response)) return this.#refused(response, await errorIn(response));
    }
    if (!response.ok) return this.#nonsense(response);
    if (isStream(response)) return this.#streamed(response);
    return this.#whole(response, onresult);
  }

  /** @param {Response} response @returns {Answer} */
  #streamed(response) {
    const { message, identity } = this;
    this.#speaks();
    const { body: sent } = response;
    const body = sent && message.method === 'subscriptions/listen' ? this.#watched(sent) : sent;
    const passed = body && keptAlive(Promise.resolve(body), () => this.aborter.abort(), identity.until);
    return { status: response.status, headers: this.#headers(response), body: passed };
  }

  // A response that is not a stream is JSON, whatever its type says. A page of a proxy, or JSON of something else, is not passed on as an answer.
  /** @param {Response} response @param {OnResult} [onresult] @returns {Promise<Answer>} */
  async #whole(response, onresult) {
    const { message } = this;
    const limit = onresult ? LARGEST_ENTRY : LARGEST_PARSED;
    const start = await startOf(response.body, limit).catch(() => undefined);
    if (!start) return this.#brokenOff(response);
    const headers = { ...this.#headers(response), 'content-type': 'application/json' };
    if (start.text === undefined) {
      if (/^\s*\{/.test(start.first)) return { status: response.status, headers, body: start.whole };
      await start.whole.cancel().catch(() => {});
      return this.#nonsense(response);
    }
    const { text } = start;
    if (message.id === undefined) return bodiless(202);
    const answer = parsed(text);
    if (!isAnswer(answer) || (answer.id ?? message.id) !== message.id) return this.#nonsense(response);
    this.observer.answered(answer);
    this.#speaks();
    const result = onresult && resultIn(text);
    if (result) await onresult(result, text.length);
    return { status: response.status, headers, body: answer.id === message.id ? text : identified(text, this.id) };
  }

  // The response of the server, or of a proxy in front of it, has no JSON-RPC message. The request may have run, so the error is final: it has the request's id.
  /** @param {Response} response @returns {Answer} */
  #nonsense({ status, body }) {
    body?.cancel().catch(() => {}); // unless it was read
    log('warn', 'noAnswer', { server: this.server, status });
    return noAnswer({ method: this.message.method, id: this.id }, { status, as: 502 });
  }

  /** @param {Response} response */
  #brokenOff({ status }) {
    log('warn', 'noAnswer', { server: this.server, status });
    return this.#broken('Bad gateway: the response of the server broke off');
  }

  /** The server could not be reached, or the connection broke before its response. */
  unreachable() {
    return this.#broken(this.gateway.refusal('unreachable').message);
  }

  /** @param {string} words */
  #broken(words) {
    return noAnswer({ method: this.message.method }, { status: 0, as: 502, words });
  }

  #speaks() {
    if (this.message.method !== DISCOVER) speaking.set(this.server, Date.now() + SPEAKS);
  }

  // The headers that a client in a page omitted, as pairs.
  /** @param {Tool} [tool] */
  #missingHeaders(tool) {
    return this.fromPage ? this.gateway.missingHeaders(this.head, this.message, tool) : [];
  }

  /** @param {string} text @param {Pair[]} added */
  async #send(text, added) {
    const once = (/** @type {Pair[]} */ proof = []) => this.#sendOnce(text, [...added, ...proof]);
    const send = () => this.auth?.proved(once) ?? once();
    const response = await send();
    return (await this.auth?.renewed(response)) ? send() : response;
  }

  /** @param {string} text @param {Pair[]} added */
  #sendOnce(text, added) {
    const { gateway, head } = this;
    const headers = new Headers();
    for (const [name, value] of Object.entries(head)) if (gateway.goesToServer(name)) headers.set(name, value);
    for (const [name, value] of [...added, ...this.configured]) headers.set(name, value);
    const sent = this.way.send({ method: 'POST', headers, body: text, signal: this.aborter.signal });
    return this.observer.timed(this.server, sent);
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
    const response = await this.way.send({
      method: 'POST',
      headers,
      body: JSON.stringify(message),
      signal: this.aborter.signal,
    });
    const { status } = response;
    const text = (await textWithin(response.body, LARGEST_ANSWER)) ?? '';
    return { status, result: parsed(messageIn(response, text))?.result };
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

  /** @param {Response} response @param {string | undefined} text its body; undefined if it was too large @returns {Promise<Answer>} */
  async #refused(response, text) {
    const { message, server } = this;
    const { status } = response;
    if (legacyStatuses.has(status) && !modernCodes.has(codeOf(text)) && (await this.#isLegacy())) {
      log('info', 'legacyServer', { server, status });
      const requested = message.params?._meta?.['io.modelcontextprotocol/protocolVersion'];
      // −32022 is what only servers of this revision say, and some clients do not fall back to `initialize` after it. A discovery is answered as those
      // servers answer it that do not know the revision.
      const refusal = this.gateway.refusal('legacyServer');
      return refused(message.method === DISCOVER ? { ...refusal, code: -32000 } : refusal, {
        id: this.id,
        data: { supported: legacyVersions, requested },
      });
    }
    const answer = parsed(text ?? '');
    if (answer?.error) this.observer.answered(answer);
    const isDiscreet = text !== undefined && !this.#leaks(text);
    const isFit = isDiscreet && isAnswer(answer);
    if (status === 401 || status === 403) return this.#forbidden(isFit ? text : '');
    if (status < 200 || status > 599) return this.#nonsense(response);
    const headers = { ...this.#headers(response), 'content-type': 'application/json' };
    if (isFit) return { status, headers, body: text };
    // Words of the tool itself, or of its framework; a page with 502 is a proxy's.
    const said = isDiscreet && status < 500 ? text : '';
    // Without an id, like every proxy's error.
    return noAnswer({ method: message.method }, { status, headers, said });
  }

  // Servers echo headers in their errors, and those have secrets of the configuration.
  /** @param {string} text */
  #leaks(text) {
    const values = [...this.configured.map(([, value]) => value), ...secretsIn(this.way.urls)];
    return values
      .flatMap((value) => [value, value.split(' ').at(-1) ?? ''])
      .some((value) => value.length >= SECRET && text.includes(value));
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
  // status the client would send a token or ask its user.
  /** @param {string} text */
  #forbidden(text) {
    const { id, error } = parsed(text) ?? {};
    if (id === this.message.id && Number.isInteger(error?.code)) return { status: 200, body: text };
    return this.refuse('unreachable');
  }

  /** @param {Response} response */
  #headers(response) {
    return Object.fromEntries([...response.headers].filter(([name]) => this.gateway.goesToClient(name)));
  }
}

// Forwarded headers on which a result may depend beyond what the key has.
const DECISIVE_HEADERS = /^(mcp-param-.*|baggage|content-encoding)$/;

const LARGEST_PARSED = 64 * 1024; // characters of an answer that is checked; a larger one is passed on as it arrives

const SECRET = 8; // characters; shorter configured values, such as a user's id, may legitimately occur in an error

const LONGEST_NEWS = 'notifications/resources/list_changed'.length;
