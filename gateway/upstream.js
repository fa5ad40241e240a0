// The session with the server: one manager with one transport, which sends the client's messages.
// @ts-check

import { McpManager } from 'mcp-tether';
import { wholeFetch } from '../npm/whole-fetch.js';
import { asClient } from './hello.js';
import { isTaken } from './issued.js';
import { log } from './log.js';

/** @import { Metrics, ServerConfig, SessionStorage } from 'mcp-tether' */
/** @import { SessionAuth } from './oauth/session-auth.js' */
/** @import { Cause, Env, Identity, Opening, RequestOptions, Rpc, RpcId, RpcParams, RpcResult, ServerNews } from './types.js' */

const RECOVERED = 'Session recovery successful'; // the manager's line: an event listener would slow down every call
const LISTING = 10_000; // milliseconds in which the manager lists the tools again after a recovery
const FOREVER = 10 * 365 * 86_400_000; // the row determines when a session expires, not the manager

/** @typedef {import('mcp-tether').McpManager & { free(): void }} OwnedManager */
/**
 * Members of the transport beyond those for the official client: npm/transport.js.
 * @typedef {Omit<import('mcp-tether').SdkTransport, 'onmessage'> & {
 *   onmessage?: (message: Omit<Rpc, 'id'> & { id?: RpcId | symbol }, extra: { relatedRequestId?: RpcId, cause?: Cause }) => void,
 *   request(message: Omit<Rpc, 'id' | 'jsonrpc'> & { id?: RpcId | symbol | null }, options?: RequestOptions): void,
 * }} SessionTransport
 */

export class Upstream {
  #auth;
  #manager;
  #transport;
  /** @type {(opening: Opening) => void} */
  #opened = () => {};
  /** @type {Metrics | undefined} */
  #metrics; // the last known values
  #isOut = false; // whether all attempts to reach the server had failed at the last response
  #isJudging = false; // whether an error is being evaluated
  /** @type {RpcParams} */
  #hello = {}; // the params of the client's own `initialize`
  #isUnended = false; // whether the server did not take the DELETE of the session
  #hasTools = false; // whether the client has seen a list of tools
  /** @type {string[]} */
  #lists = []; // the capabilities whose lists may change
  #onlists;
  #onissued;

  /**
   * @param {object} options
   * @param {string} options.server its name
   * @param {ServerConfig} options.config
   * @param {Env} options.env
   * @param {Pick<Identity, 'id' | 'vars'>} options.identity
   * @param {SessionAuth} [options.auth] where its tokens come from
   * @param {SessionStorage} options.storage where the session is kept beyond this instance
   * @param {(message: Rpc, about?: RpcId) => void} options.onmessage a message for the client, and which of its requests it is about
   * @param {(error: Cause) => boolean} options.isOutOfReach whether an error says that the server is out of reach
   * @param {(id: string) => void} [options.onissued] the server has issued the id of a session
   * @param {(method: string) => void} options.onlists the lists may have changed in a recovery: the notification that says so
   * @param {(happened: ServerNews) => void} options.onserver the attempts to reach the server are spent, or it answers again
   */
  constructor({ server, config, env, identity, auth, storage, onmessage, isOutOfReach, onissued, onlists, onserver }) {
    this.#auth = auth;
    this.#onlists = onlists;
    this.#onissued = onissued;
    const sessionConfig = { ...config.sessionConfig, timeout: FOREVER, maxAge: undefined };
    const variables = /** @type {Record<string, string | undefined>} */ (/** @type {unknown} */ (env));
    this.#manager = /** @type {OwnedManager} */ (
      new McpManager(
        { mcpServers: { [server]: { ...config, sessionConfig, auth } } },
        {
          env: variables,
          log: (level, line) => this.#log(level, line),
          storage,
          fetch: (url, init = {}) => this.#fetch(String(url), init),
        },
      )
    );
    this.#transport = /** @type {SessionTransport} */ (
      this.#manager.transport(identity.id, server, { vars: identity.vars })
    );
    this.#transport.onmessage = (given, { relatedRequestId, cause }) => {
      const error = auth?.errorOf(cause);
      const message = error ? { ...given, error } : given;
      if (message.id === OPENING) {
        this.#lists = listsOf(message.result);
        this.#opened({ ...message, cause: error ? undefined : cause });
        return;
      }
      if (cause) this.#judge(cause, isOutOfReach, onserver);
      else if (this.#isOut && message.result) this.#noteReach(false, onserver);
      this.#hasTools ||= Array.isArray(message.result?.tools);
      onmessage(/** @type {Rpc} */ (message), relatedRequestId);
    };
  }

  /** @param {'debug' | 'info' | 'warn' | 'error'} level @param {string} line */
  #log(level, line) {
    log(level === 'debug' ? 'log' : level, 'session', { line });
    if (line.endsWith(RECOVERED)) queueMicrotask(() => this.#recovered());
  }

  // The server may have come back with other tools. The manager lists them again and compares, if the client has seen a list in this instance's time.
  #recovered() {
    if (this.#metrics) return; // released meanwhile
    const announce = () => {
      for (const list of this.#lists) this.#onlists(`notifications/${list}/list_changed`);
    };
    if (!this.#hasTools) {
      announce();
      return;
    }
    const { events } = this.#manager;
    events.addEventListener('toolsChanged', announce, { once: true });
    setTimeout(() => {
      if (!this.#metrics) events.removeEventListener('toolsChanged', announce);
    }, LISTING);
  }

  // The session's state distinguishes an outage from one call with a proxy's error. Calls that fail together count as one failure, so they are evaluated
  // once, after all of them are delivered. Events of the manager would also work, but a listener slows down every call: each emits several.
  /**
   * @param {Cause} error
   * @param {(error: Cause) => boolean} isOutOfReach
   * @param {(happened: ServerNews) => void} onserver
   */
  #judge(error, isOutOfReach, onserver) {
    if (this.#isJudging || !error.retryable || !isOutOfReach(error)) return;
    this.#isJudging = true;
    queueMicrotask(() => {
      this.#isJudging = false;
      if (!this.#metrics && this.info()?.state === 'outage') this.#noteReach(true, onserver);
    });
  }

  /** @param {boolean} isOut @param {(happened: ServerNews) => void} onserver */
  #noteReach(isOut, onserver) {
    this.#isOut = isOut;
    onserver(isOut ? 'failed' : 'worked');
  }

  /**
   * The client's `initialize`, with its params. Resolves with the result or error, with the `cause` of an error that no server sent. A stored session is
   * restored.
   * @param {RpcParams} params
   * @returns {Promise<Opening>}
   */
  initialize(params) {
    this.#auth?.opens(params);
    return new Promise((resolve) => {
      this.#opened = (opening) => {
        if (opening.result) this.#auth?.opened();
        resolve(opening);
      };
      this.#hello = params;
      this.#transport.request({ id: OPENING, method: 'initialize', params });
    });
  }

  /**
   * Forwards a message of the client, with options of the transport's requests.
   * @param {Rpc} message
   * @param {RequestOptions} options
   */
  send(message, options) {
    const { id, method } = message;
    // Always answered.
    if (id !== undefined && method !== undefined) this.#transport.request(message, options);
    else this.#transport.send(message).catch((error) => log('info', 'notSent', { method, code: error.code }));
  }

  /** The manager's counters. */
  metrics() {
    return this.#metrics ?? this.#manager.getMetrics();
  }

  /** The session's information. */
  info() {
    return this.#manager.getAllActiveSessions()[0];
  }

  /** Closes the connection to the server; the session stays, there and in the storage. */
  async rest() {
    await this.#transport.close();
    await this.#manager.close();
    this.#metrics = this.#manager.getMetrics();
    // Necessary: garbage collection cannot free JavaScript objects that the module references.
    this.#manager.free();
  }

  /** Ends the session at the server, within five seconds. Returns whether the server has taken it, if it has to. */
  async terminate() {
    await this.#transport.terminateSession();
    await this.rest();
    return !this.#isUnended;
  }

  /** @param {string} url @param {RequestInit} init */
  #fetch(url, init) {
    if (init.method === 'DELETE') return this.#delete(url, init);
    const own = asClient(init, this.#hello);
    return own === init ? wholeFetch(url, init) : this.#greet(url, own);
  }

  /** @param {string} url @param {RequestInit} init */
  async #greet(url, init) {
    const response = await wholeFetch(url, init);
    const id = response.headers.get('mcp-session-id');
    if (id) this.#onissued?.(id);
    return response;
  }

  /** @param {string} url @param {RequestInit} init */
  async #delete(url, init) {
    this.#isUnended = true;
    const response = await wholeFetch(url, init);
    this.#isUnended = !isTaken(response);
    return response;
  }
}

/** @param {RpcResult | undefined} result of `initialize` */
function listsOf(result) {
  const capabilities = /** @type {Record<string, { listChanged?: boolean } | undefined>} */ (
    result?.capabilities ?? {}
  );
  return ['tools', 'prompts', 'resources'].filter((name) => capabilities[name]?.listChanged === true);
}

// A symbol, so that it differs from all ids of clients.
const OPENING = Symbol('initialize');
