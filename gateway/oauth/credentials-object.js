// The Durable Object of one user at one server: OAuth tokens, the registered client, and a login that is under way. Being one object, it refreshes once
// and logs in once for all sessions.
// @ts-check

import { DurableObject } from 'cloudflare:workers';
import { OAuthError, oauth } from 'mcp-tether/oauth';
import { sha256 } from '../digest.js';
import { log } from '../log.js';
import { settingsOf } from '../settings.js';
import { Egress } from './egress.js';
import { LoginFault } from './fault.js';
import { PendingLogin } from './pending-login.js';
import { callbackOf, documentOf } from './places.js';
import { Records } from './records.js';

/** @import { Token, TokenContext } from 'mcp-tether' */
/** @import { OAuthProvider } from 'mcp-tether/oauth' */
/** @import { Env, ObjectContext } from '../types.js' */
/** @import { Invitation, Login } from './pending-login.js' */

/**
 * @typedef {{ key: string, id: string, server: string }} Owner
 *
 * @typedef {object} Question of a session about its token
 * @property {string} url of the server
 * @property {number} [status] of a refusal
 * @property {string} [challenge] of a refusal
 * @property {number} [attempt] of the session's manager
 * @property {string} [refused] the digest of the token that was refused
 *
 * @typedef {{ code: string, message: string }} Failure
 *
 * @typedef {{ token?: Token, digest?: string, login?: Invitation, failure?: Failure }} Outcome nothing of it: there is no token yet
 */

const STEP = 60_000; // milliseconds for the requests of one question, without the user
const WAIT = 20_000; // milliseconds for which one question about a login waits for its end
const MOST_FAILURES = 20; // of logins that are remembered

/** Thrown where the user has to be asked. */
const LOGIN = new LoginFault('login_needed', 'the user has to log in');

export class CredentialsObject extends DurableObject {
  #settings;
  #sql;
  /** @type {Keeper | undefined} */
  #keeper;
  /** @type {Map<string, Failure>} by the login's id */
  #failures = new Map();
  /** @type {Set<() => void>} */
  #waiting = new Set();

  /** @param {ObjectContext} ctx @param {Env} env */
  constructor(ctx, env) {
    super(ctx, env);
    const { oauth: settings } = settingsOf(env);
    if (!settings) throw new Error('no server asks for OAuth');
    this.#settings = settings;
    this.#sql = ctx.storage.sql;
  }

  /**
   * A token for a session, as the manager asks its auth provider.
   * @param {Owner} owner
   * @param {Question} question
   * @returns {Promise<Outcome>}
   */
  async token(owner, { url, status, challenge, attempt, refused }) {
    const keeper = this.#of(owner);
    try {
      const known = await answered(keeper.ask(url));
      if (status === undefined || (known.digest && known.digest !== refused)) return known;
      const login = await keeper.login.invitation();
      return login ? { login } : await answered(keeper.ask(url, { status, challenge, attempt }));
    } catch (error) {
      if (error !== LOGIN) return { failure: keeper.failureOf(error) };
      return { login: await keeper.login.invitation() };
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

  /** The link was opened by somebody who did not prove that: @param {Owner} owner @param {string} secret */
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
    const keeper = this.#of(owner);
    const login = await keeper.login.take(browser, new URL(callback).searchParams.get('state') ?? '');
    if (!login) return { code: 'unknown_login', message: 'this login is over, or it began in another browser' };
    const failure = await keeper.finish(login, callback).then(
      () => undefined,
      (error) => keeper.failureOf(error),
    );
    log(failure ? 'warn' : 'info', 'login', { server: owner.server, code: failure?.code.slice(0, 100) });
    if (failure) this.#remember(login.id, failure);
    for (const wake of this.#waiting) wake();
    return failure;
  }

  /** Forgets the user's tokens: @param {Owner} owner @param {string} url of the server */
  signOut(owner, url) {
    return this.#of(owner).signOut(url);
  }

  /** @param {Owner} owner always the same: the object is named after it */
  #of(owner) {
    this.#keeper ??= new Keeper(owner, this.#settings, this.#sql);
    return this.#keeper;
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

// The provider of mcp-tether/oauth, and the login that it asks for.
class Keeper {
  #owner;
  #settings;
  #records;
  #url = ''; // of the server, as it was asked about last
  /** @type {typeof fetch | undefined} */
  #fetch; // of the current step
  /** @type {OAuthProvider | undefined} */
  #provider;
  /** @type {{ state: string } | undefined} what the provider needs at the callback of the login that it is beginning */
  #pending;
  /** @type {{ pending: object, callback: string } | undefined} a login that came back */
  #back;

  /** @param {Owner} owner @param {import('../types.js').OAuthSettings} settings @param {import('../types.js').Sql} sql */
  constructor(owner, settings, sql) {
    this.#owner = owner;
    this.#settings = settings;
    this.#records = new Records(sql, settings.vault, [owner.key, owner.server]);
    this.login = new PendingLogin(this.#records, owner, settings);
  }

  /** @param {string} url @param {Partial<Question>} [refusal] @returns {Promise<Token | undefined>} */
  async ask(url, { status, challenge, attempt } = {}) {
    const { key, server } = this.#owner;
    const signal = AbortSignal.timeout(STEP);
    const refusal = status === undefined ? {} : { status, challenge, attempt };
    const context = { userId: key, serverName: server, url, signal, ...refusal };
    const token = await this.#step(url).token(/** @type {TokenContext} */ (context));
    return /** @type {Token | undefined} */ (token);
  }

  /** @param {Login} login @param {string} callback */
  async finish({ pending, resource }, callback) {
    this.#back = { pending, callback };
    try {
      // A question that is under way does not see it: then it is asked once more.
      while (this.#back) await this.ask(resource);
    } catch (error) {
      this.#back = undefined;
      this.#provider = undefined; // it would repeat the error to the next question
      throw error;
    }
  }

  /** Forgets the user's tokens, here and at the authorization server. */
  /** @param {string} url */
  async signOut(url) {
    const { key, server } = this.#owner;
    await this.login.end();
    await this.#step(url).signOut(key, server, { url, signal: AbortSignal.timeout(STEP) });
  }

  /** What may be told of an error: @param {unknown} error @returns {Failure} */
  failureOf(error) {
    const { message } = /** @type {Error} */ (error);
    const secrets = this.#settings.secrets.get(this.#owner.server) ?? [];
    const words = secrets.reduce((text, secret) => text.replaceAll(secret, '…'), message);
    if (error instanceof OAuthError) return { code: error.code, message: words };
    log('error', 'loginFailed', { problem: words });
    return { code: 'internal', message: 'the gateway failed, see its log' };
  }

  // The provider, for one step.
  /** @param {string} url of the server */
  #step(url) {
    this.#url = url;
    this.#fetch = this.#egress.fetch();
    this.#provider ??= this.#connect();
    return this.#provider;
  }

  get #egress() {
    return new Egress(this.#url, this.#settings.privateHosts);
  }

  #connect() {
    const { server } = this.#owner;
    const { clientMetadata = true, ...options } = this.#settings.servers.get(server) ?? {};
    const hasDocument = clientMetadata && this.#settings.origin.startsWith('https:');
    return oauth({
      ...options,
      clientMetadataUrl: hasDocument ? documentOf(this.#settings, server) : undefined,
      redirectUri: callbackOf(this.#settings, server),
      storage: this.#records.credentials,
      // The provider sends nothing by another way, revocations included.
      fetch: (...request) => (this.#fetch ?? this.#egress.fetch())(...request),
      authorize: Object.assign((/** @type {URL} */ url) => this.#invite(url), {
        save: (/** @type {string} */ _, /** @type {{ state: string }} */ pending) => {
          this.#pending = pending;
        },
        take: () => {
          const back = this.#back;
          this.#back = undefined;
          return back;
        },
      }),
    });
  }

  // The provider wants the user to be sent to `url`. The callback may reach another instance, so nothing here waits for it.
  /** @param {URL} url @returns {Promise<never>} */
  async #invite(url) {
    this.#egress.check(url);
    if (!this.#pending) throw new Error('the provider has not said what it needs at the callback');
    await this.login.begin({ url: url.href, resource: this.#url, pending: this.#pending });
    throw LOGIN;
  }
}

/** @param {Promise<Token | undefined>} asked @returns {Promise<Outcome>} */
async function answered(asked) {
  const token = await asked;
  return token ? { token, digest: await sha256(token.token) } : {};
}
