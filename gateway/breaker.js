// The breakers of one user, one for each server: kept in the storage of the user's index, by the rules of src/gateway/breaker.rs.
// @ts-check

import { settingsOf } from './settings.js';

/** @import { BreakerState } from 'gateway-module' */
/** @import { Env, ServerNews, Sql, SqlCursor } from './types.js' */

export class Breakers {
  #sql;
  #settings;

  /** @param {Sql} sql @param {Env} env */
  constructor(sql, env) {
    this.#sql = sql;
    this.#settings = settingsOf(env);
    this.#sql.exec('CREATE TABLE IF NOT EXISTS breaker (server TEXT PRIMARY KEY, known TEXT NOT NULL)');
  }

  /**
   * Whether a session with a server may be opened: `wait` milliseconds, 0 for yes; and `isTroubled` where anything failed before.
   * @param {string} server
   * @param {number} now
   */
  admit(server, now) {
    const known = this.#known(server);
    if (!known) return { wait: 0, isTroubled: false };
    return { wait: this.#after(server, known, 'admit', now).wait, isTroubled: true };
  }

  /**
   * A session could not be opened, or the attempts of an open one are spent: `'failed'`; or the server `'worked'`.
   * @param {string} server
   * @param {ServerNews} happened
   */
  note(server, happened) {
    const known = this.#known(server);
    if (happened !== 'worked')
      this.#after(server, known ?? {}, happened, Date.now(), this.#settings.limits.BREAKER_COOLDOWN);
    else if (known) this.#sql.exec('DELETE FROM breaker WHERE server = ?', server);
  }

  /** @param {string} server @returns {BreakerState | undefined} */
  #known(server) {
    /** @type {SqlCursor<{ known: string }>} */
    const rows = this.#sql.exec('SELECT known FROM breaker WHERE server = ?', server);
    const [row] = rows.toArray();
    try {
      return row && JSON.parse(row.known);
    } catch {
      return undefined; // of another version: no reason to refuse sessions
    }
  }

  /**
   * @param {string} server
   * @param {BreakerState} known
   * @param {'admit' | 'failed'} happened
   * @param {number} now
   * @param {number} [cooldown]
   */
  #after(server, known, happened, now, cooldown = 0) {
    const { wait, ...after } = this.#settings.gateway.breakerAfter(known, happened, now, cooldown);
    if (wait === 0)
      this.#sql.exec(
        'INSERT INTO breaker VALUES (?1, ?2) ON CONFLICT DO UPDATE SET known = ?2',
        server,
        JSON.stringify(after),
      );
    return { wait };
  }
}
