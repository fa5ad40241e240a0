// The circuit breakers of one user, one per server, stored in the user's index; the rules are in src/gateway/breaker.rs.
// @ts-check

import { settingsOf } from './settings.js';
import { noteOpening } from './topology/counts.js';

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
   * Whether a session with a server may be opened: after `wait` milliseconds, 0 for now. `isTroubled` if there were failures.
   * @param {string} server
   * @param {number} now
   */
  admit(server, now) {
    const known = this.#known(server);
    if (!known) return { wait: 0, isTroubled: false };
    return { wait: this.#after(server, known, 'admit', now).wait, isTroubled: true };
  }

  /**
   * Records that opening a session, or all attempts of an open one, `'failed'`, or that the server `'worked'`. Returns whether the breaker has opened.
   * @param {string} server
   * @param {ServerNews} happened
   */
  note(server, happened) {
    const known = this.#known(server);
    if (happened === 'worked') {
      if (known) this.#sql.exec('DELETE FROM breaker WHERE server = ?', server);
      return false;
    }
    const before = known?.openings ?? 0;
    const { openings } = this.#after(server, known ?? {}, happened, Date.now(), this.#settings.limits.BREAKER_COOLDOWN);
    if (openings <= before) return false;
    noteOpening(server, 'user');
    return true;
  }

  /** @param {string} server @returns {BreakerState | undefined} */
  #known(server) {
    /** @type {SqlCursor<{ known: string }>} */
    const rows = this.#sql.exec('SELECT known FROM breaker WHERE server = ?', server);
    const [row] = rows.toArray();
    try {
      return row && JSON.parse(row.known);
    } catch {
      return undefined; // of another version: does not block sessions
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
    return { wait, openings: after.openings };
  }
}
