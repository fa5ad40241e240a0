// A server with sessions: every request carries the session id.
// @ts-check

import { shortId } from './discreet.js';
import { answered, greeting, withoutTools } from './handshake.js';
import { withAdvice } from './listening.js';
import { initialize, initialized, isLegalId, newestLegacy, request } from './messages.js';
import { droppedId, explain, lacksId, oneForAll, said } from './refusals.js';

/** @import { Answer, Explanation, Finding } from './types.js' */
/** @import { Wire } from './wire.js' */

/** Concurrent pings: they use separate connections, so they reach more than one replica. */
const replicas = 3;
/** Statuses of a server, or of something in front of it, that may open another session later. */
const passing = [401, 403, 408, 429, 502, 503, 504];
const perRequest =
  'Store a transport for each session and its next requests, or keep no sessions (sessionIdGenerator: undefined).';
const notTried = { ok: false, detail: 'not tried: the session id cannot be read' };

export class Stateful {
  kind = /** @type {const} */ ('stateful');
  /** @type {{ answer: Answer, alive: boolean } | undefined} for the `cors` step: whether a DELETE with a hidden response reached the server */
  deleted;
  /** Methods and headers that CORS must allow. */
  methods = ['POST', 'GET', 'DELETE'];
  requestHeaders = ['mcp-session-id', 'mcp-protocol-version', 'last-event-id'];
  /** @type {Promise<Answer> | undefined} */
  #stream;

  /**
   * Whether a server that exposes no id rejects requests without one.
   * @param {Wire} wire
   */
  static async hidesItsId(wire) {
    // Without Mcp-Protocol-Version, which CORS may not allow either.
    return wire.hides && !answered(await wire.post(request('ping'), {}, { title: 'ping without a session id' }));
  }

  /** @param {Wire} wire @param {Answer} answer @param {string | undefined} id undefined if CORS hides it */
  constructor(wire, answer, id) {
    this.wire = wire;
    this.answer = answer;
    this.id = id;
    this.protocolVersion = answer.message?.result?.protocolVersion;
    wire.discretion.keep(id);
  }

  /** Whether CORS hides the session id from this page. */
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
        detail: 'no Mcp-Session-Id is readable, but the server rejects requests without one',
        fix: 'Fix the problem reported by the cors step.',
      };
    }
    if (!isLegalId(this.id)) {
      const detail = `the Mcp-Session-Id has ${this.id.length} characters, and is too long or not all visible ASCII`;
      return { ok: false, detail, fix: 'Use ids of 1 to 8192 characters from 0x21 to 0x7E, for example UUIDs.' };
    }
    return { ok: true, detail: `Mcp-Session-Id: ${shortId(this.id)} (${this.id.length} characters)` };
  }

  /** @returns {Promise<Finding>} */
  async reuse() {
    if (!this.id) return notTried;
    const accepted = await this.wire.post(initialized(), this.headers, { title: 'notifications/initialized' });
    const isAccepted = !accepted.failure && accepted.status < 300;
    const answers = await Promise.all(Array.from({ length: replicas }, () => this.ping()));
    const refused = answers.filter((answer) => !answered(answer));
    const [first] = refused;
    if (first) {
      const { detail, fix } = this.#refused(isAccepted ? first : accepted);
      const what = isAccepted
        ? `${refused.length} of ${replicas} pings with the id failed`
        : 'notifications/initialized';
      return { ok: false, detail: `${what}: ${detail}`, fix: (await this.#affinity()) ?? fix };
    }
    const failed = await withoutTools(this.wire, this.answer, this.headers);
    if (failed) return failed;
    const detail = `${replicas} concurrent pings with the id were answered, the last in ${Math.max(...answers.map(({ ms }) => ms))} ms`;
    const passed = withAdvice({ ok: true, detail }, await this.listen());
    return isAccepted && !hasContent(accepted) ? passed : { ...passed, ...oddNotifications(detail, accepted) };
  }

  /** Whether a cookie of the handshake leads to its replica: only outside of pages cookies can be seen and sent. */
  async #affinity() {
    const [cookie] = this.answer.headers?.getSetCookie?.() ?? [];
    const [pair = '', name] = /^([^=;]+)=[^;]*/.exec(cookie ?? '') ?? [];
    if (!name) return undefined;
    for (let left = replicas; left > 0; left -= 1) if (!answered(await this.ping({ cookie: pair }))) return undefined;
    return `Choose the replica by Mcp-Session-Id, not by the cookie ${name.slice(0, 40)}: few MCP clients return cookies.`;
  }

  /** Opens the GET stream, once: a second one would be refused while the server has not noticed the end of the first. */
  listen() {
    this.#stream ??= this.wire.get(this.headers);
    return this.#stream;
  }

  /** @param {Record<string, string>} [more] */
  ping(more) {
    return this.wire.post(request('ping'), { ...this.headers, ...more }, { title: 'ping' });
  }

  /** @param {Answer} answer @returns {Explanation} */
  #refused(answer) {
    if (![400, 404, 410].includes(answer.status ?? 0)) return explain(answer, this.wire);
    if (answer.status === 400 && /protocol.?version/i.test(said(answer)))
      return {
        detail: `refused with ${said(answer)}`,
        fix: `Accept ${this.protocolVersion} in MCP-Protocol-Version: the server itself chose it in initialize.`,
      };
    const detail = `the server rejected its own session id with ${said(answer)}`;
    if (lacksId(answer)) return { detail, fix: droppedId };
    if (/server not initialized/i.test(said(answer))) return { detail, fix: perRequest };
    const fix =
      'Store sessions where every replica can read them, or route each session to its replica: this server lost a session that it had just created.';
    return { detail, fix };
  }

  /**
   * Ends the session, and checks that it has ended and that another can begin.
   * @returns {Promise<Finding>}
   */
  async terminate() {
    if (!this.id) return notTried;
    const ended = await this.#end();
    return (await this.#refusesAnother()) ?? ended;
  }

  /** Whether the session was the only one that the server will ever open. @returns {Promise<Finding | undefined>} */
  async #refusesAnother() {
    const answer = await this.wire.post(
      initialize(this.protocolVersion ?? newestLegacy),
      {},
      { title: 'initialize again' },
    );
    if (answer.failure || passing.includes(answer.status)) return undefined;
    const id = answer.headers.get('mcp-session-id');
    if (id) {
      this.wire.discretion.keep(id);
      await this.wire.delete({ ...this.headers, 'mcp-session-id': id });
    }
    if (answer.message?.result) return undefined;
    return { ok: false, detail: `a second session was refused with ${said(answer)}`, fix: oneForAll };
  }

  /** @returns {Promise<Finding>} */
  async #end() {
    const answer = await this.wire.delete(this.headers);
    const after = await this.ping();
    const alive = answered(after);
    this.deleted = { answer, alive };
    // A server MAY forbid clients to end sessions (MCP 2025-11-25, Transports, Session Management).
    if (answer.status === 405)
      return { ok: true, detail: 'DELETE was answered with 405: clients cannot end sessions of this server' };
    if (answer.failure || (answer.status >= 300 && answer.status !== 404)) {
      const { detail, fix } = explain(answer, this.wire);
      return {
        ok: false,
        detail: `DELETE: ${detail}`,
        fix:
          answer.failure?.kind === 'hidden'
            ? fix
            : 'Answer DELETE with 200, 202 or 204, or with 405 if clients cannot end sessions.',
      };
    }
    const deleted = `DELETE was answered with ${answer.status}`;
    if (alive) {
      return {
        ok: false,
        detail: `${deleted}, but a ping with the id is still answered`,
        fix: 'Delete the session on DELETE, and answer 404 to its id afterwards.',
      };
    }
    if (after.status === 404) return { ok: true, detail: `${deleted}; afterwards the id is rejected with 404` };
    const fix =
      after.failure?.kind === 'hidden'
        ? 'Fix the problem reported by the cors step.'
        : 'Answer 404 to the id of an ended session: it is the only status that makes every client start a new one.';
    // Some clients, this one among them, take a 400 that names the session for a lost one: such a server can be used.
    const isUnderstood = after.status === 400 && /session/i.test(said(after));
    const detail = `${deleted}; afterwards the id is answered with ${said(after)}, not with 404`;
    return { ok: isUnderstood, detail, fix };
  }
}

/** @param {string} detail @param {Answer} answer to a notification, after which the session works */
function oddNotifications(detail, answer) {
  return {
    detail: `${detail}; notifications/initialized: ${said(answer)}`,
    fix: hasContent(answer)
      ? 'Answer notifications with 202 and no body: some clients take a body for the response to a request.'
      : 'Answer notifications with 202: many clients take an error for the end of the session.',
  };
}

/** Every client passes over what comes with 202. @param {Answer} answer */
const hasContent = ({ status = 0, text, media }) => status < 202 && (Boolean(text) || media === 'stream');
