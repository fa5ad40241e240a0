// The Durable Object of one user at one server: OAuth tokens, the registered client, and a login that is under way. Being one object, it refreshes once
// and logs in once for all sessions.
// @ts-check

import { DurableObject } from 'cloudflare:workers';
import { sha256 } from '../digest.js';
import { log, wordsOf } from '../log.js';
import { audit } from '../observe/audit.js';
import { settingsOf } from '../settings.js';
import { CredentialsUse } from './credentials-use.js';
import { LOGIN, OAuthClient } from './oauth-client.js';

/** @import { Token } from 'mcp-tether' */
/** @import { Env, ObjectContext } from '../types.js' */
/** @import { Invitation } from './pending-login.js' */

/**
 * @typedef {{ key: string, id: string, server: string }} Owner
 *
 * @typedef {object} Question of a session about its token
 * @property {string} url of the server
 * @property {number} [status] of a refusal
 * @property {string} [challenge] of a refusal
 * @property {number} [attempt] of the session's manager
 * @property {string} [refused] the digest of the token that was refused
 * @property {boolean} [isNeeded] whether the server gave nothing without a token just now: it is not asked again while a login is open
 *
 * @typedef {{ code: string, message: string }} Failure
 *
 * @typedef {{ token?: Token, digest?: string, login?: Invitation, failure?: Failure }} Outcome nothing of it: there is no token yet
 */

const WAIT = 20_000; // milliseconds for which one question about a login waits for its end
const MOST_FAILURES = 20; // of logins that are remembered

export class CredentialsObject extends DurableObject {
  #settings;
  #ctx;
  /** @type {CredentialsUse | undefined} */
  #use;
  /** @type {OAuthClient | undefined} */
  #client;
  /** @type {Map<string, Failure>} by the login's id */
  #failures = new Map();
  /** @type {Set<() => void>} */
  #waiting = new Set();

  /** @param {ObjectContext} ctx @param {Env} env */
  constructor(ctx, env) {
    super(ctx, env);
    this.#settings = settingsOf(env).oauth;
    this.#ctx = ctx;
  }

  /**
   * A token for a session, as the manager asks its auth provider.
   * @param {Owner} owner
   * @param {Question} question
   * @returns {Promise<Outcome>}
   */
  async token(owner, { url, status, challenge, attempt, refused, isNeeded = false }) {
    const client = this.#of(owner);
    try {
      await this.#use?.note(owner, url);
      const known = await answered(client.ask(url));
      const isKnown = status === undefined ? known.digest || !isNeeded : known.digest && known.digest !== refused;
      if (isKnown) return known;
      const login = await client.login.invitation();
      if (login || status === undefined) return login ? { login } : known;
      return await answered(client.ask(url, { status, challenge, attempt }));
    } catch (error) {
      if (error !== LOGIN) return { failure: client.failureOf(error) };
      return { login: await client.login.invitation() };
    }
  }

  /**
   * Waits a while for the end of a login.
   * @param {Owner} owner
   * @param {string} id
   * @returns {Promise<{ isOpen: boolean, failure?: Failure }>}
   */
  async outcome(owner, id) {
    const { login } = this.#of(owner);
    if (await login.isOpen(id)) await this.#end();
    return { isOpen: await login.isOpen(id), failure: this.#failures.get(id) };
  }

  /** The authorization server behind an unused link: @param {Owner} owner @param {string} secret */
  look(owner, secret) {
    return this.#of(owner).login.look(secret);
  }

  /** Uses the link of a user who has proved to be its owner: @param {Owner} owner @param {string} secret */
  start(owner, secret) {
    return this.#of(owner).login.start(secret);
  }

  /** The link was opened without that proof: @param {Owner} owner @param {string} secret */
  refuse(owner, secret) {
    return this.#of(owner).login.refuse(secret);
  }

  /**
   * The browser came back. Returns what went wrong.
   * @param {Owner} owner
   * @param {string} browser its secret
   * @param {string} callback the URL
   * @returns {Promise<Failure | undefined>}
   */
  async complete(owner, browser, callback) {
    const client = this.#of(owner);
    const login = await client.login.take(browser, new URL(callback).searchParams.get('state') ?? '');
    if (!login) return { code: 'unknown_login', message: 'this login is over, or it began in another browser' };
    const failure = await client.finish(login, callback).then(
      () => undefined,
      (error) => client.failureOf(error),
    );
    log(failure ? 'warn' : 'info', 'login', { server: owner.server, code: failure?.code.slice(0, 100) });
    if (failure) this.#remember(login.id, failure);
    for (const wake of this.#waiting) wake();
    return failure;
  }

  /**
   * The headers of a request with a token that is bound to the user's key.
   *
   * @param {Owner} owner
   * @param {{ method: string, url: string, token: string, nonce?: string }} request
   */
  headers(owner, request) {
    return this.#of(owner).headers(request);
  }

  /** They were not used for so long that they are not expected to be: @returns {Promise<void>} */
  async alarm() {
    const settings = this.#settings;
    if (settings?.maxIdle === 0) return;
    const used = settings && (await new CredentialsUse(this.#ctx, settings).last());
    // A failure must not keep what is unused: the authorization server is asked once.
    if (used)
      await this.#of(used.owner)
        .signOut(used.url)
        .catch((error) => log('warn', 'notRevoked', { server: used.owner.server, problem: wordsOf(error) }));
    await this.#ctx.storage.deleteAll();
    [this.#client, this.#use] = [undefined, undefined];
    if (used) audit('login.expired', { key: used.owner.key, server: used.owner.server });
  }

  /** Forgets the user's tokens: @param {Owner} owner @param {string} url of the server */
  signOut(owner, url) {
    return this.#of(owner).signOut(url);
  }

  /** @param {Owner} owner always the same: the object is named after it */
  #of(owner) {
    if (!this.#settings) throw new Error('no server asks for OAuth');
    this.#use ??= new CredentialsUse(this.#ctx, this.#settings);
    this.#client ??= new OAuthClient(owner, this.#settings, this.#ctx.storage.sql);
    return this.#client;
  }

  /** @param {string} id @param {Failure} failure */
  #remember(id, failure) {
    const [oldest] = this.#failures.keys();
    if (this.#failures.size >= MOST_FAILURES) this.#failures.delete(oldest);
    this.#failures.set(id, failure);
  }

  // Resolves when a login has ended, or after a while.
  /** @returns {Promise<void>} */
  #end() {
    return new Promise((resolve) => {
      const wake = () => {
        clearTimeout(timer);
        this.#waiting.delete(wake);
        resolve();
      };
      const timer = setTimeout(wake, WAIT);
      this.#waiting.add(wake);
    });
  }
}

/** @param {Promise<Token | undefined>} asked @returns {Promise<Outcome>} */
async function answered(asked) {
  const token = await asked;
  return token ? { token, digest: await sha256(token.token) } : {};
}
