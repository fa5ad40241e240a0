// The session with the server: one manager with one session, over which the client's messages are sent as they are.
// @ts-check

import { McpManager } from 'mcp-tether';
import { log } from './log.js';
import { notification } from './messages.js';
import { errorOf, Pending } from './pending.js';
import { numberOf, objectOf, RawJson, write } from './raw-json.js';
import { wholeFetch } from './whole-fetch.js';

/** @import { ConnectOptions, McpSession, Metrics, ServerConfig, SessionStorage } from 'mcp-tether' */
/** @import { Cause, Env, Head, Identity, Opening, RpcError, ServerNews } from './types.js' */

const FOREVER = 10 * 365 * 86_400_000; // the row determines when a session expires, not the manager
const CLOSED = new Error('the client was closed');

/** @typedef {import('mcp-tether').McpManager & { free(): void }} OwnedManager */
/** @typedef {Cause & { message: string, rpcCode?: number, data?: unknown }} Settled the McpError of a request */
/** @typedef {{ resolve: (result: unknown) => void, reject: (error: unknown) => void }} Asked a request to the client */
/** @typedef {{ signal?: AbortSignal, during?: unknown }} About the request that a message belongs to, and the signal of a request of the server */
/**
 * A session with its internal members: src/web/session.rs.
 * @typedef {McpSession & {
 *   observer: ((message: RawJson | object, about: About) => unknown) | undefined,
 *   relay(call: Pending, method: string, params: unknown, headers: Head | undefined, wantsProgress: boolean): number,
 *   cancelRelayed(number: number, reason: unknown): void,
 *   notification(message: { method: string, params?: unknown }): Promise<void>,
 *   free(): void,
 * }} RelaySession
 */
/**
 * What the client receives.
 * @typedef {object} Receiver
 * @property {(text: string, about: Pending | undefined) => void} notify a notification
 * @property {(message: RawJson, number: number, about: Pending | undefined) => void} ask a request of this number
 * @property {(number: number, about: Pending | undefined) => void} withdraw the server has cancelled it
 */

export class Upstream {
  #manager;
  #identity;
  #server;
  /** @type {RelaySession | undefined} */
  #session; // after the response to `initialize`
  #client;
  #isOutOfReach;
  #onserver;
  /** @type {Map<number, Asked>} */
  #asked = new Map(); // requests to the client
  #lastAsked = 0;
  /** @type {Metrics | undefined} */
  #metrics; // the last known values
  #isOut = false; // whether all attempts to reach the server had failed at the last response
  #isJudging = false; // whether an error is being evaluated

  /**
   * @param {object} options
   * @param {string} options.server its name
   * @param {ServerConfig} options.config
   * @param {Env} options.env
   * @param {Pick<Identity, 'id' | 'vars'>} options.identity
   * @param {SessionStorage} options.storage where the session is kept beyond this instance
   * @param {Receiver} options.client
   * @param {(error: Cause) => boolean} options.isOutOfReach whether an error says that the server is out of reach
   * @param {(happened: ServerNews) => void} options.onserver the attempts to reach the server are spent, or it answers again
   */
  constructor({ server, config, env, identity, storage, client, isOutOfReach, onserver }) {
    const sessionConfig = { ...config.sessionConfig, timeout: FOREVER, maxAge: undefined };
    const variables = /** @type {Record<string, string | undefined>} */ (/** @type {unknown} */ (env));
    this.#manager = /** @type {OwnedManager} */ (
      new McpManager(
        { mcpServers: { [server]: { ...config, sessionConfig } } },
        { env: variables, log: logLine, storage, fetch: /** @type {any} */ (wholeFetch) },
      )
    );
    this.#server = server;
    this.#identity = identity;
    this.#client = client;
    this.#isOutOfReach = isOutOfReach;
    this.#onserver = onserver;
  }

  /**
   * The client's `initialize`, with its params. Resolves with the result or error, with the `cause` of an error that no server sent. A stored session is
   * restored.
   * @param {RawJson} params
   * @returns {Promise<Opening>}
   */
  async initialize(params) {
    const { id, vars } = this.#identity;
    try {
      const session = /** @type {RelaySession} */ (
        await this.#manager.connect(
          id,
          this.#server,
          /** @type {ConnectOptions} */ ({
            vars,
            capabilities: params.get('capabilities') ?? {},
            clientInfo: params.get('clientInfo'),
          }),
        )
      );
      this.#session = session;
      session.observer = (message, about) => this.#hear(rawMessage(message), about);
      return { result: this.#greeting(session, params.get('protocolVersion')) };
    } catch (thrown) {
      const failure = /** @type {Settled} */ (thrown);
      return { error: errorOf(failure), cause: failure.rpcCode === undefined ? failure : undefined };
    }
  }

  // Never newer than the revision that the client requested; the server's messages are valid in the older one.
  /** @param {RelaySession} session @param {unknown} asked */
  #greeting(session, asked) {
    const { protocolVersion } = session;
    return {
      protocolVersion: typeof asked === 'string' && asked < protocolVersion ? asked : protocolVersion,
      capabilities: session.getServerCapabilities() ?? {},
      serverInfo: session.getServerVersion(),
      instructions: session.getInstructions(),
    };
  }

  /**
   * Forwards a request of the client, without a timeout: the client has its own, and cancels. It is always answered.
   * @param {Pending} request
   * @param {Head} [headers] further ones
   */
  request(request, headers) {
    request.upstream = this;
    const { method, params, progressToken } = request;
    try {
      // The server sends progress only if the client asked for it.
      request.number = this.#open.relay(request, method, params, headers, progressToken !== undefined);
    } catch (error) {
      request.settle(/** @type {Settled} */ (error), undefined);
    }
  }

  /** @param {Pending} request @param {unknown} reason */
  cancel({ number }, reason) {
    this.#session?.cancelRelayed(number, reason);
  }

  /** Forwards a notification of the client: @param {string} method @param {unknown} params */
  async notify(method, params) {
    if (method === 'notifications/initialized') return; // the session sends its own
    try {
      await this.#open.notification(params === undefined ? { method } : { method, params });
    } catch (error) {
      log('info', 'notSent', { method, code: /** @type {Settled} */ (error).code });
    }
  }

  /** Forwards the client's response to a request of the server: @param {number} number of the request @param {RawJson} message */
  answer(number, message) {
    const asked = this.#asked.get(number);
    this.#asked.delete(number);
    const error = message.get('error');
    if (!(error instanceof RawJson)) asked?.resolve(message.get('result'));
    else asked?.reject({ code: numberOf(error.get('code')), message: error.get('message'), data: error.get('data') });
  }

  // A message of the server. A request is answered by the promise that is returned.
  /** @param {RawJson} message @param {About} about @returns {unknown} */
  #hear(message, { signal, during }) {
    const about = during instanceof Pending ? during : undefined;
    if (signal) return this.#ask(message, signal, about);
    // The client does not know the server's ids: the signal of the request says that it is cancelled.
    const method = message.get('method');
    if (method !== 'notifications/cancelled') this.#client.notify(message.text, about);
    return undefined;
  }

  /** @param {RawJson} message @param {AbortSignal} signal @param {Pending | undefined} about */
  #ask(message, signal, about) {
    this.#lastAsked += 1;
    const number = this.#lastAsked;
    const { promise, resolve, reject } = Promise.withResolvers();
    this.#asked.set(number, { resolve, reject });
    signal.addEventListener('abort', () => {
      if (this.#asked.delete(number)) this.#client.withdraw(number, about);
    });
    this.#client.ask(message, number, about);
    return promise;
  }

  get #open() {
    if (!this.#session) throw CLOSED;
    return this.#session;
  }

  /** Called with the outcome of each request: @param {Settled | undefined} failure */
  noteOutcome(failure) {
    if (failure && failure.rpcCode === undefined) this.#judge(failure);
    else if (this.#isOut && !failure) this.#noteReach(false);
  }

  // The session's state distinguishes an outage from one call with a proxy's error. Calls that fail together count as one failure, so they are evaluated
  // once, after all of them are delivered. Events of the manager would also work, but a listener slows down every call: each emits several.
  /** @param {Settled} error */
  #judge(error) {
    if (this.#isJudging || !error.retryable || !this.#isOutOfReach(error)) return;
    this.#isJudging = true;
    queueMicrotask(() => {
      this.#isJudging = false;
      if (!this.#metrics && this.info()?.state === 'outage') this.#noteReach(true);
    });
  }

  /** @param {boolean} isOut */
  #noteReach(isOut) {
    this.#isOut = isOut;
    this.#onserver(isOut ? 'failed' : 'worked');
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
    const session = this.#session;
    this.#session = undefined;
    for (const { reject } of this.#asked.values()) reject(CLOSED);
    this.#asked.clear();
    if (session) session.observer = undefined;
    await this.#manager.close();
    this.#metrics = this.#manager.getMetrics();
    // Necessary: garbage collection cannot free JavaScript objects that the module references.
    session?.free();
    this.#manager.free();
  }

  /** Ends the session at the server, within five seconds. */
  async terminate() {
    await this.#session?.terminate();
    await this.rest();
  }
}

// The questions of a 2026-07-28 server are no messages of their own: the session makes requests of them.
/** @param {RawJson | object} message */
function rawMessage(message) {
  return message instanceof RawJson ? message : objectOf(write({ jsonrpc: '2.0', ...message }));
}

/** The notification that a request of the server is cancelled: @param {string} id */
export function withdrawal(id) {
  return notification('notifications/cancelled', { requestId: id });
}

/** @param {'debug' | 'info' | 'warn' | 'error'} level @param {string} line */
function logLine(level, line) {
  log(level === 'debug' ? 'log' : level, 'session', { line });
}
