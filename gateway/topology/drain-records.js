// The drains of the administrator in the registry's storage. They are of configured servers and addresses, so their number is bounded.
// @ts-check

/** @import { Sql, SqlCursor } from '../types.js' */
/** @import { Drain } from './drains.js' */

/** @typedef {{ server: string, address: string }} Target */

export class DrainRecords {
  #sql;

  /** @param {Sql} sql */
  constructor(sql) {
    this.#sql = sql;
    this.#sql.exec(
      'CREATE TABLE IF NOT EXISTS drain (server TEXT NOT NULL, address TEXT NOT NULL, since INTEGER NOT NULL, PRIMARY KEY (server, address))',
    );
  }

  /** @returns {Drain[]} */
  all() {
    /** @type {SqlCursor<Drain>} */
    const rows = this.#sql.exec('SELECT server, address, since FROM drain');
    return rows.toArray();
  }

  /**
   * @param {Target} target
   * @param {boolean} isDrained
   * @param {Target[]} configured what there is; drains of anything else are removed
   * @param {number} now
   */
  set({ server, address }, isDrained, configured, now) {
    if (isDrained) this.#sql.exec('INSERT INTO drain VALUES (?, ?, ?) ON CONFLICT DO NOTHING', server, address, now);
    else this.#sql.exec('DELETE FROM drain WHERE server = ? AND address = ?', server, address);
    this.#sql.exec(
      "DELETE FROM drain WHERE (server, address) NOT IN (SELECT value ->> 'server', value ->> 'address' FROM json_each(?))",
      JSON.stringify(configured),
    );
  }
}
