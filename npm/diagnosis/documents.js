// Requests to documents and endpoints of an authorization server: without the user's headers, bounded, within one origin, and what CORS says of them.
// @ts-check

import { secure } from '../oauth/web.js';
import { exchange } from './exchange.js';

/** @import { Received } from './types.js' */
/** @import { Wire } from './wire.js' */

/**
 * A response, or why there is none; `json` if the body is an object.
 * @typedef {{ place: string, status: number | undefined, words: string, json: any, headers: Headers | undefined, cors: string | undefined }} Reply
 */

const mostRedirects = 3;
/** Characters of a document: as many as bytes that a login reads. */
const longest = 262_144;

export class Documents {
  #wire;

  /** @param {Wire} wire */
  constructor(wire) {
    this.#wire = wire;
    this.url = new URL(wire.url);
    /** Whether the browser hides what CORS does not allow: of the authorization server also where the MCP server has the page's own origin. */
    this.hides = wire.isPage;
    this.origin = wire.isPage ? globalThis.location.origin : wire.origin;
    /** Whether it hides headers of the MCP server. */
    this.hidesChallenge = wire.hides;
  }

  /** @param {string} place @returns {Promise<Reply>} */
  async get(place) {
    const reply = await this.send(place, 'GET', { accept: 'application/json' });
    let hops = 0;
    for (let last = reply; ; hops += 1) {
      const target = last.headers?.get('location');
      const isRedirect = last.status !== undefined && last.status >= 300 && last.status < 400;
      if (!isRedirect || !target || hops === mostRedirects) return { ...last, place };
      const next = new URL(target, last.place);
      if (next.origin !== new URL(place).origin)
        return { ...last, place, words: `redirects to another origin, ${next.origin}` };
      last = await this.send(next.href, 'GET', { accept: 'application/json' });
    }
  }

  /**
   * @param {string} place
   * @param {string} method
   * @param {Record<string, string>} headers
   * @param {string} [body]
   * @returns {Promise<Reply>}
   */
  async send(place, method, headers, body) {
    const nothing = { place, status: undefined, json: undefined, headers: undefined, cors: undefined };
    try {
      secure(place, 'the address');
    } catch {
      return { ...nothing, words: 'is neither https nor on this machine' };
    }
    const { hides, origin } = this;
    const { fetch = globalThis.fetch.bind(globalThis) } = this.#wire.target();
    // A page sends its Origin by itself, and to every other origin but its own it matters.
    const isForeign = globalThis.location?.origin !== new URL(place).origin;
    const answer = await exchange(
      { fetch, url: place, timeout: this.#wire.timeout, hides: hides && isForeign },
      {
        method,
        keeps: longest,
        headers: origin && !hides ? { ...headers, origin } : headers,
        ...(body !== undefined && { body }),
      },
    );
    if (answer.failure)
      return { ...nothing, words: answer.failure.kind === 'hidden' ? 'cannot be read' : answer.failure.words };
    const { status, text = '' } = answer;
    return {
      place,
      status: answer.isRedirect ? 302 : status,
      words: answer.isRedirect ? 'redirects' : `answers ${status}`,
      json: objectOf(text),
      headers: answer.headers,
      cors: this.#corsOf(answer),
    };
  }

  /** What keeps pages from reading the response; undefined if nothing does, or no origin is known. @param {Received} answer */
  #corsOf({ headers }) {
    if (!this.origin || this.hides) return undefined;
    const allowed = headers.get('access-control-allow-origin');
    return allowed === '*' || allowed === this.origin ? undefined : (allowed ?? 'none');
  }
}

/** @param {string} text @returns {any} */
function objectOf(text) {
  try {
    const value = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/**
 * The sentence about a response that pages cannot read.
 * @param {string} what
 * @param {string} place
 * @param {string | undefined} origin
 * @returns {[seen: string, fix: string]}
 */
export function noCors(what, place, origin) {
  return [
    `pages of ${origin} cannot read the ${what}`,
    `Access-Control-Allow-Origin is missing on the ${what} at ${place}: send ${origin} or *.`,
  ];
}
