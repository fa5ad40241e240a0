// The CORS check outside of pages: sends the preflights of a browser and evaluates the responses by the Fetch Standard (CORS protocol).
// @ts-check

import { sentences, stepOf } from './cors-findings.js';
import { harmless, openStream, pingUnknownSession } from './cors-probes.js';

/** @import { Answer, Seen, Server } from './types.js' */
/** @import { Wire } from './wire.js' */

/** CORS-safelisted methods: they need no permission. */
const safeMethods = ['GET', 'HEAD', 'POST'];

export class CorsInTheOpen {
  /** @type {string[]} */
  #findings = [];
  /** @type {string[]} */
  #seen = [];
  #say;

  /** @param {Wire} wire */
  constructor(wire) {
    this.wire = wire;
    this.#say = sentences(wire.origin);
  }

  /**
   * During the session: the response to a lost session, and opening the stream.
   * @param {Server} server
   */
  async examineSession(server) {
    if (!server.id) return;
    await harmless(this.wire, server);
    await pingUnknownSession(this.wire, server.protocolVersion);
    await openStream(this.wire, server);
  }

  /**
   * After all other requests; `server` is undefined if no session was created.
   * @param {Server | undefined} server
   */
  async examineEnd(server) {
    for (const method of server?.methods ?? ['POST']) await this.#examinePreflight(method, server);
    this.#examineOrigins();
    if (server?.id) this.#examineExposed();
    return stepOf(
      this.#findings,
      this.#seen,
      `pages of ${this.wire.origin} can send all requests of a session and read all responses`,
    );
  }

  /** @param {string} method @param {Server | undefined} server */
  async #examinePreflight(method, server) {
    const names = this.#requestHeaders(method, server);
    const url = method === 'POST' ? server?.endpoint : undefined;
    const answer = await this.#ask(url, method, names);
    const { failure, status, headers } = answer;
    if (!failure && this.#isRefused(answer) && (await this.#isPartRefused(url, method, names))) return;
    if (failure || status < 200 || status > 299) {
      this.#find(this.#say.preflight(failure ? 'none' : status), `OPTIONS for ${method}: ${failure?.words ?? status}`);
      return;
    }
    const wrong = this.#wrongOrigin(headers, 'responses to OPTIONS');
    if (wrong) {
      this.#find(wrong, `OPTIONS for ${method}: ${shown(headers, 'Access-Control-Allow-Origin')}`);
      return;
    }
    const methods = list(headers, 'access-control-allow-methods');
    if (![...safeMethods, ...methods].includes(method) && !methods.includes('*')) {
      this.#find(
        this.#say.allowMethod(method),
        `OPTIONS for ${method}: ${shown(headers, 'Access-Control-Allow-Methods')}`,
      );
    }
    const allowed = list(headers, 'access-control-allow-headers').map((name) => name.toLowerCase());
    // The asterisk covers all headers except this one (Fetch Standard, CORS-preflight fetch).
    const lacking = names.filter(
      (name) => !allowed.includes(name) && !(allowed.includes('*') && name !== 'authorization'),
    );
    for (const name of lacking)
      this.#find(
        this.#say.allowHeader(name),
        `OPTIONS for ${method}: ${shown(headers, 'Access-Control-Allow-Headers')}`,
      );
  }

  /** @param {string | undefined} url @param {string} method @param {string[]} names */
  #ask(url, method, names) {
    /** @type {Record<string, string>} */
    const asked = {
      'access-control-request-method': method,
      ...(names.length > 0 && { 'access-control-request-headers': names.join(',') }),
    };
    return this.wire.send('OPTIONS', asked, { url });
  }

  /** @param {Answer} answer */
  #isRefused({ failure, status, headers }) {
    return failure || status < 200 || status > 299 || this.#wrongOrigin(headers, '');
  }

  /**
   * Names the method or the headers without which the preflight passes: for one that is not allowed, some servers leave out all CORS headers (rs/cors),
   * or answer 403 (Spring).
   *
   * @param {string | undefined} url @param {string} method @param {string[]} names
   */
  async #isPartRefused(url, method, names) {
    const isRefused = async (/** @type {string} */ verb, /** @type {string[]} */ part) =>
      this.#isRefused(await this.#ask(url, verb, part));
    const isMethodRefused = async (/** @type {string} */ verb) =>
      (await isRefused(verb, [])) && isRefused(verb, ['content-type']);
    if (await isMethodRefused(method)) {
      if (method === 'POST' || (await isMethodRefused('POST'))) return false;
      this.#find(this.#say.allowMethod(method), `OPTIONS for ${method} is refused, for POST it is not`);
      return true;
    }
    let found = false;
    for (const name of names) {
      if (!(await isRefused(method, [name]))) continue;
      found = true;
      this.#find(this.#say.allowHeader(name), `OPTIONS for ${method} is refused with ${name}, and not without it`);
    }
    return found;
  }

  /**
   * The value of Access-Control-Request-Headers: all names that are not safelisted, sorted.
   * @param {string} method
   * @param {Server | undefined} server
   */
  #requestHeaders(method, server) {
    const protocol = (server?.requestHeaders ?? []).filter((name) => name !== 'last-event-id' || method === 'GET');
    return [...this.wire.ownHeaders, ...(method === 'POST' ? ['content-type'] : []), ...protocol].sort();
  }

  /** Checks the origin headers of all responses so far. */
  #examineOrigins() {
    const answers = this.wire.seen;
    const wrong = answers.filter(({ headers }) => this.#wrongOrigin(headers, ''));
    /** @type {(part: Seen[]) => boolean} */
    const isWhole = (part) => part.length > 0 && part.every((answer) => wrong.includes(answer));
    /** @type {(answer: Seen) => string} */
    const placeOf = ({ method, status }) => {
      if (isWhole(answers)) return 'every response';
      // The header is missing either for a method or for a kind of error.
      const isMethod = isWhole(answers.filter((other) => other.method === method));
      return status >= 400 && !isMethod ? `${status} responses` : `responses to ${method}`;
    };
    for (const [place, { headers }] of new Map(wrong.map((answer) => [placeOf(answer), answer]))) {
      this.#find(this.#wrongOrigin(headers, place) ?? '', `${place}: ${shown(headers, 'Access-Control-Allow-Origin')}`);
    }
  }

  #examineExposed() {
    const { headers } = this.wire.seen.find((answer) => answer.headers.has('mcp-session-id')) ?? {};
    if (!headers) return;
    const exposed = list(headers, 'access-control-expose-headers').map((name) => name.toLowerCase());
    if (exposed.includes('mcp-session-id') || exposed.includes('*')) return;
    this.#find(
      this.#say.exposeHeader('Mcp-Session-Id'),
      `the response to initialize: ${shown(headers, 'Access-Control-Expose-Headers')}`,
    );
  }

  /** @param {Headers} headers @param {string} where */
  #wrongOrigin(headers, where) {
    const value = headers.get('access-control-allow-origin');
    if (value === '*' || value === this.wire.origin) return undefined;
    return value === null ? this.#say.allowOrigin(where) : this.#say.otherOrigin(where, value.slice(0, 100));
  }

  /** @param {string} sentence @param {string} seen */
  #find(sentence, seen) {
    this.#findings.push(sentence);
    this.#seen.push(seen);
  }
}

/** @param {Headers} headers @param {string} name */
function shown(headers, name) {
  return `${name}: ${headers.get(name)?.slice(0, 200) ?? 'none'}`;
}

/** @param {Headers} headers @param {string} name */
function list(headers, name) {
  return (headers.get(name) ?? '')
    .split(',')
    .map((word) => word.trim())
    .filter(Boolean);
}
