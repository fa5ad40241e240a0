// A login that waits for its user: the link to it, which works once, and the one browser that may end it.
// @ts-check

import { randomId } from '../digest.js';

/** @import { Owner } from './credentials-object.js' */
/** @import { Records } from './records.js' */
/** @import { Vault } from './vault.js' */

/**
 * @typedef {object} Invitation what the client of the session is told
 * @property {string} id of the login
 * @property {string} url of the gateway's own page
 * @property {string} host of the authorization server
 * @property {boolean} isBegun whether a browser is on its way: the login may end soon
 *
 * @typedef {object} Login
 * @property {string} id
 * @property {number} expires
 * @property {string} resource the URL of the MCP server
 * @property {string} url of the authorization request
 * @property {{ state: string }} pending what mcp-tether/oauth needs at the callback
 * @property {string} [ticket] the link that was not used yet
 * @property {string} [secret] that ticket's secret
 * @property {number} refusals of the link
 * @property {string} [browser] the secret of the browser that began
 * @property {number} [began] when
 *
 * @typedef {{ owner: Owner, secret: string, expires: number }} Pass what links and cookies hold, encrypted
 */

/** Milliseconds in which the user has to come back. */
export const LIFETIME = 600_000;
const SOON = 120_000; // milliseconds after the start in which most users have logged in
const MOST_REFUSALS = 5; // wrong tokens on the page of one link
const RECORD = 'login';

/** What a pass is for: one of a link is none of a cookie. */
export const TICKET = ['login link'];
export const BROWSER = ['login cookie'];

export class PendingLogin {
  #records;
  #owner;
  #settings;
  /** @type {Promise<unknown>} */
  #last = Promise.resolve();

  /** @param {Records} records @param {Owner} owner @param {{ vault: Vault, origin: string }} settings */
  constructor(records, owner, settings) {
    this.#records = records;
    this.#owner = owner;
    this.#settings = settings;
  }

  /** Nothing, if there is one already: @param {Pick<Login, 'resource' | 'url' | 'pending'>} about */
  begin(about) {
    return this.#alone(async () => {
      if (await this.#load()) return;
      await this.#keep({ ...about, id: randomId(), expires: Date.now() + LIFETIME, refusals: 0 });
    });
  }

  /**
   * The link, a new one if the last one was used; undefined if there is no login.
   * @returns {Promise<Invitation | undefined>}
   */
  invitation() {
    return this.#alone(async () => {
      const login = await this.#load();
      if (!login) return undefined;
      if (!login.ticket) {
        login.secret = randomId();
        login.ticket = await this.#pass(login.secret, login.expires, TICKET);
        login.refusals = 0;
        await this.#keep(login);
      }
      const { id, ticket, url, began = 0 } = login;
      return {
        id,
        url: `${this.#settings.origin}/oauth/start/${ticket}`,
        host: new URL(url).host,
        isBegun: Date.now() - began < SOON,
      };
    });
  }

  end() {
    return this.#alone(() => this.#records.delete(RECORD));
  }

  /** @param {string} id */
  isOpen(id) {
    return this.#alone(async () => (await this.#load())?.id === id);
  }

  /** The authorization server that an unused link leads to: @param {string} secret @returns {Promise<string | undefined>} */
  look(secret) {
    return this.#alone(async () => {
      const login = await this.#load();
      return login?.secret === secret ? new URL(login.url).host : undefined;
    });
  }

  /**
   * Uses a link. The browser gets a secret of its own.
   * @param {string} secret
   * @returns {Promise<{ url: string, state: string, cookie: string } | undefined>}
   */
  start(secret) {
    return this.#alone(async () => {
      const login = await this.#load();
      if (login?.secret !== secret) return undefined;
      const browser = randomId();
      await this.#keep({ ...login, ticket: undefined, secret: undefined, browser, began: Date.now() });
      const { url, pending, expires } = login;
      return { url, state: pending.state, cookie: await this.#pass(browser, expires, BROWSER) };
    });
  }

  /** Counts a failed proof of who opens the link: @param {string} secret */
  refuse(secret) {
    return this.#alone(async () => {
      const login = await this.#load();
      if (login?.secret !== secret) return;
      login.refusals += 1;
      if (login.refusals >= MOST_REFUSALS) Object.assign(login, { ticket: undefined, secret: undefined });
      await this.#keep(login);
    });
  }

  /**
   * Takes the login for a callback: it is there once, and only for the browser that began it.
   * @param {string} browser
   * @param {string} state
   * @returns {Promise<Login | undefined>}
   */
  take(browser, state) {
    return this.#alone(async () => {
      const login = await this.#load();
      if (!login?.browser || login.browser !== browser || login.pending.state !== state) return undefined;
      await this.#records.delete(RECORD);
      return login;
    });
  }

  /** @returns {Promise<Login | undefined>} */
  async #load() {
    const login = JSON.parse((await this.#records.get(RECORD)) ?? 'null');
    return login && login.expires > Date.now() ? login : undefined;
  }

  /** @param {Login} login */
  #keep(login) {
    return this.#records.set(RECORD, JSON.stringify(login));
  }

  /** @param {string} secret @param {number} expires @param {string[]} purpose */
  #pass(secret, expires, purpose) {
    return this.#settings.vault.seal(JSON.stringify({ owner: this.#owner, secret, expires }), purpose);
  }

  // Each step reads and writes asynchronously, so that two of them could use one link.
  /** @template T @param {() => Promise<T>} act @returns {Promise<T>} */
  #alone(act) {
    const turn = this.#last.then(act);
    this.#last = turn.catch(() => {});
    return turn;
  }
}

/**
 * What a link or a cookie says; undefined if the gateway did not write it, or it has expired.
 * @param {Vault} vault
 * @param {string} sealed
 * @param {string[]} purpose
 * @returns {Promise<Pass | undefined>}
 */
export async function readPass(vault, sealed, purpose) {
  const found = await vault.open(sealed, purpose);
  /** @type {Pass | undefined} */
  const pass = found && JSON.parse(found.text);
  return pass && pass.expires > Date.now() ? pass : undefined;
}
