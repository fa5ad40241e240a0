// What a session object must not forget, in one row: everything that a new instance needs to go on with the session.
// @ts-check

/** @import { SessionStorage } from 'mcp-tether' */
/** @import { SessionRow, Sql, SqlCursor } from './types.js' */

const TOUCH_EVERY = 60_000; // a call writes nothing unless the last one was so long ago

// When a session was used last is the row's own affair, and no reason to write every few seconds.
/** @type {(kept: string | null) => string | undefined} */
const withoutUse = (kept) => kept?.replace(/"lastUsedAt":\d+/, '');

// What discovery finds out about a server. The manager has one session with it, whose record says the same.
/** @type {(name: string) => boolean} */
const isVerdict = (name) => name.startsWith('mcp-tether:server:');

export class Row {
  #sql;
  /** @type {SessionRow | null | undefined} */
  #values; // undefined: not read; null: there is none
  /** @type {string | null} */
  #early = null; // what the manager keeps before there is a row

  /** @param {Sql} sql */
  constructor(sql) {
    this.#sql = sql;
  }

  /**
   * The values; null when the object has none. Looking writes nothing: a guessed id costs no storage.
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
   * Where the manager keeps the session with the server.
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
   * Notes that the session is used; true when that was written.
   * @param {number} now
   */
  touch(now) {
    const { values } = this;
    if (!values || now - values.touched < TOUCH_EVERY) return false;
    this.#sql.exec('UPDATE session SET touched = ?', now);
    values.touched = now;
    return true;
  }

  /** A new instance takes over: the number of this one. */
  revive() {
    const { values } = this;
    if (!values) throw new Error('there is no session');
    this.#sql.exec('UPDATE session SET lives = lives + 1');
    values.lives += 1;
    return values.lives;
  }

  /** It is gone, and everything with it. */
  forget() {
    this.#early = this.#values?.upstream ?? null; // for a goodbye
    this.#values = null;
  }
}
