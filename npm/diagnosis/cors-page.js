// The CORS doctor inside a page, which is not told why an answer is hidden: found out by requests that differ in one thing.
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
   * When everything was asked; without a server if no session was opened.
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
        detail: `this page can read the answer ${said(answer)}; more can be told once that is mended`,
      };
    }
    return stepOf(
      this.#findings,
      this.#seen,
      `this page, ${this.wire.origin}, may send and read all that a session needs`,
    );
  }

  /** The very first answers were hidden. */
  async #examineOpening() {
    const bare = await this.#post(json);
    if (isHidden(bare)) return this.#examineBare();
    const lacking = await this.#lacking(this.wire.ownHeaders, (name) =>
      this.#post({ ...json, [name]: this.wire.target().headers[name] ?? '' }),
    );
    if (lacking.length > 0) return undefined;
    return this.#find(
      this.#say.allowOrigin('successful answers to POST'),
      `the answer to initialize is hidden, one of status ${bare.status} is not`,
    );
  }

  /** Nothing that needs a preflight came through. */
  async #examineBare() {
    const plain = await this.#post({ 'content-type': 'text/plain' });
    if (!isHidden(plain)) {
      const passes = await isPreflightAnswered(this.wire);
      if (passes)
        return this.#find(this.#say.allowHeader('content-type'), 'a POST of text is answered, one of JSON is hidden');
      return this.#find(this.#say.preflight(), 'requests without a preflight are answered, those with one are hidden');
    }
    const get = await this.wire.send('GET', { accept: 'text/event-stream' }, { reads: false });
    const where = isHidden(get) ? 'every answer' : 'answers to POST';
    return this.#find(this.#say.allowOrigin(where), 'not even a request that needs no preflight shows an answer');
  }

  /**
   * While the session lives: each header, the answers to errors, the stream.
   * @param {Server} server
   */
  async examineSession(server) {
    if (server.idIsHidden)
      this.#find(this.#say.exposeHeader('Mcp-Session-Id'), 'the answer to initialize shows no Mcp-Session-Id');
    const lacking = await this.#examineHeaders(server);
    this.#headersPass = lacking.length === 0;
    if (server.kind === 'modern') return this.#examineModern(lacking);
    if (server.kind !== 'stateful' || server.endpoint || lacking.includes('mcp-session-id')) return undefined;
    if (
      isHidden(await pingUnknownSession(this.wire, server.protocolVersion)) &&
      !lacking.includes('mcp-protocol-version')
    ) {
      this.#find(this.#say.allowOrigin('404 answers'), 'the answer to an unknown session id is hidden');
    }
    // All of its headers pass with POST, so it is the answer.
    if (server.id && lacking.length === 0 && isHidden(await openStream(this.wire, server))) {
      this.#find(this.#say.allowOrigin('answers to GET'), 'the answer to GET is hidden, that to POST is not');
    }
    return undefined;
  }

  /** @param {Server} server */
  async #examineHeaders(server) {
    const withAll = Object.fromEntries(server.requestHeaders.map((name) => [name, sample(name, server)]));
    if (server.requestHeaders.length === 0 || !isHidden(await harmless(this.wire, server, withAll))) return [];
    // Some answer that can be read without the headers; with each of them it is the same answer.
    const id = server.id === undefined ? undefined : { 'mcp-session-id': server.id };
    /** @type {Record<string, string>} */
    let base = {};
    if (isHidden(await harmless(this.wire, server))) {
      this.#find(this.#say.allowOrigin('400 answers'), 'the answer to a request without a session id is hidden');
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
      this.#find(this.#say.allowOrigin('404 answers'), 'the answer to an unknown method is hidden');
    }
  }

  /**
   * What DELETE met, once it was sent with all its headers.
   * @param {Server} server
   */
  async #examineDelete({ deleted }) {
    if (!deleted || !this.#headersPass) return this.#examineDeleteWithoutHeaders();
    const { answer, alive } = deleted;
    if (!isHidden(answer)) return undefined;
    if (alive) return this.#find(this.#say.allowMethod('DELETE'), 'DELETE does not arrive');
    return this.#find(this.#say.allowOrigin('answers to DELETE'), 'DELETE arrives, its answer is hidden');
  }

  /** Where the session cannot be named, any answer will do. */
  async #examineDeleteWithoutHeaders() {
    if (isHidden(await this.wire.delete()))
      this.#find(this.#say.allowMethod('DELETE'), 'the answer to DELETE is hidden');
  }

  /** @param {Record<string, string>} headers */
  #post(headers) {
    return this.wire.send('POST', headers, { body: '{"jsonrpc":"2.0","id":"mcp-tether","method":"ping"}' });
  }

  /**
   * Those of the headers that hide an answer.
   * @param {string[]} names
   * @param {(name: string) => Promise<Answer>} send
   */
  async #lacking(names, send) {
    /** @type {string[]} */
    const lacking = [];
    for (const name of names) {
      if (!isHidden(await send(name))) continue;
      lacking.push(name);
      this.#find(this.#say.allowHeader(name), `a POST with ${name} is hidden, one without is not`);
    }
    return lacking;
  }

  /** @param {string} sentence @param {string} seen */
  #find(sentence, seen) {
    this.#findings.push(sentence);
    this.#seen.push(seen);
  }
}
