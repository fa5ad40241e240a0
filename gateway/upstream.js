// The session with the server behind: one manager with one transport, on which the client's own messages ride.
// @ts-check

import { McpManager } from 'mcp-tether';
import { log } from './log.js';

/** @import { Metrics, ServerConfig, SessionStorage } from 'mcp-tether' */
/** @import { Cause, Env, Identity, Opening, RequestOptions, Rpc, RpcId, RpcParams, ServerNews } from './types.js' */

const FOREVER = 10 * 365 * 86_400_000; // the row says when a session is over, not the manager

/** @typedef {import('mcp-tether').McpManager & { free(): void }} OwnedManager */
/**
 * The transport's members that the official client has no use for: npm/transport.js.
 * @typedef {Omit<import('mcp-tether').SdkTransport, 'onmessage'> & {
 *   onmessage?: (message: Omit<Rpc, 'id'> & { id?: RpcId | symbol }, extra: { relatedRequestId?: RpcId, cause?: Cause }) => void,
 *   request(message: Omit<Rpc, 'id' | 'jsonrpc'> & { id?: RpcId | symbol | null }, options?: RequestOptions): void,
 * }} SessionTransport
 */

export class Upstream {
  #manager;
  #transport;
  /** @type {(opening: Opening) => void} */
  #opened = () => {};
  /** @type {Metrics | undefined} */
  #metrics; // the last that there were
  #isOut = false; // whether its attempts to reach the server were spent when it last answered
  #isJudging = false; // whether an error is being looked at

  /**
   * @param {object} options
   * @param {string} options.server its name
   * @param {ServerConfig} options.config
   * @param {Env} options.env
   * @param {Pick<Identity, 'id' | 'vars'>} options.identity
   * @param {SessionStorage} options.storage where the session is kept beyond this instance
   * @param {(message: Rpc, about?: RpcId) => void} options.onmessage a message for the client, and which of its requests it is about
   * @param {(error: Cause) => boolean} options.isOutOfReach whether an error says that the server is out of reach
   * @param {(happened: ServerNews) => void} options.onserver the attempts to reach the server are spent, or it answers again
   */
  constructor({ server, config, env, identity, storage, onmessage, isOutOfReach, onserver }) {
    const sessionConfig = { ...config.sessionConfig, timeout: FOREVER, maxAge: undefined };
    const variables = /** @type {Record<string, string | undefined>} */ (/** @type {unknown} */ (env));
    this.#manager = /** @type {OwnedManager} */ (
      new McpManager(
        { mcpServers: { [server]: { ...config, sessionConfig } } },
        { env: variables, log: logLine, storage },
      )
    );
    this.#transport = /** @type {SessionTransport} */ (
      this.#manager.transport(identity.id, server, { vars: identity.vars })
    );
    this.#transport.onmessage = (message, { relatedRequestId, cause }) => {
      if (message.id === OPENING) {
        this.#opened({ ...message, cause });
        return;
      }
      if (cause) this.#judge(cause, isOutOfReach, onserver);
      else if (this.#isOut && message.result) this.#noteReach(false, onserver);
      onmessage(/** @type {Rpc} */ (message), relatedRequestId);
    };
  }

  // The state of the session tells an outage from one call that met a proxy's error. Calls that fail together are one failure, so they are judged once, after
  // all of them are delivered. The manager's events would tell as well, but a listener costs every call: each emits several.
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
   * The client's own `initialize`, with its params. Resolves with the answer: a result or an error, with the `cause` of an error that no server sent.
   * A session that is kept is taken up.
   * @param {RpcParams} params
   * @returns {Promise<Opening>}
   */
  initialize(params) {
    return new Promise((resolve) => {
      this.#opened = resolve;
      this.#transport.request({ id: OPENING, method: 'initialize', params });
    });
  }

  /**
   * Passes on a message of the client; the options are those of the transport's requests.
   * @param {Rpc} message
   * @param {RequestOptions} options
   */
  send(message, options) {
    const { id, method } = message;
    // Answered, whatever happens.
    if (id !== undefined && method !== undefined) this.#transport.request(message, options);
    else this.#transport.send(message).catch((error) => log('info', 'notSent', { method, code: error.code }));
  }

  /** What happened so far, as counters. */
  metrics() {
    return this.#metrics ?? this.#manager.getMetrics();
  }

  /** What is known of the session. */
  info() {
    return this.#manager.getAllActiveSessions()[0];
  }

  /** Lets go of the server; the session stays, there and in the storage. */
  async rest() {
    await this.#transport.close();
    await this.#manager.close();
    this.#metrics = this.#manager.getMetrics();
    // Nothing else would: what the module holds of JavaScript, these objects among it, is beyond the collector of garbage.
    this.#manager.free();
  }

  /** Ends the session at the server, which gets five seconds for that. */
  async terminate() {
    await this.#transport.terminateSession();
    await this.rest();
  }
}

/** @param {'debug' | 'info' | 'warn' | 'error'} level @param {string} line */
function logLine(level, line) {
  log(level === 'debug' ? 'log' : level, 'session', { line });
}

// No id of a client is equal to it.
const OPENING = Symbol('initialize');
