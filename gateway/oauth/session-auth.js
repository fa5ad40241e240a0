// The auth provider of one session: tokens come from the user's object for the server; where it needs a login, the client is asked to open a link.
// @ts-check

import { elicitation, LoginError } from './login-error.js';
import { credentialsOf } from './places.js';
import { loginEnd, soonEnded } from './wait.js';

/** @import { AuthProvider, Token, TokenContext } from 'mcp-tether' */
/** @import { Cause, Env, Rpc, RpcError, RpcParams } from '../types.js' */
/** @import { Outcome, Owner } from './credentials-object.js' */
/** @import { Invitation } from './pending-login.js' */

const PREFIX = 'login-'; // of the ids of requests that the client is asked

/**
 * @typedef {object} Client the session's client
 * @property {() => boolean} isWaiting whether a message would reach it
 * @property {(id: string, request: { method: string, params: object }) => void} ask
 * @property {(method: string, params: object) => void} notify
 */

/** @implements {AuthProvider} */
export class SessionAuth {
  #env;
  #owner;
  #client;
  #speaksUrl = false;
  #isOpen = false; // whether the client's `initialize` has been answered
  /** @type {string | undefined} */
  #digest; // of the token that the session has
  /** @type {Map<string, (action: string) => void>} by the id of a question to the client */
  #asked = new Map();

  /** @param {Env} env @param {Owner} owner @param {Client} client */
  constructor(env, owner, client) {
    this.#env = env;
    this.#owner = owner;
    this.#client = client;
  }

  /** The client's `initialize` is sent: @param {RpcParams} params as JavaScript values */
  opens({ capabilities }) {
    const { elicitation } = /** @type {{ elicitation?: { url?: unknown } }} */ (capabilities ?? {});
    this.#speaksUrl = elicitation?.url !== undefined;
  }

  /** The session is open: the client can be asked. */
  opened() {
    this.#isOpen = true;
  }

  /** @param {TokenContext} context @returns {Promise<Token | undefined>} */
  async token({ url, status, challenge, attempt, signal }) {
    const object = await credentialsOf(this.#env, this.#owner);
    const refused = status === undefined ? undefined : this.#digest;
    const { token, digest, login, failure } = await object.token(this.#owner, {
      url,
      status,
      challenge,
      attempt,
      refused,
    });
    if (failure) throw new LoginError(failure.message);
    if (!login) return this.#handOut(token, digest);
    if (!this.#canAsk) return this.#unasked(await soonEnded(object, this.#owner, url, login));
    await this.#logIn(object, login, /** @type {AbortSignal} */ (signal));
    const after = await object.token(this.#owner, { url });
    if (!after.token) throw new LoginError(after.failure?.message ?? 'the login was not completed', login);
    return this.#handOut(after.token, after.digest);
  }

  /** Reads the client's answers: @param {any} body a message or several */
  hear(body) {
    if (this.#asked.size === 0) return;
    for (const { id, method, result, error } of /** @type {Rpc[]} */ (Array.isArray(body) ? body : [body])) {
      if (method !== undefined) continue;
      const [, ours] = String(id).split(/^\d+\./); // server-requests.js puts a number before it
      this.#asked.get(ours ?? '')?.(error ? 'error' : String(result?.action));
    }
  }

  /** The error for the client, if the one of a call is about a login: @param {Cause | undefined} cause @returns {RpcError | undefined} */
  errorOf(cause) {
    const { cause: reason } = /** @type {{ cause?: unknown }} */ (cause ?? {});
    return reason instanceof LoginError ? reason.forClient(this.#owner.server, this.#speaksUrl) : undefined;
  }

  get #canAsk() {
    return this.#speaksUrl && this.#isOpen && this.#client.isWaiting();
  }

  /** @param {Outcome} outcome */
  #unasked({ token, digest, login, failure }) {
    if (!token) throw new LoginError(failure?.message ?? 'a login is needed', failure ? undefined : login);
    return this.#handOut(token, digest);
  }

  /** @param {Token | undefined} token @param {string | undefined} digest */
  #handOut(token, digest) {
    this.#digest = digest;
    return token;
  }

  /**
   * Resolves when the user has logged in.
   * @param {Awaited<ReturnType<typeof credentialsOf>>} object
   * @param {Invitation} login
   * @param {AbortSignal} signal
   */
  async #logIn(object, login, signal) {
    const id = PREFIX + login.id;
    const { promise: refusal, reject } = Promise.withResolvers();
    refusal.catch(() => {});
    // Accepting means that the link is opened, not that the login is done.
    this.#asked.set(id, (action) => {
      if (action !== 'accept') reject(new LoginError(`a login is needed, and the client answered: ${action}`, login));
    });
    signal.addEventListener('abort', () => reject(new LoginError('the login took too long', login)));
    this.#client.ask(id, {
      method: 'elicitation/create',
      params: { ...elicitation(this.#owner.server, login), elicitationId: login.id },
    });
    try {
      await Promise.race([loginEnd(object, this.#owner, login.id, signal), refusal]);
    } finally {
      this.#asked.delete(id);
    }
    this.#client.notify('notifications/elicitation/complete', { elicitationId: login.id });
  }
}
