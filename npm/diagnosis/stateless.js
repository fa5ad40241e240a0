// A server with a handshake and without sessions: it sends no session id.
// @ts-check

import { answered, greeting, withoutTools } from './handshake.js';
import { withAdvice } from './listening.js';
import { request } from './messages.js';
import { droppedId, explain, omittedId, said } from './refusals.js';

/** @import { Answer, Finding } from './types.js' */
/** @import { Wire } from './wire.js' */

const noSessions = { ok: true, detail: 'not needed: this server keeps no sessions' };

export class Stateless {
  kind = /** @type {const} */ ('stateless');
  /** Methods and headers that CORS must allow. */
  methods = ['POST'];
  requestHeaders = ['mcp-protocol-version'];

  /** @param {Wire} wire @param {Answer} answer */
  constructor(wire, answer) {
    this.wire = wire;
    this.answer = answer;
    this.protocolVersion = answer.message?.result?.protocolVersion;
  }

  initialize() {
    return greeting(this.answer);
  }

  sessionHeader() {
    return { ok: true, detail: 'the response to initialize has no Mcp-Session-Id: this server keeps no sessions' };
  }

  /** @returns {Promise<Finding>} */
  async reuse() {
    const headers = { 'mcp-protocol-version': this.protocolVersion ?? '' };
    const answer = await this.wire.post(request('ping'), headers, { title: 'ping' });
    if ([400, 404, 422].includes(answer.status ?? 0) && /session/i.test(said(answer)))
      return {
        ok: false,
        detail: `refused with ${said(answer)}, and the response to initialize had no session id`,
        // A proxy that drops the header drops it here, too.
        fix: answer.headers?.has('mcp-session-id') ? omittedId : droppedId,
      };
    if (!answered(answer)) return { ok: false, ...explain(answer, this.wire) };
    const failed = await withoutTools(this.wire, this.answer, headers);
    if (failed) return failed;
    const detail = `${noSessions.detail}; a second request, ping, was answered in ${answer.ms} ms`;
    return withAdvice({ ok: true, detail }, await this.#listen());
  }

  /** Without an origin: pages can do without its answer. */
  #listen() {
    const headers = { accept: 'text/event-stream', 'mcp-protocol-version': this.protocolVersion ?? '' };
    return this.wire.send('GET', { ...this.wire.target().headers, ...headers }, { reads: false, origin: null });
  }

  terminate() {
    return noSessions;
  }
}
