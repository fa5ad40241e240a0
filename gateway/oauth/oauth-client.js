// The gateway as OAuth client of one user at one server: the provider of mcp-tether/oauth, its records, and the login that it asks for.
// @ts-check

import { clientCredentials, OAuthError, oauth } from 'mcp-tether/oauth';
import { log } from '../log.js';
import { Egress } from './egress.js';
import { LoginFault } from './fault.js';
import { PendingLogin } from './pending-login.js';
import { callbackOf, documentOf } from './places.js';
import { Records } from './records.js';

/** @import { Token, TokenContext } from 'mcp-tether' */
/** @import { OAuthProvider } from 'mcp-tether/oauth' */
/** @import { OAuthSettings, Sql } from '../types.js' */
/** @import { Failure, Owner, Question } from './credentials-object.js' */
/** @import { Login } from './pending-login.js' */

const STEP = 60_000; // milliseconds for the requests of one question, without the user

/** Thrown where the user has to log in. */
export const LOGIN = new LoginFault('login_needed', 'the user has to log in');

export class OAuthClient {
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

  /** @param {Owner} owner @param {OAuthSettings} settings @param {Sql} sql */
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

  /** Forgets the user's tokens, here and at the authorization server: @param {string} url */
  async signOut(url) {
    const { key, server } = this.#owner;
    await this.login.end();
    await this.#step(url).signOut(key, server, { url, signal: AbortSignal.timeout(STEP) });
  }

  /** The proof of a request with a token that is bound to the user's key: @param {{ method: string, url: string, token: string, nonce?: string }} request */
  async headers(request) {
    const { key, server } = this.#owner;
    this.#provider ??= this.#connect();
    return { ...(await this.#provider.headers?.({ userId: key, serverName: server, ...request })) };
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
    const configured = this.#settings.servers.get(server) ?? {};
    const { clientMetadata = true, grant, privateKey: key, algorithm: alg, keyId: kid, ...options } = configured;
    const hasDocument = clientMetadata && this.#settings.origin.startsWith('https:');
    const common = {
      ...options,
      storage: this.#records.credentials,
      // The provider sends nothing by another way, revocations included.
      fetch: (/** @type {Parameters<typeof fetch>} */ ...request) => (this.#fetch ?? this.#egress.fetch())(...request),
      ...(key && { key, alg, kid }),
    };
    if (grant) return clientCredentials(/** @type {Parameters<typeof clientCredentials>[0]} */ (common));
    return oauth({
      ...common,
      clientMetadataUrl: hasDocument ? documentOf(this.#settings, server) : undefined,
      redirectUri: callbackOf(this.#settings, server),
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
