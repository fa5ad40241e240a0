// The CORS check inside a page. Browsers do not say why a response is hidden, so it compares requests that differ in one property.
// @ts-check

import { sentences, stepOf } from './cors-findings.js';
import { harmless, openStream, pingUnknownSession, sample, unknownMethod } from './cors-probes.js';
import { isPreflightAnswered } from './page.js';
import { said } from './refusals.js';
import { json } from './wire.js';

/** @import { Answer, Finding, Server } from './types.js' */
/** @import { Wire } from './wire.js' */

/** @type {(answer: Answer) => boolean} */
const isHidden = ({ failure }) => failure?.kind === 'hidden';

export class CorsOfPage {
  /** @type {string[]} */
  #findings = [];
  /** @type {string[]} */
  #seen = [];
  #say;
  #headersPass = false;

  /** @param {Wire} wire */
  constructor(wire) {
    this.wire = wire;
    this.#say = sentences(wire.origin);
  }

  /**
   * After all other requests; `server` is undefined if no session was created.
   * @param {Server | undefined} server
   * @param {Answer} answer
   * @returns {Promise<Finding>}
   */
  async examineEnd(server, answer) {
    if (server) {
      if (server.methods.includes('DELETE')) await this.#examineDelete(server);
    } else if (isHidden(answer)) {
      await this.#examineOpening();
    } else {
      return {
        ok: true,
        detail: `this page can read the response ${said(answer)}; the other checks need a successful response`,
      };
    }
    return stepOf(
      this.#findings,
      this.#seen,
      `this page, ${this.wire.origin}, can send all requests of a session and read all responses`,
    );
  }

  /** The first responses were hidden. */
  async #examineOpening() {
    const bare = await this.#post(json);
    if (isHidden(bare)) return this.#examineBare();
    const lacking = await this.#lacking(this.wire.ownHeaders, (name) =>
      this.#post({ ...json, [name]: this.wire.target().headers[name] ?? '' }),
    );
    if (lacking.length > 0) return undefined;
    return this.#find(
      this.#say.allowOrigin('successful responses to POST'),
      `the response to initialize is hidden, a response with status ${bare.status} is not`,
    );
  }

  /** All responses to requests with a preflight were hidden. */
  async #examineBare() {
    const plain = await this.#post({ 'content-type': 'text/plain' });
    if (!isHidden(plain)) {
      const passes = await isPreflightAnswered(this.wire);
      if (passes)
        return this.#find(
          this.#say.allowHeader('content-type'),
          'the response to a POST of text is readable, to a POST of JSON it is hidden',
        );
      return this.#find(
        this.#say.preflight(),
        'responses to requests without a preflight are readable, to requests with one they are hidden',
      );
    }
    const get = await this.wire.send('GET', { accept: 'text/event-stream' }, { reads: false });
    const where = isHidden(get) ? 'every response' : 'responses to POST';
    return this.#find(
      this.#say.allowOrigin(where),
      'the response is hidden even for a request that needs no preflight',
    );
  }

  /**
   * During the session: each request header, error responses, the stream.
   * @param {Server} server
   */
  async examineSession(server) {
    if (server.idIsHidden)
      this.#find(this.#say.exposeHeader('Mcp-Session-Id'), 'the response to initialize shows no Mcp-Session-Id');
    const lacking = await this.#examineHeaders(server);
    this.#headersPass = lacking.length === 0;
    if (server.kind === 'modern') return this.#examineModern(lacking);
    if (server.kind !== 'stateful' || server.endpoint || lacking.includes('mcp-session-id')) return undefined;
    if (
      isHidden(await pingUnknownSession(this.wire, server.protocolVersion)) &&
      !lacking.includes('mcp-protocol-version')
    ) {
      this.#find(this.#say.allowOrigin('404 responses'), 'the response to an unknown session id is hidden');
    }
    // POST passes with the same headers, so the response is what lacks a header.
    if (server.id && lacking.length === 0 && isHidden(await openStream(this.wire, server))) {
      this.#find(
        this.#say.allowOrigin('responses to GET'),
        'the response to GET is hidden, the response to POST is not',
      );
    }
    return undefined;
  }

  /** @param {Server} server */
  async #examineHeaders(server) {
    const withAll = Object.fromEntries(server.requestHeaders.map((name) => [name, sample(name, server)]));
    if (server.requestHeaders.length === 0 || !isHidden(await harmless(this.wire, server, withAll))) return [];
    // A response that is readable without the headers; each of them alone must not hide it.
    const id = server.id === undefined ? undefined : { 'mcp-session-id': server.id };
    /** @type {Record<string, string>} */
    let base = {};
    if (isHidden(await harmless(this.wire, server))) {
      this.#find(this.#say.allowOrigin('400 responses'), 'the response to a request without a session id is hidden');
      if (!id) return server.requestHeaders;
      base = id;
    }
    return this.#lacking(server.requestHeaders, (name) =>
      harmless(this.wire, server, { ...base, [name]: sample(name, server) }),
    );
  }

  /** @param {string[]} lacking */
  async #examineModern(lacking) {
    if (lacking.length === 0 && isHidden(await unknownMethod(this.wire))) {
      this.#find(this.#say.allowOrigin('404 responses'), 'the response to an unknown method is hidden');
    }
  }

  /**
   * The outcome of DELETE, sent with all its headers.
   * @param {Server} server
   */
  async #examineDelete({ deleted }) {
    if (!deleted || !this.#headersPass) return this.#examineDeleteWithoutHeaders();
    const { answer, alive } = deleted;
    if (!isHidden(answer)) return undefined;
    if (alive) return this.#find(this.#say.allowMethod('DELETE'), 'DELETE does not reach the server');
    return this.#find(
      this.#say.allowOrigin('responses to DELETE'),
      'DELETE reaches the server, its response is hidden',
    );
  }

  /** Without a session id, any readable response suffices. */
  async #examineDeleteWithoutHeaders() {
    if (isHidden(await this.wire.delete()))
      this.#find(this.#say.allowMethod('DELETE'), 'the response to DELETE is hidden');
  }

  /** @param {Record<string, string>} headers */
  #post(headers) {
    return this.wire.send('POST', headers, { body: '{"jsonrpc":"2.0","id":"mcp-tether","method":"ping"}' });
  }

  /**
   * Returns the headers that hide the response.
   * @param {string[]} names
   * @param {(name: string) => Promise<Answer>} send
   */
  async #lacking(names, send) {
    /** @type {string[]} */
    const lacking = [];
    for (const name of names) {
      if (!isHidden(await send(name))) continue;
      lacking.push(name);
      this.#find(this.#say.allowHeader(name), `the response to a POST with ${name} is hidden, without it is not`);
    }
    return lacking;
  }

  /** @param {string} sentence @param {string} seen */
  #find(sentence, seen) {
    this.#findings.push(sentence);
    this.#seen.push(seen);
  }
}
