// The Durable Object that knows which sessions one user has, and which servers are out of their reach. Only the opening of a session waits for
// it; calls never do.
// @ts-check

import { DurableObject } from 'cloudflare:workers';
import { Breakers } from './breaker.js';

/** @import { Env, ObjectContext, ServerNews, SessionInfo, Sql, SqlCursor } from './types.js' */

/** @typedef {{ handle: string, server: string, created: number, expires: number, info: string | null }} IndexRow */

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
   * Notes a new session: `{ isTroubled }`, whether its server was out of reach before, so that a success is news. Or not: `{ isFull }` when the
   * user has too many, `{ wait }` when the server is still left alone for so many milliseconds. `age` is the longest that it may live.
   * @param {{ handle: string, server: string, limit: number, age: number }} session
   * @returns {{ isFull?: boolean, wait?: number, isTroubled?: boolean }}
   */
  open({ handle, server, limit, age }) {
    const now = Date.now();
    // One whose object could not say goodbye still ends.
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
   * What a session's object tells of it now and then.
   * @param {string} handle
   * @param {SessionInfo} info
   */
  note(handle, info) {
    this.#sql.exec('UPDATE session SET info = ? WHERE handle = ?', JSON.stringify(info), handle);
  }

  /**
   * A session is over; or it never began, because that `'failed'`, or the server refused and so `'worked'`.
   * @param {string} handle
   * @param {ServerNews} [happened]
   */
  close(handle, happened) {
    const server = this.serverOf(handle);
    this.#sql.exec('DELETE FROM session WHERE handle = ?', handle);
    if (happened && server !== undefined) this.#breakers.note(server, happened);
  }

  /**
   * What an open session met: the server `'failed'` (out of reach, and the session's attempts are spent), or it `'worked'` again.
   * @param {string} server
   * @param {ServerNews} happened
   */
  noteServer(server, happened) {
    this.#breakers.note(server, happened);
  }

  /**
   * Which server a session of the user is with; undefined when it is none of the user's.
   * @param {string} handle
   * @returns {string | undefined}
   */
  serverOf(handle) {
    /** @type {SqlCursor<{ server: string }>} */
    const rows = this.#sql.exec('SELECT server FROM session WHERE handle = ?', handle);
    return rows.toArray()[0]?.server;
  }

  /** The user's sessions: as in `SessionInfo`, but under a public handle instead of the id, which is a secret. */
  list() {
    /** @type {SqlCursor<IndexRow>} */
    const rows = this.#sql.exec('SELECT * FROM session WHERE expires >= ? ORDER BY created', Date.now());
    return rows.toArray().map(({ handle, server, created, expires, info }) => {
      const { sessionId, ...known } = JSON.parse(info ?? '{}');
      return { ...known, handle, serverName: server, createdAt: created, expiresAt: expires };
    });
  }
}
