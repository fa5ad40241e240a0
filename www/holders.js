// Who holds which session: a holder is a user of a server. What is known of a session itself is asked of the manager each time.

import { capital } from './format.js';

const names = ['ada', 'ben', 'cleo', 'dan', 'eve', 'finn', 'gus', 'hana'];
export const nameOf = (userId) => capital(userId);

export class Holders {
  #all = new Map();
  current; // the one that is shown and used

  constructor(userId, serverName) {
    this.current = this.get(userId, serverName);
  }

  get all() {
    return [...this.#all.values()];
  }
  get connected() {
    return this.all.filter((holder) => holder.session);
  }

  /** The holder of this session-to-be; made when it is asked for. */
  get(userId, serverName) {
    const key = `${userId} ${serverName}`;
    if (!this.#all.has(key)) {
      this.#all.set(key, {
        key,
        userId,
        serverName,
        session: undefined,
        tools: undefined,
        busy: undefined,
        cameFrom: undefined,
        story: undefined,
      });
    }
    return this.#all.get(key);
  }

  find(key) {
    return this.#all.get(key);
  }

  /** A user who has no session yet; undefined when everybody has one. */
  nextUser() {
    return names.find((name) => !this.connected.some((holder) => holder.userId === name));
  }

  /** How a holder is called where others are about: the server is named only if there are several. */
  labelOf(holder) {
    const servers = new Set(this.connected.map(({ serverName }) => serverName));
    return servers.size > 1 ? `${nameOf(holder.userId)} · ${holder.serverName}` : nameOf(holder.userId);
  }
}
