// The persistent record of a session, in one row: everything that a new instance needs to continue the session.
// @ts-check

/** @import { SessionStorage } from 'mcp-tether' */
/** @import { SessionRow, Sql, SqlCursor } from './types.js' */

const TOUCH_EVERY = 60_000; // milliseconds; calls update the time of last use at most this often

// The row has its own time of last use: the one in the manager's record must not cause a write every few seconds.
/** @type {(kept: string | null) => string | undefined} */
const withoutUse = (kept) => kept?.replace(/"lastUsedAt":\d+/, '');

// What discovery finds out about a server. The manager has one session with it, whose record says the same.
/** @type {(name: string) => boolean} */
const isVerdict = (name) => name.startsWith('mcp-tether:server:');

export class Row {
  #sql;
  /** @type {SessionRow | null | undefined} */
  #values; // undefined: not read; null: the object has none
  /** @type {string | null} */
  #early = null; // the manager's record before the row exists

  /** @param {Sql} sql */
  constructor(sql) {
    this.#sql = sql;
  }

  /**
   * The values; null if the object has none. Reading writes nothing: guessed ids use no storage.
   * @returns {SessionRow | null}
   */
  get values() {
    if (this.#values === undefined) {
      const exists =
        this.#sql.exec("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'session'").toArray().length > 0;
      this.#values = exists ? this.#read() : null;
    }
    return this.#values;
  }

  #read() {
    /** @type {SqlCursor<SessionRow>} */
    const rows = this.#sql.exec('SELECT * FROM session');
    return rows.toArray()[0] ?? null;
  }

  /** @param {Omit<SessionRow, 'upstream' | 'lives' | 'touched'>} values */
  create(values) {
    this.#sql.exec(`CREATE TABLE session (
      owner TEXT NOT NULL,        -- whose it is and where it leads, as the entry writes it
      identity TEXT NOT NULL,     -- JSON: the user, for the headers of requests to the server
      settings TEXT NOT NULL,     -- what the server's configuration was
      initialize TEXT NOT NULL,   -- JSON: the params of the client's own initialize
      agreed TEXT NOT NULL,       -- the revision that the client speaks
      upstream TEXT,              -- what the manager keeps of the session with the server, its id among it
      lives INTEGER NOT NULL,     -- how many instances of the object have served the session
      created INTEGER NOT NULL,   -- milliseconds since the Unix epoch
      touched INTEGER NOT NULL    -- the same: when it was used last, within a minute
    )`);
    const { owner, identity, settings, initialize, agreed, created } = values;
    this.#sql.exec(
      'INSERT INTO session VALUES (?, ?, ?, ?, ?, ?, 1, ?, ?)',
      owner,
      identity,
      settings,
      initialize,
      agreed,
      this.#early,
      created,
      created,
    );
    this.#values = undefined;
  }

  /**
   * The manager's storage for the session with the server.
   * @returns {SessionStorage}
   */
  get storage() {
    return {
      get: (name) => (isVerdict(name) ? null : this.#upstream),
      set: (name, value) => (isVerdict(name) ? undefined : this.#keep(value)),
      delete: (name) => (isVerdict(name) ? undefined : this.#keep(null)),
    };
  }

  get #upstream() {
    return this.values ? this.values.upstream : this.#early;
  }

  /** @param {string | null} value */
  #keep(value) {
    if (!this.values) {
      this.#early = value;
    } else if (withoutUse(value) !== withoutUse(this.values.upstream)) {
      this.#sql.exec('UPDATE session SET upstream = ?', value);
      this.values.upstream = value;
    }
  }

  /**
   * Updates the time of last use. Returns whether it was written.
   * @param {number} now
   */
  touch(now) {
    const { values } = this;
    if (!values || now - values.touched < TOUCH_EVERY) return false;
    this.#sql.exec('UPDATE session SET touched = ?', now);
    values.touched = now;
    return true;
  }

  /** Counts a new instance. Returns its number. */
  revive() {
    const { values } = this;
    if (!values) throw new Error('the object has no session');
    this.#sql.exec('UPDATE session SET lives = lives + 1');
    values.lives += 1;
    return values.lives;
  }

  /** Deletes the session with all its data. */
  forget() {
    this.#early = this.#values?.upstream ?? null; // for ending the session at the server
    this.#values = null;
  }
}
