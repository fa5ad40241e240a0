// An auth provider that asks no user by itself: a refusal waits until the application calls `login`, in a click.
// @ts-check

import { channelOf, placeOf } from '../oauth/channel.js';
import { Store } from './store.js';

/** @import { Token, TokenContext } from '../index.js' */
/** @import { LoginError, LoginProvider, NeededLogin } from '../snapshot.js' */

/**
 * @typedef {object} Login of a user at a server, which the server asks for
 * @property {NeededLogin} shown
 * @property {Pick<TokenContext, 'url' | 'status' | 'challenge'>} refusal
 * @property {Set<PromiseWithResolvers<string | Token | undefined>>} waiting requests; they get the token, if it is known
 */

/** @type {WeakMap<LoginProvider, DeferredLogin>} */
const known = new WeakMap();

/** The same object for the same provider, so that all sessions of a user show the login. @param {LoginProvider} auth */
export function deferLogin(auth) {
  const deferred = known.get(auth) ?? new DeferredLogin(auth);
  known.set(auth, deferred);
  return deferred;
}

class DeferredLogin {
  /** @type {Map<string, Login>} */
  #logins = new Map();
  /** @type {Map<string, AbortController>} */
  #running = new Map();
  /** @type {Store<readonly NeededLogin[]>} */
  #store = new Store(Object.freeze([]));
  #auth;

  /** @param {LoginProvider} auth */
  constructor(auth) {
    this.#auth = auth;
    this.getSnapshot = this.#store.face.getSnapshot;
    this.subscribe = this.#store.face.subscribe;
  }

  /** @param {TokenContext} context @returns {Promise<string | Token | undefined>} */
  async token(context) {
    const quiet = { ...context, interactive: false };
    try {
      const token = await this.#auth.token(quiet);
      if (token) this.#forget(keyOf(context.userId, context.serverName));
      return token;
    } catch (/** @type {any} */ error) {
      const isRefused = context.status !== undefined || context.challenge !== undefined;
      if (error?.code !== 'login_required') {
        if (isRefused && !error?.isTransient) this.#need(context, error);
        throw error;
      }
    }
    return (await this.#loggedIn(context)) ?? this.#auth.token(quiet);
  }

  /** @param {Parameters<NonNullable<LoginProvider['headers']>>[0]} request */
  async headers(request) {
    return (await this.#auth.headers?.(request)) ?? {};
  }

  /**
   * Until its first `await`, in the turn of the click: a window that is opened later may be blocked.
   *
   * @param {string} userId
   * @param {string} serverName
   */
  async login(userId, serverName) {
    const key = keyOf(userId, serverName);
    // The user clicks again: the window of before is lost, or was closed.
    this.#running.get(key)?.abort(new DOMException('another login was begun', 'AbortError'));
    const aborter = new AbortController();
    this.#running.set(key, aborter);
    const { url, ...refusal } = this.#logins.get(key)?.refusal ?? {};
    const { signal } = aborter;
    try {
      await this.#auth.signIn(userId, serverName, { signal, ...(url && { url, refusal }) });
      if (this.#running.get(key) === aborter) this.#end(key);
    } catch (/** @type {any} */ error) {
      if (this.#running.get(key) === aborter) this.#fail(key, error);
      throw error;
    } finally {
      if (this.#running.get(key) === aborter) this.#running.delete(key);
    }
  }

  /** @param {TokenContext} context @returns {Promise<string | Token | undefined>} */
  #loggedIn(context) {
    const { signal } = context;
    const { waiting } = this.#need(context);
    return new Promise((resolve, reject) => {
      const stop = () => end(() => reject(signal.reason));
      // Another tab may log in meanwhile.
      const channel = channelOf(placeOf(context.userId, context.url));
      if (channel) channel.onmessage = () => this.#look(context);
      const end = (/** @type {() => void} */ settle) => {
        channel?.close();
        waiting.delete(waiter);
        signal.removeEventListener('abort', stop);
        settle();
      };
      const waiter = /** @type {PromiseWithResolvers<string | Token | undefined>} */ ({
        resolve: (token) => end(() => resolve(token)),
        reject: (error) => end(() => reject(error)),
      });
      waiting.add(waiter);
      signal.addEventListener('abort', stop);
    });
  }

  /** @param {TokenContext} context @param {LoginError} [error] */
  #need({ userId, serverName, url, status, challenge }, error) {
    const key = keyOf(userId, serverName);
    const refusal = { url, ...(status !== undefined && { status }), ...(challenge !== undefined && { challenge }) };
    /** @type {Login} */
    const login = this.#logins.get(key) ?? { shown: { userId, serverName }, refusal, waiting: new Set() };
    login.refusal = refusal;
    if (error) login.shown = { userId, serverName, error };
    this.#logins.set(key, login);
    this.#show();
    return login;
  }

  /** @param {string} key @param {string | Token} [token] */
  #end(key, token) {
    const login = this.#logins.get(key);
    this.#logins.delete(key);
    this.#show();
    for (const waiter of login?.waiting ?? []) waiter.resolve(token);
  }

  /** @param {TokenContext} context */
  async #look(context) {
    const token = await this.#auth.token({ ...context, interactive: false }).catch(() => undefined);
    if (token) this.#end(keyOf(context.userId, context.serverName), token);
  }

  /** Another tab has logged in. @param {string} key */
  #forget(key) {
    if (this.#logins.get(key)?.waiting.size === 0) this.#end(key);
  }

  /** The login is still needed; what waits for it fails. @param {string} key @param {LoginError} error */
  #fail(key, error) {
    const login = this.#logins.get(key);
    if (!login) return;
    login.shown = { ...login.shown, error };
    this.#show();
    for (const waiter of login.waiting) waiter.reject(error);
  }

  #show() {
    this.#store.set(Object.freeze([...this.#logins.values()].map(({ shown }) => shown)));
  }
}

/** @param {string} userId @param {string} serverName */
const keyOf = (userId, serverName) => JSON.stringify([userId, serverName]);
