// The persistent record of a session, in one row: everything that a new instance needs to continue the session.
// @ts-check

/** @import { SessionStorage } from 'mcp-tether' */
/** @import { SessionRow, Sql, SqlCursor } from './types.js' */

const UNUSABLE = ''; // instead of a revision, while the session is being opened or ended
const ISSUED = 'issued:'; // before an id, in place of the manager's record
const LARGEST = 1_000_000; // characters; a row of SQLite in a Durable Object holds 2 MB

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
  #isClosing = false;
  /** Whether the manager's record could not be stored: another instance could not take the session up. */
  isIncomplete = false;

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

  /** Whether the session is open: not before the server has accepted it, and not since its end began. */
  get isOpen() {
    return (this.values?.agreed ?? UNUSABLE) !== UNUSABLE;
  }

  /**
   * Creates the row before the server is asked for a session: if the instance dies in between, the next one ends the session at both ends.
   * @param {Omit<SessionRow, 'upstream' | 'lives' | 'touched' | 'agreed'>} values
   */
  create(values) {
    this.#sql.exec(`CREATE TABLE IF NOT EXISTS session (
      owner TEXT NOT NULL,        -- whose it is and where it leads, as the entry writes it
      identity TEXT NOT NULL,     -- JSON: the user, for the headers of requests to the server
      settings TEXT NOT NULL,     -- what the server's configuration was
      initialize TEXT NOT NULL,   -- JSON: the params of the client's own initialize
      agreed TEXT NOT NULL,       -- the revision that the client speaks; empty unless the session is open
      upstream TEXT,              -- what the manager keeps of the session with the server, its id among it
      lives INTEGER NOT NULL,     -- how many instances of the object have served the session
      created INTEGER NOT NULL,   -- milliseconds since the Unix epoch
      touched INTEGER NOT NULL    -- the same: when it was used last, within a minute
    )`);
    const { owner, identity, settings, initialize, created } = values;
    this.#sql.exec(
      'INSERT INTO session VALUES (?, ?, ?, ?, ?, ?, 1, ?, ?)',
      owner,
      identity,
      settings,
      initialize,
      UNUSABLE,
      this.#early,
      created,
      created,
    );
    this.#values = undefined;
  }

  /**
   * While the session is being opened: the server has issued an id, of which the manager has made no record yet. Returns an earlier one that was not used.
   * @param {string} id
   */
  issue(id) {
    const { values, isOpen, issued } = this;
    if (!values || isOpen || this.#isClosing || (values.upstream && issued === undefined)) return undefined;
    values.upstream = `${ISSUED}${id}`;
    this.#sql.exec('UPDATE session SET upstream = ?', values.upstream);
    return issued;
  }

  /** The issued id, until there is a record. */
  get issued() {
    const upstream = this.values?.upstream;
    return upstream?.startsWith(ISSUED) ? upstream.slice(ISSUED.length) : undefined;
  }

  /** The server has accepted the session: @param {string} agreed the revision */
  open(agreed) {
    this.#setAgreed(agreed);
  }

  /**
   * The session is being ended: from here on no request finds it, and the record of the session with the server stays until it has ended there, too.
   * @param {number} now
   */
  close(now) {
    if (this.isOpen) this.touch(now, 0);
    this.#setAgreed(UNUSABLE);
    this.#isClosing = true;
  }

  /** @param {string} agreed */
  #setAgreed(agreed) {
    const { values } = this;
    if (!values || values.agreed === agreed) return;
    this.#sql.exec('UPDATE session SET agreed = ?', agreed);
    values.agreed = agreed;
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
    if (this.issued !== undefined) return null;
    return this.values ? this.values.upstream : this.#early;
  }

  /** @param {string | null} value */
  #keep(value) {
    const { values } = this;
    if (!values) this.#early = value;
    if (!values || this.#isClosing || withoutUse(value) === withoutUse(values.upstream)) return;
    this.isIncomplete = true;
    if ((value?.length ?? 0) > LARGEST) throw new Error('the description of the server is too large to store');
    this.#sql.exec('UPDATE session SET upstream = ?', value);
    this.isIncomplete = false;
    values.upstream = value;
  }

  /**
   * Updates the time of last use, if this interval has passed. Returns whether it was written.
   * @param {number} now
   * @param {number} interval milliseconds
   */
  touch(now, interval) {
    const { values } = this;
    if (!values || now <= values.touched || now - values.touched < interval) return false;
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

  /** The session with all its data was deleted. */
  forget() {
    this.#early = null;
    this.#values = null;
  }
}
