// The end of a session: at the server, in the user's index, and in the object's storage; and of sessions that an unfinished handshake left at the server.
// @ts-check

import { endIssued } from './issued.js';
import { log, wordsOf } from './log.js';
import { partsOf } from './session-places.js';

/** @import { ClientSide } from './client-side.js' */
/** @import { EventLog } from './event-log.js' */
/** @import { LazyUpstream } from './lazy-upstream.js' */
/** @import { Row } from './row.js' */
/** @import { SessionConnection } from './session-connection.js' */
/** @import { Counts, Env, ObjectContext, ServerNews, SessionRow, Settings } from './types.js' */

/**
 * @typedef {object} Parts of a session's object
 * @property {ObjectContext} ctx
 * @property {Env} env
 * @property {Settings} settings
 * @property {Row} row
 * @property {EventLog} log
 * @property {ClientSide} client
 * @property {LazyUpstream} upstream
 * @property {SessionConnection} connection
 */
/**
 * @typedef {object} Hooks
 * @property {() => void} onbegin called when the session has begun to end
 * @property {(counts: Counts, wasOpen: boolean) => Promise<void>} onend called when it has ended at the server, or not for now
 */

const AT_SERVER = 600_000; // milliseconds for which a server that is out of reach is told that a session has ended

/** Milliseconds after which the end of a session is tried again. */
export const AGAIN = 60_000;

export class SessionEnd {
  #parts;
  #hooks;
  /** @type {Promise<void> | undefined} */
  #running;
  /** @type {string | undefined} */
  #issued; // the id that the server issued last to this instance

  /** @param {Parts} parts @param {Hooks} hooks */
  constructor(parts, hooks) {
    this.#parts = parts;
    this.#hooks = hooks;
  }

  /** Ends the session, once: @param {ServerNews} [happened] to an attempt to open it */
  run(happened) {
    this.#running ??= this.#runOnce(happened).finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  // Ends the session at the server and in the index, and then deletes it here, without a trace of its id. If that fails, or if this instance dies before it
  // is done, the alarm tries again.
  /** @param {ServerNews} [happened] */
  async #runOnce(happened) {
    const { ctx, row, client, connection } = this.#parts;
    const { storage } = ctx;
    const { values, isOpen } = row;
    if (!values) return;
    const { handle } = partsOf(values.owner);
    await storage.setAlarm(Date.now() + AGAIN); // first: if it fails, the session is as it was
    row.close(Date.now());
    this.#parts.log.end();
    client.end();
    this.#hooks.onbegin();
    try {
      const [{ grown, isEnded }] = await Promise.all([
        this.#terminate(values).catch(notTerminated),
        connection.indexOf(JSON.parse(values.identity)).close(handle, happened),
      ]);
      await this.#hooks.onend(isOpen ? { sessions_ended_total: 1, ...grown } : grown, isOpen);
      // A server that is out of reach keeps the session: it is told again, for a while.
      if (!isEnded && Date.now() - values.touched < AT_SERVER) return;
      await storage.deleteAlarm();
      await storage.deleteAll();
      row.forget();
    } catch (error) {
      log('warn', 'notEnded', { problem: wordsOf(error) });
    }
  }

  /** A handshake that is not finished leaves a session at the server. It ends when the next one is issued. @param {string} id */
  noteIssued(id) {
    const { ctx, row } = this.#parts;
    const unused = row.isOpen ? this.#unfinished : row.issue(id);
    if (unused !== undefined) ctx.waitUntil(this.#endIssued(unused));
    this.#issued = id;
  }

  // The id that was issued last, if the manager has not made the session its own.
  get #unfinished() {
    const { upstream } = this.#values;
    return this.#issued !== undefined && upstream?.includes(JSON.stringify(this.#issued)) ? undefined : this.#issued;
  }

  // The row of an existing session.
  get #values() {
    const { values } = this.#parts.row;
    if (!values) throw new Error('the session has ended');
    return values;
  }

  /** @param {SessionRow} values */
  async #terminate(values) {
    const { row, upstream } = this.#parts;
    const issued = row.issued ?? this.#unfinished;
    const record = row.issued === undefined ? values : { ...values, upstream: null };
    const { grown, isEnded } = await upstream.terminate(record);
    return { grown, isEnded: isEnded && (issued === undefined || (await this.#endIssued(issued))) };
  }

  /** @param {string} id */
  #endIssued(id) {
    const { gateway, configuredVars } = this.#parts.settings;
    const { owner, identity } = this.#values;
    const caller = JSON.parse(identity);
    const vars = configuredVars(caller.key) ?? caller.vars;
    const { server } = partsOf(owner);
    return endIssued(gateway, server, { id: caller.id, vars }, id, this.#parts.connection.routeTo(server, caller));
  }
}

// The session at the server cannot be ended, for example because the server is no longer configured.
/** @param {unknown} error @returns {{ grown: Counts, isEnded: boolean }} */
function notTerminated(error) {
  log('warn', 'notTerminated', { problem: wordsOf(error) });
  return { grown: {}, isEnded: false };
}
