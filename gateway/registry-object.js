// The Durable Object that sums counters over all users, for /metrics, knows which users have sessions, for /admin/sessions, and what the administrator
// drains. Others send increments; requests do not wait for it.
// @ts-check

import { DurableObject } from 'cloudflare:workers';
import { exposition } from './observe/exposition.js';
import { Users } from './observe/users.js';
import { DrainRecords } from './topology/drain-records.js';

/** @import { Counts, Env, ObjectContext, SqlCursor } from './types.js' */
/** @import { KnownUser, Wanted } from './observe/users.js' */
/** @import { Target } from './topology/drain-records.js' */

const MOST = 20_000; // counters; labels are from closed sets, so only a gateway with many servers comes near

export class RegistryObject extends DurableObject {
  #sql;
  #users;
  #drains;
  /** @type {Set<string> | undefined} */
  #names; // of all counters

  /** @param {ObjectContext} ctx @param {Env} env */
  constructor(ctx, env) {
    super(ctx, env);
    this.#sql = ctx.storage.sql;
    this.#sql.exec('CREATE TABLE IF NOT EXISTS counter (name TEXT PRIMARY KEY, value INTEGER NOT NULL)');
    this.#users = new Users(this.#sql);
    this.#drains = new DrainRecords(this.#sql);
  }

  /**
   * Adds to counters: `{ name: increment }`; names include labels. Beyond a number of them, new ones are dropped.
   * @param {Counts} counts
   */
  add(counts) {
    const names = this.#known();
    /** @type {[name: string, value: number][]} */
    const added = [];
    for (const [name, value] of Object.entries(counts)) {
      if (names.size >= MOST && !names.has(name)) continue;
      names.add(name);
      added.push([name, value]);
    }
    // One statement for all of them. `WHERE` is required: without it, SQLite reads ON as part of a join.
    this.#sql.exec(
      'INSERT INTO counter SELECT value ->> 0, value ->> 1 FROM json_each(?) WHERE true ON CONFLICT DO UPDATE SET value = value + excluded.value',
      JSON.stringify(added),
    );
  }

  #known() {
    this.#names ??= new Set(this.#counters().map(({ name }) => name));
    return this.#names;
  }

  #counters() {
    /** @type {SqlCursor<{ name: string, value: number }>} */
    const counters = this.#sql.exec('SELECT name, value FROM counter ORDER BY name');
    return counters.toArray();
  }

  /** All counters in the text format of Prometheus. */
  text() {
    return exposition(this.#counters());
  }

  /** What the administrator drains. */
  drains() {
    return this.#drains.all();
  }

  /**
   * Drains a server or an address, or undoes it. Returns all that is drained then.
   * @param {Target} target
   * @param {boolean} isDrained
   * @param {Target[]} configured
   */
  setDrain(target, isDrained, configured) {
    this.#drains.set(target, isDrained, configured, Date.now());
    return this.#drains.all();
  }

  /** Whether the storage can be read: for /readyz. */
  isUsable() {
    return this.#sql.exec('SELECT 1').toArray().length === 1;
  }

  /** A user has opened a session. @param {KnownUser} user */
  noteUser(user) {
    this.#users.note(user, Date.now());
  }

  /** Users who may have sessions, by name. @param {Wanted} wanted */
  users(wanted) {
    return this.#users.page(wanted);
  }

  /** Forgets users who have no session, unless one has opened a session lately. @param {string[]} names */
  dropUsers(names) {
    this.#users.drop(names, Date.now());
  }
}
