// The Durable Object with the sessions of one user, and with the servers that are unreachable for the user. Only opening a session waits for it; calls
// do not.
// @ts-check

import { DurableObject } from 'cloudflare:workers';
import { Breakers } from './breaker.js';
import { flush, registry } from './counters.js';
import { log, wordsOf } from './log.js';
import { pseudonym } from './observe/pseudonym.js';
import { REPORT_EVERY } from './observe/users.js';

/** @import { Env, ObjectContext, ServerNews, SessionInfo, Sql, SqlCursor } from './types.js' */

/** @typedef {{ handle: string, server: string, created: number, expires: number, info: string | null }} IndexRow */

const PROVISIONAL = 60_000; // milliseconds that an entry lives unless its session is confirmed

export class IndexObject extends DurableObject {
  #sql;
  #breakers;

  /** @param {ObjectContext} ctx @param {Env} env */
  constructor(ctx, env) {
    super(ctx, env);
    this.#sql = ctx.storage.sql;
    this.#sql.exec(
      'CREATE TABLE IF NOT EXISTS session (handle TEXT PRIMARY KEY, server TEXT NOT NULL, created INTEGER NOT NULL, expires INTEGER NOT NULL, info TEXT)',
    );
    this.#breakers = new Breakers(this.#sql, env);
  }

  /**
   * Registers a session that is being opened, for a minute. Returns `{ isTroubled }`, whether its server was unreachable before, so that a success must be reported. Or refuses:
   * `{ isFull }` if the user has too many sessions, `{ wait }` if the breaker is open for that many milliseconds.
   * @param {{ handle: string, server: string, limit: number, age?: number }} session objects of earlier versions do not confirm, but give the `age`
   * @returns {{ isFull?: boolean, wait?: number, isTroubled?: boolean }}
   */
  open({ handle, server, limit, age = PROVISIONAL }) {
    const now = Date.now();
    // Also removes sessions whose object could not report their end.
    this.#sql.exec('DELETE FROM session WHERE expires < ?', now);
    /** @type {SqlCursor<{ count: number }>} */
    const counted = this.#sql.exec('SELECT count(*) AS count FROM session');
    if (counted.one().count >= limit) return { isFull: true };
    const { wait, isTroubled } = this.#breakers.admit(server, now);
    if (wait > 0) return { wait };
    this.#sql.exec('INSERT INTO session VALUES (?, ?, ?, ?, NULL)', handle, server, now, now + age);
    return { isTroubled };
  }

  /**
   * Registers a session that is open, for its maximum age. Opening it may have taken longer than the provisional entry lived.
   * @param {{ handle: string, server: string, age: number, user?: { key: string, index: string } }} session
   */
  confirm({ handle, server, age, user }) {
    const now = Date.now();
    this.#sql.exec(
      'INSERT INTO session VALUES (?1, ?2, ?3, ?4, NULL) ON CONFLICT (handle) DO UPDATE SET created = ?3, expires = ?4',
      handle,
      server,
      now,
      now + age,
    );
    if (user) this.ctx.waitUntil(this.#reportUser(user, now));
  }

  // So that the administrator's list finds the user; once an hour, whatever the number of sessions.
  /** @param {{ key: string, index: string }} user @param {number} now */
  async #reportUser({ key, index }, now) {
    this.#sql.exec('CREATE TABLE IF NOT EXISTS report (id INTEGER PRIMARY KEY, at INTEGER NOT NULL)');
    /** @type {SqlCursor<{ at: number }>} */
    const last = this.#sql.exec('SELECT at FROM report');
    if (now - (last.toArray()[0]?.at ?? 0) < REPORT_EVERY) return;
    this.#sql.exec('INSERT OR REPLACE INTO report VALUES (0, ?)', now);
    try {
      await registry(this.env).noteUser({ name: index, key, hash: await pseudonym(key) });
    } catch (error) {
      this.#sql.exec('DELETE FROM report');
      log('warn', 'userNotReported', { problem: wordsOf(error) });
    }
  }

  /** The user's sessions, the least recently used first, as far as known here: they may have been used later. */
  leastUsed() {
    /** @type {SqlCursor<{ handle: string, server: string, used: number }>} */
    const rows = this.#sql.exec(
      "SELECT handle, server, coalesce(info ->> '$.lastUsedAt', created) AS used FROM session ORDER BY used",
    );
    return rows.toArray();
  }

  /**
   * Updates the information about a session; its object calls this at intervals.
   * @param {string} handle
   * @param {SessionInfo} info
   */
  note(handle, info) {
    this.#sql.exec('UPDATE session SET info = ? WHERE handle = ?', JSON.stringify(info), handle);
  }

  /**
   * Removes a session that has ended, or that was not opened: because that `'failed'`, or because the server refused it and so `'worked'`.
   * @param {string} handle
   * @param {ServerNews} [happened]
   */
  close(handle, happened) {
    const server = this.serverOf(handle);
    this.#sql.exec('DELETE FROM session WHERE handle = ?', handle);
    if (happened && server !== undefined) this.noteServer(server, happened);
  }

  /**
   * Reports the outcome of an open session: the server `'failed'` (unreachable in all attempts), or it `'worked'` again.
   * @param {string} server
   * @param {ServerNews} happened
   */
  noteServer(server, happened) {
    // No request may ever end in this isolate, which would send what was counted.
    if (this.#breakers.note(server, happened)) this.ctx.waitUntil(flush(this.env).catch(notFlushed));
  }

  /**
   * The server of a session; undefined if the session does not belong to the user.
   * @param {string} handle
   * @returns {string | undefined}
   */
  serverOf(handle) {
    /** @type {SqlCursor<{ server: string }>} */
    const rows = this.#sql.exec('SELECT server FROM session WHERE handle = ?', handle);
    return rows.toArray()[0]?.server;
  }

  /** The user's sessions, like `SessionInfo`, but with a public handle instead of the id, which is a secret. */
  list() {
    /** @type {SqlCursor<IndexRow>} */
    const rows = this.#sql.exec('SELECT * FROM session WHERE expires >= ? ORDER BY created', Date.now());
    return rows.toArray().map(({ handle, server, created, expires, info }) => {
      const { sessionId, ...known } = JSON.parse(info ?? '{}');
      return { ...known, handle, serverName: server, createdAt: created, expiresAt: expires };
    });
  }
}

/** @param {unknown} error */
function notFlushed(error) {
  log('warn', 'counters', { problem: wordsOf(error) });
}
