// The users who may have sessions: the registry's list, from which an administrator's list of sessions begins.
// @ts-check

/** @import { Sql, SqlCursor } from '../types.js' */

/** @typedef {{ name: string, key: string, hash: string }} KnownUser the name of the user's index object, the key, and its digest in log lines */
/** @typedef {KnownUser & { number: number }} NumberedUser in the order of their first sessions */
/** @typedef {{ from: number, limit: number, user?: string }} Wanted users from this number on; `user`: a key, the part of it after the method, or the digest */

/** Milliseconds after which an index object reports its user again. */
export const REPORT_EVERY = 3_600_000;
const MOST = 100_000;
const METHODS = ['bearer', 'jwt', 'access'];

export class Users {
  #sql;

  /** @param {Sql} sql */
  constructor(sql) {
    this.#sql = sql;
    this.#sql.exec(
      'CREATE TABLE IF NOT EXISTS user (name TEXT PRIMARY KEY, key TEXT NOT NULL, hash TEXT NOT NULL, seen INTEGER NOT NULL)',
    );
  }

  /** @param {KnownUser} user @param {number} now */
  note({ name, key, hash }, now) {
    this.#sql.exec(
      'INSERT INTO user VALUES (?1, ?2, ?3, ?4) ON CONFLICT (name) DO UPDATE SET seen = ?4',
      name,
      key,
      hash,
      now,
    );
    /** @type {SqlCursor<{ span: number | null }>} */
    const rows = this.#sql.exec('SELECT (SELECT max(rowid) FROM user) - (SELECT min(rowid) FROM user) AS span');
    // Cheap to ask: rows are numbered. The users who were first are dropped; they are reported again with their next sessions.
    if ((rows.one().span ?? 0) >= MOST)
      this.#sql.exec('DELETE FROM user WHERE rowid IN (SELECT rowid FROM user ORDER BY rowid LIMIT 1000)');
  }

  /** @param {Wanted} wanted @returns {NumberedUser[]} */
  page({ from, limit, user }) {
    /** @type {SqlCursor<NumberedUser>} */
    const rows =
      user === undefined
        ? this.#sql.exec(
            'SELECT rowid AS number, name, key, hash FROM user WHERE rowid >= ? ORDER BY rowid LIMIT ?',
            from,
            limit,
          )
        : this.#sql.exec(
            'SELECT rowid AS number, name, key, hash FROM user WHERE rowid >= ?1 AND (hash = ?2 OR key IN (SELECT value FROM json_each(?3))) ORDER BY rowid LIMIT ?4',
            from,
            user,
            JSON.stringify([user, ...METHODS.map((method) => `${method}:${user}`)]),
            limit,
          );
    return rows.toArray();
  }

  /** @param {string[]} names @param {number} now */
  drop(names, now) {
    // Those who were seen lately are opening a session, or their index would not report them again soon.
    this.#sql.exec(
      'DELETE FROM user WHERE seen < ? AND name IN (SELECT value FROM json_each(?))',
      now - 2 * REPORT_EVERY,
      JSON.stringify(names),
    );
  }
}
