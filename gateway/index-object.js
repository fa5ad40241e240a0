// The Durable Object that knows which sessions one user has, and which servers are out of their reach. Only the opening of a session waits for
// it; calls never do.
import { DurableObject } from 'cloudflare:workers';
import { Breakers } from './breaker.js';

export class IndexObject extends DurableObject {
  #sql;
  #breakers;

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
   */
  open({ handle, server, limit, age }) {
    const now = Date.now();
    // One whose object could not say goodbye still ends.
    this.#sql.exec('DELETE FROM session WHERE expires < ?', now);
    if (this.#sql.exec('SELECT count(*) AS count FROM session').one().count >= limit) return { isFull: true };
    const { wait, isTroubled } = this.#breakers.admit(server, now);
    if (wait > 0) return { wait };
    this.#sql.exec('INSERT INTO session VALUES (?, ?, ?, ?, NULL)', handle, server, now, now + age);
    return { isTroubled };
  }

  /** What a session's object tells of it now and then. */
  note(handle, info) {
    this.#sql.exec('UPDATE session SET info = ? WHERE handle = ?', JSON.stringify(info), handle);
  }

  /** A session is over; or it never began, because that `'failed'`, or the server refused and so `'worked'`. */
  close(handle, happened) {
    const server = this.serverOf(handle);
    this.#sql.exec('DELETE FROM session WHERE handle = ?', handle);
    if (happened && server !== undefined) this.#breakers.note(server, happened);
  }

  /** What an open session met: the server `'failed'` (out of reach, and the session's attempts are spent), or it `'worked'` again. */
  noteServer(server, happened) {
    this.#breakers.note(server, happened);
  }

  /** Which server a session of the user is with; undefined when it is none of the user's. */
  serverOf(handle) {
    return this.#sql.exec('SELECT server FROM session WHERE handle = ?', handle).toArray()[0]?.server;
  }

  /** The user's sessions: as in `SessionInfo`, but under a public handle instead of the id, which is a secret. */
  list() {
    return this.#sql
      .exec('SELECT * FROM session WHERE expires >= ? ORDER BY created', Date.now())
      .toArray()
      .map(({ handle, server, created, expires, info }) => {
        const { sessionId, ...known } = JSON.parse(info ?? '{}');
        return { ...known, handle, serverName: server, createdAt: created, expiresAt: expires };
      });
  }
}
