// The records of one user at one server, encrypted in the storage of their object.
// @ts-check

import { sha256 } from '../digest.js';
import { newPair, readPair } from './key-pair.js';

/** @import { Sql, SqlCursor } from '../types.js' */
/** @import { Vault } from './vault.js' */

const KEY = '["oauth-key",'; // how the name of a user's key begins: npm/oauth/proof.js

export class Records {
  #sql;
  #vault;
  #about;

  /** @param {Sql} sql @param {Vault} vault @param {string[]} about the user and the server, to which the ciphertext is bound */
  constructor(sql, vault, about) {
    this.#sql = sql;
    this.#vault = vault;
    this.#about = about;
    sql.exec('CREATE TABLE IF NOT EXISTS record (name TEXT PRIMARY KEY, sealed TEXT NOT NULL)');
  }

  /**
   * Null also if its key is gone: then the user logs in again.
   * @param {string} name
   * @returns {Promise<string | null>}
   */
  async get(name) {
    /** @type {SqlCursor<{ sealed: string }>} */
    const rows = this.#sql.exec('SELECT sealed FROM record WHERE name = ?', name);
    const sealed = rows.toArray()[0]?.sealed;
    const found = sealed && (await this.#vault.open(sealed, [...this.#about, name]));
    if (!found) return null;
    // After a rotation: the old key can be dropped once its records have been used.
    if (found.isOld) await this.#seal(name, found.text, sealed);
    return found.text;
  }

  /** @param {string} name @param {string} text */
  set(name, text) {
    return this.#seal(name, text);
  }

  /** @param {string} name */
  async delete(name) {
    this.#sql.exec('DELETE FROM record WHERE name = ?', name);
  }

  /**
   * As a storage of mcp-tether/oauth. Its names have users and URLs in them, which are stored as digests. The key that tokens are bound to is there from
   * the beginning.
   */
  get credentials() {
    return {
      get: async (/** @type {string} */ name) =>
        name.startsWith(KEY) ? this.#pair(await sha256(name)) : this.get(await sha256(name)),
      set: async (/** @type {string} */ name, /** @type {string} */ text) => this.set(await sha256(name), text),
      delete: async (/** @type {string} */ name) => this.delete(await sha256(name)),
    };
  }

  // mcp-tether/oauth would make a key that cannot leave its memory, and its tokens would end with it.
  /** @param {string} name */
  async #pair(name) {
    const known = await this.get(name);
    const text = known ?? (await newPair());
    if (known === null) await this.set(name, text);
    return readPair(text);
  }

  /** @param {string} name @param {string} text @param {string} [replaced] written only if this is still there */
  async #seal(name, text, replaced) {
    const sealed = await this.#vault.seal(text, [...this.#about, name]);
    if (replaced === undefined) this.#sql.exec('INSERT OR REPLACE INTO record VALUES (?, ?)', name, sealed);
    else this.#sql.exec('UPDATE record SET sealed = ? WHERE name = ? AND sealed = ?', sealed, name, replaced);
  }
}
