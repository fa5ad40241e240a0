// Holders of sessions: a holder is a user of a server. Information about sessions always comes from the manager.
// @ts-check

import { capital } from './format.js';

/** @import { Holder } from './types.js' */

const names = ['ada', 'ben', 'cleo', 'dan', 'eve', 'finn', 'gus', 'hana'];
/** @param {string} userId */
export const nameOf = (userId) => capital(userId);

export class Holders {
  /** @type {Map<string, Holder>} */
  #all = new Map();
  current; // the selected one

  /** @param {string} userId @param {string} serverName */
  constructor(userId, serverName) {
    this.current = this.get(userId, serverName);
  }

  get all() {
    return [...this.#all.values()];
  }
  get connected() {
    return this.all.filter((holder) => holder.session);
  }

  /**
   * The holder of this session, created on demand.
   * @param {string} userId
   * @param {string} serverName
   */
  get(userId, serverName) {
    const key = `${userId} ${serverName}`;
    const known = this.#all.get(key);
    if (known) return known;
    /** @type {Holder} */
    const holder = { key, userId, serverName };
    this.#all.set(key, holder);
    return holder;
  }

  /** @param {string} key */
  find(key) {
    return this.#all.get(key);
  }

  /** A user without a session; undefined if all users have one. */
  nextUser() {
    return names.find((name) => !this.connected.some((holder) => holder.userId === name));
  }

  /**
   * The label of a holder: with the server if there are several.
   * @param {Holder} holder
   */
  labelOf(holder) {
    const servers = new Set(this.connected.map(({ serverName }) => serverName));
    return servers.size > 1 ? `${nameOf(holder.userId)} · ${holder.serverName}` : nameOf(holder.userId);
  }
}
