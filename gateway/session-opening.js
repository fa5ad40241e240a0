// The opening of a session, at the server, in the user's index, and in the object's storage.
// @ts-check

import { json, refused, seconds } from './answers.js';
import { negotiable } from './hello.js';
import { log, wordsOf } from './log.js';
import { greeting } from './oauth/before-login.js';
import { register } from './room.js';
import { AGAIN } from './session-end.js';
import { partsOf } from './session-places.js';
import { unopened } from './unopened.js';

/** @import { Parts, SessionEnd } from './session-end.js' */
/** @import { RawJson } from './raw-json.js' */
/** @import { AnswerHeaders, Identity, ObjectAnswer, Opening } from './types.js' */

/**
 * @typedef {object} Hooks
 * @property {SessionEnd} end
 * @property {() => Promise<void>} onopen called when the session is open
 */

const LONGEST = 300_000; // milliseconds that opening a session may take, longer than all attempts of the manager
const LARGEST_PARAMS = 256 * 1024; // characters of the params of `initialize`: a row of SQLite in a Durable Object holds 2 MB

export class SessionOpening {
  /** When it has failed, while it goes on; otherwise 0. */
  until = 0;
  #parts;
  #hooks;

  /** @param {Parts} parts @param {Hooks} hooks */
  constructor(parts, hooks) {
    this.#parts = parts;
    this.#hooks = hooks;
  }

  /** The session ends, or is open. */
  isOver() {
    this.until = 0;
  }

  /**
   * Creates the session if the server accepts it. The response is then `opened`.
   * @param {string} owner
   * @param {Identity} caller
   * @param {unknown} requestId
   * @param {string} params as JSON
   * @param {boolean} [isCanary] whether it goes to the server's canary
   * @returns {Promise<ObjectAnswer>}
   */
  async run(owner, { key, index: counted, id, vars }, requestId, params, isCanary) {
    const { ctx, env, settings, row, upstream } = this.#parts;
    if (params.length > LARGEST_PARAMS) return this.#refuse('body', { id: requestId });
    const { server, handle } = partsOf(owner);
    const identity = { key, index: counted, id, vars };
    const index = this.#parts.connection.indexOf(identity);
    const limit = settings.limits.MAX_SESSIONS_PER_USER;
    const { refusal, wait = 0, isTroubled } = await register(env, index, key, { handle, server, limit });
    if (refusal) return this.#refuse(refusal, { id: requestId, headers: { 'retry-after': seconds(wait) } });
    try {
      const answer = await this.#open({ owner, identity, params, isCanary });
      if (!answer.result)
        return { ...unopened(answer, requestId, settings.gateway), reach: this.#parts.connection.reachOf(answer) };
      if (isTroubled) ctx.waitUntil(index.noteServer(server, 'worked'));
      const { running } = upstream;
      const counts = { sessions_opened_total: 1, ...(running && upstream.grown(running)) };
      const response = json({ jsonrpc: '2.0', id: requestId, result: answer.result });
      return { ...response, counts, opened: true, reach: 'worked' };
    } catch (error) {
      log('error', 'notOpened', { server, problem: wordsOf(error) });
      await (row.values ? this.#hooks.end.run() : index.close(handle));
      return this.#refuse('internal', { id: requestId });
    }
  }

  // The row and its alarm are written before the server is asked for a session: after any failure from then on, the session is ended at both ends.
  /** @param {{ owner: string, identity: Identity, params: string, isCanary?: boolean | undefined }} session */
  async #open({ owner, identity, params, isCanary }) {
    const { ctx, settings, row } = this.#parts;
    const { server, handle } = partsOf(owner);
    const fingerprint = await settings.fingerprint(server);
    const now = Date.now();
    this.until = now + LONGEST;
    this.#parts.log.create();
    row.create({
      owner,
      identity: JSON.stringify({ ...identity, vars: settings.configuredVars(identity.key) ? {} : identity.vars }),
      settings: fingerprint,
      initialize: params,
      created: now,
    });
    await ctx.storage.setAlarm(now + AGAIN);
    const upstream = this.#parts.connection.open(server, identity, { isCanary });
    this.#parts.upstream.opened(upstream);
    const asked = negotiable(params, settings.gateway);
    const answer = await this.#orGreeting(await upstream.initialize(asked), server, asked);
    if (!answer.result) {
      ctx.waitUntil(this.#hooks.end.run(this.#parts.connection.reachOf(answer)));
      return answer;
    }
    if (row.isIncomplete) throw new Error('the session with the server cannot be stored');
    const age = settings.lifetime(server)?.maxAge ?? 0;
    await this.#parts.connection.indexOf(identity).confirm({ handle, server, age, user: identity });
    row.open(String(answer.result.protocolVersion));
    this.isOver();
    await this.#hooks.onopen();
    return answer;
  }

  // A session whose server gives nothing before a login is opened here alone, and at the server by its first request after the login.
  /** @param {Opening} answer @param {string} server @param {RawJson} asked the params of `initialize` @returns {Promise<Opening>} */
  async #orGreeting(answer, server, asked) {
    const { connection, settings, upstream } = this.#parts;
    const { login, error } = answer;
    if (!login || !error) return answer;
    await upstream.postpone({ error, login });
    const version = settings.gateway.negotiated(String(asked.get('protocolVersion')));
    return { result: greeting({ server, version, login, speaksUrl: connection.auth?.speaksUrl ?? false }) };
  }

  /** @param {string} name @param {{ id?: unknown, headers?: AnswerHeaders }} details */
  #refuse(name, details) {
    return refused(this.#parts.settings.gateway.refusal(name), details);
  }
}
