// Sends requests to one server as one user, and records the CORS headers of responses.
// @ts-check

import { Discretion } from './discreet.js';
import { exchange } from './exchange.js';

/** @import { Message, Resolve, Seen } from './types.js' */

/**
 * Options of one request.
 * @typedef {{
 *   url?: string | undefined,
 *   title?: string | undefined,
 *   origin?: string | null | undefined,
 *   body?: string,
 *   mode?: 'cors' | 'no-cors',
 *   wanted?: (message: Message) => boolean,
 *   reads?: boolean,
 * }} How
 */

export class Wire {
  /**
   * Every response: { method, status, headers, title }.
   * @type {Seen[]}
   */
  seen = [];
  discretion = new Discretion();
  #resolve;
  /** @type {string | undefined} */
  #configured;

  /**
   * @param {Resolve} resolve
   * @param {{ origin?: string | undefined, timeout: number }} options
   */
  constructor(resolve, { origin, timeout }) {
    this.#resolve = resolve;
    const { url, sse, protocolVersion } = this.target();
    this.url = url;
    this.sse = sse;
    this.protocolVersion = protocolVersion;
    this.timeout = timeout;
    const page = originOfPage();
    this.isPage = page !== undefined;
    /** Whether this is a page of another origin: the browser hides responses that CORS does not allow. */
    this.hides = page !== undefined && page !== new URL(url).origin;
    /** The origin for which responses are checked; undefined where CORS does not apply. */
    this.origin = this.isPage ? undefined : origin;
    if (this.hides) this.origin = page;
  }

  target() {
    const target = this.#resolve();
    this.discretion.keepHeaders(target.headers);
    this.discretion.keepUrl(target.url);
    return target;
  }

  /**
   * Goes on at the target of a redirect.
   * @param {string} url
   */
  moveTo(url) {
    this.discretion.keepUrl(url);
    this.#configured ??= this.url;
    this.url = url;
  }

  moveBack() {
    this.url = this.#configured ?? this.url;
    this.#configured = undefined;
  }

  /** Whether the configured URL redirects to `url`. */
  get hasMoved() {
    return this.#configured !== undefined;
  }

  /** The names of the user's headers, without those of the protocol. */
  get ownHeaders() {
    return Object.keys(this.target().headers);
  }

  /**
   * POSTs a message as the user, and finds its response.
   * @param {Message} message
   * @param {Record<string, string>} [headers]
   * @param {{ url?: string | undefined, title?: string }} [how]
   */
  post(message, headers = {}, { url, title } = {}) {
    return this.send(
      'POST',
      { ...this.target().headers, ...json, ...headers },
      { url, title, body: JSON.stringify(message), wanted: isAnswerTo(message) },
    );
  }

  /**
   * Opens the stream without reading it.
   * @param {Record<string, string>} [headers]
   */
  get(headers = {}) {
    return this.send('GET', { ...this.target().headers, accept: 'text/event-stream', ...headers }, { reads: false });
  }

  /** @param {Record<string, string>} [headers] */
  delete(headers = {}) {
    return this.send('DELETE', { ...this.target().headers, ...headers });
  }

  /**
   * Sends a request, outside of pages with an Origin header.
   * @param {string} method
   * @param {Record<string, string>} headers
   * @param {How} [how]
   */
  async send(method, headers, { url = this.url, title, origin = this.origin, ...rest } = {}) {
    const { fetch = globalThis.fetch.bind(globalThis) } = this.target();
    const all = this.hides || !origin ? headers : { ...headers, origin };
    const answer = await exchange(
      { fetch, url, timeout: this.timeout, hides: this.hides },
      { method, headers: all, ...rest },
    );
    if (answer.status && method !== 'OPTIONS' && origin)
      this.seen.push({ method, title, status: answer.status, headers: answer.headers });
    return answer;
  }
}

/** The headers of every POST (MCP 2025-11-25, Transports, Sending Messages). */
export const json = { accept: 'application/json, text/event-stream', 'content-type': 'application/json' };

/**
 * Matches the response to a message. The id of an error about an unparsable message is null, missing, or the server's own.
 * @param {Message} message
 * @returns {(answer: Message) => boolean}
 */
function isAnswerTo({ id }) {
  return (message) => !message.method && (String(message.id) === String(id) || message.error !== undefined);
}

/** Node, Deno and Bun do not hide responses, even where they have a `location`. */
function originOfPage() {
  return globalThis.Deno || globalThis.process?.versions?.node ? undefined : globalThis.location?.origin;
}
