// The Durable Object that sums counters over all users, for /metrics. Others send increments; requests do not wait for it.
// @ts-check

import { DurableObject } from 'cloudflare:workers';

/** @import { Counts, Env, ObjectContext, SqlCursor } from './types.js' */

export class RegistryObject extends DurableObject {
  #sql;

  /** @param {ObjectContext} ctx @param {Env} env */
  constructor(ctx, env) {
    super(ctx, env);
    this.#sql = ctx.storage.sql;
    this.#sql.exec('CREATE TABLE IF NOT EXISTS counter (name TEXT PRIMARY KEY, value INTEGER NOT NULL)');
  }

  /**
   * Adds to counters: `{ name: increment }`; names include labels.
   * @param {Counts} counts
   */
  add(counts) {
    for (const [name, value] of Object.entries(counts)) {
      this.#sql.exec(
        'INSERT INTO counter VALUES (?, ?) ON CONFLICT DO UPDATE SET value = value + excluded.value',
        name,
        value,
      );
    }
  }

  /** All counters in the text format of Prometheus. */
  text() {
    const lines = [];
    /** @type {string | undefined} */
    let metric;
    /** @type {SqlCursor<{ name: string, value: number }>} */
    const counters = this.#sql.exec('SELECT name, value FROM counter ORDER BY name');
    for (const { name, value } of counters) {
      const [bare] = name.split('{');
      if (bare !== metric) lines.push(`# TYPE mcp_tether_${bare} counter`);
      metric = bare;
      lines.push(`mcp_tether_${name} ${value}`);
    }
    return `${lines.join('\n')}\n`;
  }
}
