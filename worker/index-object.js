// The Durable Object that knows which sessions one user has. Only the opening of a session waits for it; calls never do.
import { DurableObject } from 'cloudflare:workers';

export class IndexObject extends DurableObject {
  #sql;

  constructor(ctx, env) {
    super(ctx, env);
    this.#sql = ctx.storage.sql;
    this.#sql.exec('CREATE TABLE IF NOT EXISTS session (handle TEXT PRIMARY KEY, server TEXT NOT NULL, created INTEGER NOT NULL, expires INTEGER NOT NULL, info TEXT)');
  }

  /** Notes a new session; false when the user has too many. `age` is the longest that it may live, in milliseconds. */
  open({ handle, server, limit, age }) {
    const now = Date.now();
    // One whose object could not say goodbye still ends.
    this.#sql.exec('DELETE FROM session WHERE expires < ?', now);
    if (this.#sql.exec('SELECT count(*) AS count FROM session').one().count >= limit) return false;
    this.#sql.exec('INSERT INTO session VALUES (?, ?, ?, ?, NULL)', handle, server, now, now + age);
    return true;
  }

  /** What a session's object tells of it now and then. */
  note(handle, info) {
    this.#sql.exec('UPDATE session SET info = ? WHERE handle = ?', JSON.stringify(info), handle);
  }

  close(handle) {
    this.#sql.exec('DELETE FROM session WHERE handle = ?', handle);
  }

  /** Which server a session of the user is with; undefined when it is none of the user's. */
  serverOf(handle) {
    return this.#sql.exec('SELECT server FROM session WHERE handle = ?', handle).toArray()[0]?.server;
  }

  /** The user's sessions: as in `SessionInfo`, but under a public handle instead of the id, which is a secret. */
  list() {
    return this.#sql.exec('SELECT * FROM session WHERE expires >= ? ORDER BY created', Date.now()).toArray().map(({ handle, server, created, expires, info }) => {
      const { sessionId, ...known } = JSON.parse(info ?? '{}');
      return { ...known, handle, serverName: server, createdAt: created, expiresAt: expires };
    });
  }
}
