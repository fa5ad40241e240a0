// The auth provider of one session: tokens come from the user's object for the server; where it needs a login, the client is asked to open a link.
// @ts-check

import { elicitation, LoginError } from './login-error.js';
import { credentialsOf } from './places.js';
import { loginEnd, soonEnded } from './wait.js';

/** @import { AuthProvider, Token, TokenContext } from 'mcp-tether' */
/** @import { Cause, Env, Rpc, RpcError, RpcParams, Stub } from '../types.js' */
/** @import { CredentialsObject, Outcome, Owner } from './credentials-object.js' */
/** @import { Invitation } from './pending-login.js' */

const PREFIX = 'login-'; // of the ids of requests that the client is asked
const PATIENCE = 300_000; // milliseconds for a login, as the manager's `authTimeout`

/**
 * @typedef {object} Client the session's client
 * @property {() => boolean} isAsking whether it waits for the response to a request
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
  #isOpen = false; // whether the session with the server is
  #needed; // the server's URL, if a login was needed at the last attempt to open it
  /** @type {string | undefined} */
  #digest; // of the token that the session has
  /** @type {Map<string, (action: string) => void>} by the id of a question to the client */
  #asked = new Map();

  /** @param {Env} env @param {Owner} owner @param {Client} client @param {string} [needed] */
  constructor(env, owner, client, needed) {
    this.#needed = needed;
    this.#env = env;
    this.#owner = owner;
    this.#client = client;
  }

  /** The client's `initialize` is sent: @param {RpcParams} params as JavaScript values */
  opens({ capabilities }) {
    const { elicitation } = /** @type {{ elicitation?: { url?: unknown } }} */ (capabilities ?? {});
    this.#speaksUrl = elicitation?.url !== undefined;
  }

  get speaksUrl() {
    return this.#speaksUrl;
  }

  /** The session with the server is open. */
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
    return this.#through(object, url, login, /** @type {AbortSignal} */ (signal));
  }

  /** Before the session is opened at the server. If it needed a login before, the server is asked after it. */
  async ready() {
    const url = this.#needed;
    if (url === undefined) return;
    const object = await credentialsOf(this.#env, this.#owner);
    const { login } = await object.token(this.#owner, { url, isNeeded: true });
    if (!login) return;
    try {
      await this.#through(object, url, login, AbortSignal.timeout(PATIENCE));
    } catch (cause) {
      throw Object.assign(new Error('a login is needed'), { code: 'unauthorized', retryable: false, cause });
    }
  }

  // The token after a login.
  /** @param {Stub<CredentialsObject>} object @param {string} url @param {Invitation} login @param {AbortSignal} signal */
  async #through(object, url, login, signal) {
    if (!this.#canAsk) return this.#unasked(await soonEnded(object, this.#owner, url, login));
    await this.#logIn(object, login, signal);
    const { token, digest, failure } = await object.token(this.#owner, { url });
    if (!token) throw new LoginError(failure?.message ?? 'the login was not completed', login);
    return this.#handOut(token, digest);
  }

  /** The proof of a request with a token that is bound to the user's key: @param {{ method: string, url: string, token: string, nonce?: string }} request */
  async headers({ method, url, token, nonce }) {
    const object = await credentialsOf(this.#env, this.#owner);
    return object.headers(this.#owner, { method, url, token, nonce });
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
    return reasonOf(cause)?.forClient(this.#owner.server, this.#speaksUrl);
  }

  /** The login that would help: @param {Cause | undefined} cause @returns {Invitation | undefined} */
  loginOf(cause) {
    return reasonOf(cause)?.login;
  }

  // An open stream alone is no reason to ask: its client may have done nothing but connect.
  get #canAsk() {
    return this.#speaksUrl && (this.#isOpen ? this.#client.isWaiting() : this.#client.isAsking());
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

/** @param {Cause | undefined} cause @returns {LoginError | undefined} */
function reasonOf(cause) {
  const { cause: reason } = /** @type {{ cause?: unknown }} */ (cause ?? {});
  return reason instanceof LoginError ? reason : undefined;
}
