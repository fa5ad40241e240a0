// Tokens for requests of 2026-07-28, which have no session. Where a login is needed, the result says so (`input_required`), and the client's next try
// waits for its end.
// @ts-check

import { json } from '../answers.js';
import { elicitation, LoginError } from './login-error.js';
import { credentialsOf } from './places.js';
import { loginEnd, soonEnded } from './wait.js';

/** @import { IncomingRequest } from '../incoming-request.js' */
/** @import { Answer, Identity, Rpc, Stub } from '../types.js' */
/** @import { CredentialsObject, Outcome, Owner } from './credentials-object.js' */

const PREFIX = 'gateway-login-'; // of the keys of our own input requests; the login's id follows
const PATIENCE = 300_000; // milliseconds for which a request waits for its user
// 2026-07-28 basic/patterns/mrtr: only results of these may be `input_required`.
const ASKING = new Set(['tools/call', 'prompts/get', 'resources/read']);

export class RequestAuth {
  /** The headers with the token. @type {[name: string, value: string][]} */
  headers = [];
  /** @type {string | undefined} the token, if it is bound to the user's key */
  #bound;
  /** @type {string | undefined} */
  #nonce; // that the server wants in the next proof
  #env;
  #owner;
  #message;
  #id;
  #url;
  #signal;
  /** @type {string | undefined} */
  #digest;
  /** @type {Stub<CredentialsObject> | undefined} */
  #object;

  /**
   * Undefined if the server does not ask for OAuth.
   * @param {IncomingRequest} incoming
   * @param {Identity} identity
   * @param {{ message: Rpc, id: unknown }} sent the message, and its id as it was written
   * @param {string} url of the server
   */
  static of({ env, settings, route, request }, { key, id }, sent, url) {
    if (!settings.oauth?.servers.has(route.subject)) return undefined;
    return new RequestAuth(env, { key, id, server: route.subject }, sent, url, request.signal);
  }

  /** @param {IncomingRequest['env']} env @param {Owner} owner @param {{ message: Rpc, id: unknown }} sent @param {string} url @param {AbortSignal} signal */
  constructor(env, owner, { message, id }, url, signal) {
    this.#env = env;
    this.#owner = owner;
    this.#message = message;
    this.#id = id;
    this.#url = url;
    this.#signal = signal;
  }

  /**
   * Runs a request with a token, if there is one.
   * @param {string} text the request
   * @param {(text: string) => Promise<Answer>} act sends it
   * @returns {Promise<Answer>}
   */
  async around(text, act) {
    try {
      this.#object = await credentialsOf(this.#env, this.#owner);
      const rest = await this.#resumed(text);
      this.#use(await this.#object.token(this.#owner, { url: this.#url }));
      return await act(rest);
    } catch (error) {
      if (!(error instanceof LoginError)) throw error;
      return this.#answer(error);
    }
  }

  /**
   * Whether the server refused the token, and there is another one.
   * @param {Response} response
   */
  async renewed({ status, headers, body }) {
    const challenge = headers.get('www-authenticate') ?? undefined;
    if (!isRefusal(status, challenge) || !this.#object) return false;
    await body?.cancel();
    const question = { url: this.#url, status, challenge, refused: this.#digest };
    let outcome = await this.#object.token(this.#owner, question);
    if (outcome.login && !this.#canAsk) outcome = await soonEnded(this.#object, this.#owner, this.#url, outcome.login);
    this.#use(outcome);
    return outcome.token !== undefined;
  }

  /**
   * Sends a request with the proof of its own that a token needs which is bound to the user's key; once more if only the server's nonce was missing in it.
   * @param {(proof: [name: string, value: string][]) => Promise<Response>} send
   */
  async proved(send) {
    const response = await send(await this.#proof());
    const nonce = response.headers.get('dpop-nonce') ?? undefined;
    if (this.#bound === undefined || !nonce || nonce === this.#nonce) return response;
    this.#nonce = nonce;
    // RFC 9449 §9: then the request was refused unread.
    const isMissing = /\buse_dpop_nonce\b/.test(response.headers.get('www-authenticate') ?? '');
    if (response.status !== 401 || !isMissing) return response;
    await response.body?.cancel();
    return send(await this.#proof());
  }

  /** @returns {Promise<[name: string, value: string][]>} */
  async #proof() {
    if (this.#bound === undefined || !this.#object) return [];
    const request = { method: 'POST', url: this.#url, token: this.#bound, nonce: this.#nonce };
    return Object.entries(await this.#object.headers(this.#owner, request));
  }

  /** @param {Outcome} outcome */
  #use({ token, digest, login, failure }) {
    if (failure) throw new LoginError(failure.message);
    if (login) throw new LoginError('a login is needed', login);
    this.#digest = digest;
    this.#bound = token?.scheme === 'DPoP' ? token.token : undefined;
    this.headers = token ? [['authorization', `${token.scheme ?? 'Bearer'} ${token.token}`]] : [];
  }

  // The client comes back with the answer to our input request, which is none of the server's.
  /** @param {string} text */
  async #resumed(text) {
    const answers = /** @type {Record<string, { action?: unknown }>} */ (this.#message.params?.inputResponses ?? {});
    const key = Object.keys(answers).find((name) => name.startsWith(PREFIX));
    if (!key || !this.#object) return text;
    const { action } = answers[key] ?? {};
    if (action !== 'accept') throw new LoginError(`a login is needed, and the client answered: ${action}`);
    const signal = AbortSignal.any([this.#signal, AbortSignal.timeout(PATIENCE)]);
    await loginEnd(this.#object, this.#owner, key.slice(PREFIX.length), signal);
    return withoutAnswer(text, key);
  }

  get #canAsk() {
    const { method, params } = this.#message;
    const capabilities = params?._meta?.['io.modelcontextprotocol/clientCapabilities'];
    const { elicitation: declared } = /** @type {{ elicitation?: { url?: unknown } }} */ (capabilities ?? {});
    return declared?.url !== undefined && ASKING.has(method ?? '');
  }

  /** @param {LoginError} error @returns {Answer} */
  #answer(error) {
    const { login } = error;
    const id = this.#id;
    if (login && this.#canAsk) {
      const request = { method: 'elicitation/create', params: elicitation(this.#owner.server, login) };
      return json({
        jsonrpc: '2.0',
        id,
        result: { resultType: 'input_required', inputRequests: { [PREFIX + login.id]: request } },
      });
    }
    return json({ jsonrpc: '2.0', id, error: error.forClient(this.#owner.server, false) });
  }
}

/** @param {number} status @param {string | undefined} challenge */
function isRefusal(status, challenge = '') {
  if (status === 401) return true;
  return (status === 403 || status === 400) && /\berror="?(insufficient_scope|invalid_token)\b/.test(challenge);
}

/**
 * The request as the server would have got it without our question. Numbers stay as they are written.
 * @param {string} text
 * @param {string} key
 */
function withoutAnswer(text, key) {
  const { rawJSON } = /** @type {{ rawJSON?: (text: string) => unknown }} */ (JSON);
  const parse =
    /** @type {(text: string, reviver: (name: string, value: unknown, context: { source?: string }) => unknown) => Rpc} */ (
      JSON.parse
    );
  const message = parse(text, (_, value, { source }) =>
    typeof value === 'number' && source && rawJSON ? rawJSON(source) : value,
  );
  const { inputResponses, ...params } = message.params ?? {};
  const { [key]: _, ...others } = /** @type {Record<string, unknown>} */ (inputResponses ?? {});
  if (Object.keys(others).length > 0) params.inputResponses = others;
  return JSON.stringify({ ...message, params });
}
