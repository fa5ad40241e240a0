// Who holds which session: a holder is a user of a server. What is known of a session itself is asked of the manager each time.
// @ts-check

import { capital } from './format.js';

/** @import { Holder } from './types.js' */

const names = ['ada', 'ben', 'cleo', 'dan', 'eve', 'finn', 'gus', 'hana'];
/** @param {string} userId */
export const nameOf = (userId) => capital(userId);

export class Holders {
  /** @type {Map<string, Holder>} */
  #all = new Map();
  current; // the one that is shown and used

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
   * The holder of this session-to-be; made when it is asked for.
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

  /** A user who has no session yet; undefined when everybody has one. */
  nextUser() {
    return names.find((name) => !this.connected.some((holder) => holder.userId === name));
  }

  /**
   * How a holder is called where others are about: the server is named only if there are several.
   * @param {Holder} holder
   */
  labelOf(holder) {
    const servers = new Set(this.connected.map(({ serverName }) => serverName));
    return servers.size > 1 ? `${nameOf(holder.userId)} · ${holder.serverName}` : nameOf(holder.userId);
  }
}
