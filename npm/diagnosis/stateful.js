// A server with sessions: each request names the one it belongs to.
// @ts-check

import { shortId } from './discreet.js';
import { answered, greeting } from './handshake.js';
import { initialized, isLegalId, request } from './messages.js';
import { explain, said } from './refusals.js';

/** @import { Answer, Explanation, Finding } from './types.js' */
/** @import { Wire } from './wire.js' */

/** Pings sent at once, so that they take connections of their own and meet more than one replica. */
const replicas = 3;
const notTried = { ok: false, detail: 'not tried: the session id cannot be read' };

export class Stateful {
  kind = /** @type {const} */ ('stateful');
  /** @type {{ answer: Answer, alive: boolean } | undefined} for the step cors: whether a DELETE whose answer is hidden arrived nevertheless */
  deleted;
  /** What its requests need CORS to allow and to expose. */
  methods = ['POST', 'GET', 'DELETE'];
  requestHeaders = ['mcp-session-id', 'mcp-protocol-version', 'last-event-id'];

  /**
   * Whether a server that showed a page no id refuses requests without one.
   * @param {Wire} wire
   */
  static async hidesItsId(wire) {
    // Without the header of the revision, which CORS may not let through either.
    return wire.hides && !answered(await wire.post(request('ping'), {}, { title: 'ping without a session id' }));
  }

  /** @param {Wire} wire @param {Answer} answer @param {string | undefined} id undefined: there is one, but CORS hides it */
  constructor(wire, answer, id) {
    this.wire = wire;
    this.answer = answer;
    this.id = id;
    this.protocolVersion = answer.message?.result?.protocolVersion;
    wire.discretion.keep(id);
  }

  /** Whether there is an id that CORS does not let this page read. */
  get idIsHidden() {
    return this.id === undefined;
  }

  /** @returns {Record<string, string>} */
  get headers() {
    return { 'mcp-session-id': this.id ?? '', 'mcp-protocol-version': this.protocolVersion ?? '' };
  }

  initialize() {
    return greeting(this.answer);
  }

  /** @returns {Finding} */
  sessionHeader() {
    if (this.id === undefined) {
      return {
        ok: false,
        detail: 'no Mcp-Session-Id can be read, yet requests without one are refused',
        fix: 'Mend what the step cors names.',
      };
    }
    if (!isLegalId(this.id)) {
      const detail = `the Mcp-Session-Id has ${this.id.length} characters that are not all visible ASCII, or too many`;
      return { ok: false, detail, fix: 'Make ids of 1 to 8192 characters between 0x21 and 0x7E, for example a UUID.' };
    }
    return { ok: true, detail: `Mcp-Session-Id: ${shortId(this.id)} (${this.id.length} characters)` };
  }

  /** @returns {Promise<Finding>} */
  async reuse() {
    if (!this.id) return notTried;
    const accepted = await this.wire.post(initialized(), this.headers, { title: 'notifications/initialized' });
    if (accepted.failure || accepted.status >= 300) {
      const { detail, fix } = this.#refused(accepted);
      return { ok: false, detail: `notifications/initialized: ${detail}`, fix };
    }
    const answers = await Promise.all(Array.from({ length: replicas }, () => this.ping()));
    const refused = answers.filter((answer) => !answered(answer));
    const [first] = refused;
    if (!first) {
      return {
        ok: true,
        detail: `${replicas} pings with the id at once were answered, the last in ${Math.max(...answers.map(({ ms }) => ms))} ms`,
      };
    }
    const { detail, fix } = this.#refused(first);
    return { ok: false, detail: `${refused.length} of ${replicas} pings with the id failed: ${detail}`, fix };
  }

  ping() {
    return this.wire.post(request('ping'), this.headers, { title: 'ping' });
  }

  /** @param {Answer} answer @returns {Explanation} */
  #refused(answer) {
    if (![400, 404, 410].includes(answer.status ?? 0)) return explain(answer, this.wire);
    const fix =
      'Keep sessions where every replica finds them, or lead each session to its replica: this server lost one that it had just made.';
    return { detail: `the id that the server gave is refused with ${said(answer)}`, fix };
  }

  /**
   * Ends the session, and proves it.
   * @returns {Promise<Finding>}
   */
  async terminate() {
    if (!this.id) return notTried;
    const answer = await this.wire.delete(this.headers);
    const after = await this.ping();
    const alive = answered(after);
    this.deleted = { answer, alive };
    // The server MAY not let clients end sessions (MCP 2025-11-25, Transports, Session Management).
    if (answer.status === 405)
      return { ok: true, detail: 'DELETE is answered with 405: this server ends sessions by itself alone' };
    if (answer.failure || (answer.status >= 300 && answer.status !== 404)) {
      const { detail, fix } = explain(answer, this.wire);
      return {
        ok: false,
        detail: `DELETE: ${detail}`,
        fix:
          answer.failure?.kind === 'hidden'
            ? fix
            : 'Answer DELETE with 200, 202 or 204, or with 405 if clients may not end sessions.',
      };
    }
    const deleted = `DELETE was answered with ${answer.status}`;
    if (alive) {
      return {
        ok: false,
        detail: `${deleted}, but a ping with the id is still answered`,
        fix: 'Forget the session at DELETE, and answer 404 to its id afterwards.',
      };
    }
    if (after.status === 404) return { ok: true, detail: `${deleted}; the id is refused with 404 afterwards` };
    const fix =
      after.failure?.kind === 'hidden'
        ? 'Mend what the step cors names.'
        : 'Answer 404 to the id of a session that is over: a client starts a new one at nothing else for sure.';
    return { ok: false, detail: `${deleted}; the id is answered with ${said(after)} afterwards, not with 404`, fix };
  }
}
