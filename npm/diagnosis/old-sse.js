// A server of 2024-11-05, HTTP+SSE: a stream for responses, whose first event names the URL for requests.
// @ts-check

import { shownUrl } from './discreet.js';
import { eventsOf } from './events.js';
import { mediaOf, parsed, uncached } from './exchange.js';
import { failureOf } from './failures.js';
import { greeting } from './handshake.js';
import { initialize, initialized, request } from './messages.js';
import { explain, said } from './refusals.js';

/** @import { Answer, Finding, Message } from './types.js' */
/** @import { Wire } from './wire.js' */

/** @type {(millis: number) => Promise<void>} */
const pause = (millis) => new Promise((resolve) => setTimeout(resolve, millis));

export class OldSse {
  kind = /** @type {const} */ ('stateful');
  /** Methods and headers that CORS must allow. */
  methods = ['POST', 'GET'];
  /** @type {string[]} */
  requestHeaders = [];
  endpoint = ''; // the URL for requests
  /** @type {string | undefined} */
  protocolVersion;
  /** @type {Map<Message["id"], (message: Message | undefined) => void>} */
  #waiting = new Map();
  #controller = new AbortController();

  /**
   * @returns {Promise<{ answer: Answer, stream?: OldSse }>} the stream if an address for requests came on it
   * @param {Wire} wire
   */
  static async connect(wire) {
    const stream = new OldSse(wire);
    const answer = await stream.#open();
    stream.answer = answer;
    if (!answer.endpoint) {
      stream.close();
      return { answer };
    }
    const { origin } = new URL(wire.url);
    // Credentials are never sent to another origin (as in the official SDK).
    if (!URL.canParse(answer.endpoint, wire.url) || new URL(answer.endpoint, wire.url).origin !== origin) {
      stream.close();
      return {
        answer: {
          ms: answer.ms,
          failure: {
            kind: 'endpoint',
            words: `the endpoint event names another origin: ${shownUrl(answer.endpoint, wire.url)}`,
            fix: 'Send an endpoint of the same origin in the endpoint event.',
          },
        },
      };
    }
    stream.endpoint = new URL(answer.endpoint, wire.url).href;
    wire.discretion.keepUrl(stream.endpoint);
    const greeted = await stream.ask(initialize('2024-11-05'));
    stream.answer = greeted;
    stream.protocolVersion = greeted.message?.result?.protocolVersion;
    return { answer: greeted, stream };
  }

  /** @param {Wire} wire */
  constructor(wire) {
    this.wire = wire;
    /** @type {Answer} */
    this.answer = { ms: 0, failure: { kind: 'other', words: 'no request was sent yet' } };
  }

  /** @returns {Finding} */
  initialize() {
    if (this.protocolVersion === undefined) return { ok: false, ...explain(this.answer, this.wire) };
    const { ok, detail, fix } = greeting(this.answer);
    return { ok, detail: `HTTP with SSE: ${detail}`, ...(fix && { fix }) };
  }

  /** @returns {Finding} */
  sessionHeader() {
    return {
      ok: true,
      detail: `not needed: the endpoint URL identifies the session, ${shownUrl(this.endpoint)}`,
    };
  }

  /** @returns {Promise<Finding>} */
  async reuse() {
    const accepted = await this.#post(initialized());
    const answer = accepted.failure ? accepted : await this.ask(request('ping'));
    if (answer.message) return { ok: true, detail: `a ping over the same stream was answered in ${answer.ms} ms` };
    return { ok: false, ...explain(answer, this.wire) };
  }

  /**
   * Closing the stream ends the session.
   * @returns {Promise<Finding>}
   */
  async terminate() {
    this.close();
    const deadline = performance.now() + this.wire.timeout;
    for (let wait = 50; ; wait *= 4) {
      const answer = await this.#post(request('ping'));
      if (answer.failure || answer.status >= 400)
        return { ok: true, detail: `the stream was closed; afterwards its endpoint answers ${said(answer)}` };
      const left = deadline - performance.now();
      if (left < 1)
        return {
          ok: false,
          detail: `the stream was closed, but its endpoint still answers ${answer.status}`,
          fix: 'Delete the session when its stream is closed.',
        };
      await pause(Math.min(wait, left)); // until the server notices
    }
  }

  close() {
    this.#controller.abort();
  }

  /**
   * POSTs a request, and waits for its response on the stream.
   * @param {Message} message
   * @returns {Promise<Answer>}
   */
  async ask(message) {
    const started = performance.now();
    let timer;
    /** @type {Promise<Message | undefined>} */
    const answer = new Promise((resolve) => {
      this.#waiting.set(message.id, resolve);
      timer = setTimeout(() => resolve(undefined), this.wire.timeout);
    });
    const accepted = await this.#post(message);
    try {
      if (accepted.failure || accepted.status >= 300) return accepted;
      const found = await answer;
      const ms = Math.round(performance.now() - started);
      const words = `${message.method} was accepted with ${accepted.status}, but no response arrived on the stream within ${this.wire.timeout} ms`;
      return found ? { ...accepted, ms, media: 'stream', message: found } : { ms, failure: { kind: 'timeout', words } };
    } finally {
      clearTimeout(timer);
      this.#waiting.delete(message.id);
    }
  }

  /** @param {Message} message */
  #post(message) {
    return this.wire.post(message, {}, { url: this.endpoint, title: message.method });
  }

  /** @returns {Promise<Answer>} */
  async #open() {
    const { wire } = this;
    const { headers, fetch = globalThis.fetch.bind(globalThis) } = wire.target();
    const started = performance.now();
    const ms = () => Math.round(performance.now() - started);
    /** @type {Record<string, string>} */
    const origin = !wire.hides && wire.origin ? { origin: wire.origin } : {};
    let timer;
    /** @type {Promise<Answer>} */
    const late = new Promise((resolve) => {
      timer = setTimeout(
        () =>
          resolve({
            ms: wire.timeout,
            failure: { kind: 'timeout', words: `no endpoint event within ${wire.timeout} ms` },
          }),
        wire.timeout,
      );
    });
    /** @type {() => Promise<Answer>} */
    const work = async () => {
      /** @type {RequestInit} */
      const init = {
        ...uncached,
        headers: { ...headers, ...origin, accept: 'text/event-stream' },
        redirect: 'manual',
        signal: this.#controller.signal,
      };
      const response = await fetch(wire.url, wire.hides ? { ...init, credentials: 'omit' } : init);
      const { status } = response;
      if (wire.origin) wire.seen.push({ method: 'GET', title: 'the stream', status, headers: response.headers });
      /** @type {Answer} */
      const answer = {
        ms: ms(),
        status,
        headers: response.headers,
        isRedirect: response.type === 'opaqueredirect',
        media: mediaOf(response.headers.get('content-type')),
      };
      if (status !== 200 || answer.media !== 'stream' || !response.body) return answer;
      return { ...answer, endpoint: await this.#read(response.body) };
    };
    /** @type {(error: unknown) => Answer} */
    const failed = (error) => ({ ms: ms(), failure: failureOf(error, wire) });
    try {
      return await Promise.race([work().catch(failed), late]);
    } finally {
      clearTimeout(timer);
    }
  }

  /** @param {Message | undefined} message */
  #deliver(message) {
    if (message) this.#waiting.get(message.id)?.(message);
  }

  /**
   * Resolves with the URL in the first event, and continues to read.
   * @param {ReadableStream<Uint8Array>} body
   * @returns {Promise<string | undefined>}
   */
  #read(body) {
    return new Promise((resolve) => {
      const run = async () => {
        for await (const { event, data } of eventsOf(body)) {
          if (event === 'endpoint') resolve(data.trim());
          else this.#deliver(parsed(data)?.message);
        }
      };
      run()
        .catch(() => {})
        .then(() => resolve(undefined));
    });
  }
}
