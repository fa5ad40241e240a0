// @ts-check
// What is known of a user at a server: stored, and in the memory of this provider.

import { placeOf } from './channel.js';
import { OAuthError } from './error.js';
import { exclusively } from './lock.js';

/**
 * @typedef {import('./web.js').Web} Web
 * @typedef {import('./tokens.js').Tokens & { issuedAt?: number }} Tokens
 *
 * @typedef {object} Entry what is stored of a user at a server
 * @property {string} issuer
 * @property {string} resource
 * @property {string} [sent] the `resource` parameter
 * @property {import('./discovery.js').Metadata} as what is needed of it without discovery
 * @property {import('./client.js').Client} [client]
 * @property {Tokens} [tokens]
 * @property {string} [requested] all scopes that were asked for
 * @property {boolean} [withoutOffline] `offline_access` is refused
 * @property {number} [outs] how often the user has signed out
 *
 * @typedef {object} State what only this provider knows
 * @property {string} [handed] the token that was returned last
 * @property {number} refreshes that answered refusals, in a row
 * @property {number} logins in a row
 * @property {number} [attempt] of the refusal before, or 0 where another session got the same token
 * @property {number} since when the last token was got
 * @property {AbortController} [aborter] of the login under way
 * @property {unknown} [failure] of a login that came back to this page, until a request is refused
 * @property {Map<string, import('./flights.js').Flight>} flights
 *
 * @typedef {object} Place a user at a server
 * @property {string} userId
 * @property {string} key
 * @property {string} url
 * @property {any} settings
 * @property {State} state
 */

export class Credentials {
  /** @type {Map<string, State>} */
  #states = new Map();
  /** @type {Map<string, string>} */
  #urls = new Map();

  /** @param {any} storage */
  constructor(storage) {
    this.storage = storage;
  }

  /** @param {any} settings @param {{ userId: string, serverName: string, url?: string }} about @returns {Promise<Place>} */
  async locate(settings, { userId, serverName, url: given }) {
    const pointer = JSON.stringify(['oauth-url', userId, serverName]);
    const known = given ?? settings.url ?? this.#urls.get(pointer);
    const url = known ?? (await this.storage.get(pointer));
    if (typeof url !== 'string')
      throw new OAuthError('unknown_server', `the address of ${serverName} is not known: give it as \`url\``);
    if (known && this.#urls.get(pointer) !== url) {
      this.#urls.set(pointer, url);
      await this.storage.set(pointer, url);
    }
    const key = placeOf(userId, url);
    const state = this.#states.get(key) ?? { refreshes: 0, logins: 0, since: 0, flights: new Map() };
    this.#states.set(key, state);
    return { userId, key, url, settings, state };
  }

  /** @param {Place} place @returns {Promise<Entry | undefined>} */
  async load({ key }) {
    try {
      return JSON.parse(await this.storage.get(key)) ?? undefined;
    } catch (error) {
      if (error instanceof SyntaxError) return undefined;
      throw error;
    }
  }

  /** @param {Place} place @param {Entry} entry */
  async store({ key }, entry) {
    await this.storage.set(key, JSON.stringify(entry));
  }

  /** @param {Place} place @param {Web} web @param {(entry: Entry | undefined) => Entry | undefined} change */
  edit(place, web, change) {
    return this.alone(place, web, async () => {
      const entry = change(await this.load(place));
      if (entry) await this.store(place, entry);
    });
  }

  /** @template T @param {Place} place @param {Web} web @param {() => Promise<T>} act @returns {Promise<T>} */
  alone({ key }, { signal }, act) {
    return exclusively(this.storage, key, signal, act);
  }
}

/** How long before its end a token is replaced. The manager asks 30 to 60 s before. */
const MARGIN = 65_000;

/** @param {Tokens} tokens */
export function isFresh({ expiresAt, issuedAt = 0 }) {
  if (!expiresAt) return true;
  return expiresAt - Date.now() > Math.min(MARGIN, (expiresAt - issuedAt) / 2);
}
