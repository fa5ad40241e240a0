// Where the requests of a session go, in the storage of its object. Objects of servers without replicas and cookies have no such table.
// @ts-check

/** @import { Row } from '../row.js' */
/** @import { Sql, SqlCursor } from '../types.js' */

/** @typedef {{ address?: string, cookies?: string, isCanary?: boolean }} StoredPlace `address` as it is configured, without the values of its variables */

export class PlaceRecord {
  #sql;
  #row;

  /** @param {Sql} sql @param {Pick<Row, 'values'>} row */
  constructor(sql, row) {
    this.#sql = sql;
    this.#row = row;
  }

  /** @returns {StoredPlace | undefined} */
  read() {
    const exists = this.#sql.exec("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'place'").toArray();
    if (exists.length === 0) return undefined;
    /** @type {SqlCursor<{ record: string }>} */
    const rows = this.#sql.exec('SELECT record FROM place');
    try {
      return JSON.parse(rows.toArray()[0]?.record ?? '');
    } catch {
      return undefined; // of another version
    }
  }

  /** @param {StoredPlace} place */
  write(place) {
    if (!this.#row.values) return; // the session has ended, and leaves no trace
    this.#sql.exec('CREATE TABLE IF NOT EXISTS place (id INTEGER PRIMARY KEY CHECK (id = 1), record TEXT NOT NULL)');
    this.#sql.exec(
      'INSERT INTO place VALUES (1, ?1) ON CONFLICT (id) DO UPDATE SET record = ?1',
      JSON.stringify(place),
    );
  }
}
