// The session with the server: one manager with one session, over which the client's messages are sent as they are.
// @ts-check

import { McpManager } from 'mcp-tether';
import { asClient } from './hello.js';
import { isTaken } from './issued.js';
import { log } from './log.js';
import { notification } from './messages.js';
import { listWithout } from './oauth/before-login.js';
import { errorOf, Pending } from './pending.js';
import { memberOf, numberOf, objectOf, plain, RawJson, write } from './raw-json.js';
import { RequestTemplate } from './request-template.js';
import { sessionFetch } from './session-fetch.js';
import { ServerCheck } from './topology/server-check.js';

/** @import { ConnectOptions, McpSession, Metrics, ServerConfig, SessionStorage } from 'mcp-tether' */
/** @import { SessionObserver } from './observe/session-observer.js' */
/** @import { SessionAuth } from './oauth/session-auth.js' */
/** @import { SessionRoute } from './topology/session-route.js' */
/** @import { Cause, Env, Head, Identity, Opening, RpcError, RpcParams, RpcResult, ServerNews } from './types.js' */

const RECOVERED = 'Session recovery successful'; // the manager's line: an event listener would slow down every call
const PING = 10_000; // milliseconds, retries included
const LISTING = 10_000; // milliseconds in which the manager lists the tools again after a recovery
const FOREVER = 10 * 365 * 86_400_000; // the row determines when a session expires, not the manager
const CLOSED = new Error('the client was closed');

/** @typedef {import('mcp-tether').McpManager & { free(): void }} OwnedManager */
/** @typedef {Cause & { message: string, rpcCode?: number, data?: unknown, evidence?: string }} Settled the McpError of a request */
/** @typedef {{ resolve: (result: unknown) => void, reject: (error: unknown) => void }} Asked a request to the client */
/** @typedef {{ signal?: AbortSignal, during?: unknown }} About the request that a message belongs to, and the signal of a request of the server */
/**
 * A session with its internal members: src/web/session.rs.
 * @typedef {McpSession & {
 *   observer: ((message: RawJson | object, about: About) => unknown) | undefined,
 *   relay(call: Pending, method: string, params: unknown, headers: Head | undefined, wantsProgress: boolean): number,
 *   cancelRelayed(number: number, reason: unknown): void,
 *   isUnsent(number: number): boolean,
 *   notification(message: { method: string, params?: unknown }): Promise<void>,
 *   free(): void,
 *   info(): { protocolVersion: string, result?: unknown },
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
  #auth;
  #observer;
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
  #hello = objectOf(undefined); // the params of the client's own `initialize`
  #isUnended = false; // whether the server did not take the DELETE of the session
  #hasTools = false; // whether the client has seen a list of tools
  /** @type {string[]} */
  #lists = []; // the capabilities whose lists may change
  /** @type {Record<string, unknown>} */
  #capabilities = {};
  #onlists;
  #onissued;
  #route;
  #check;
  #template = new RequestTemplate();
  #fetchAlike = (/** @type {string} */ url, /** @type {RequestInit} */ init) => this.#template.fetch(url, init);

  /**
   * @param {object} options
   * @param {string} options.server its name
   * @param {ServerConfig} options.config
   * @param {Env} options.env
   * @param {Pick<Identity, 'id' | 'vars'>} options.identity
   * @param {SessionAuth} [options.auth] where its tokens come from
   * @param {SessionRoute} [options.route] where its requests go, if not simply to the server's URL
   * @param {number} [options.most] requests in flight at once
   * @param {SessionStorage} options.storage where the session is kept beyond this instance
   * @param {Receiver} options.client
   * @param {SessionObserver} options.observer
   * @param {(error: Cause) => boolean} options.isOutOfReach whether an error says that the server is out of reach
   * @param {(id: string) => void} [options.onissued] the server has issued the id of a session
   * @param {(method: string) => void} options.onlists the lists may have changed in a recovery: the notification that says so
   * @param {(happened: ServerNews) => void} options.onserver the attempts to reach the server are spent, or it answers again
   */
  constructor({
    server,
    config,
    env,
    identity,
    auth,
    route,
    most,
    storage,
    client,
    observer,
    isOutOfReach,
    onissued,
    onlists,
    onserver,
  }) {
    this.#auth = auth;
    this.#route = route;
    if (route?.hasOthers)
      this.#check = new ServerCheck(config.timeout, route, (timeout) => this.#session?.ping({ timeout }));
    this.#observer = observer;
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
          limits: most ? { maxInFlight: most } : undefined,
          fetch: (url, init = {}) => /** @type {any} */ (this.#fetch(String(url), init)),
        },
      )
    );
    this.#server = server;
    this.#identity = identity;
    this.#client = client;
    this.#isOutOfReach = isOutOfReach;
    this.#onserver = onserver;
  }

  /** @param {'debug' | 'info' | 'warn' | 'error'} level @param {string} line */
  #log(level, line) {
    log(level === 'debug' ? 'log' : level, 'session', { line });
    this.#observer.heard(line);
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

  /**
   * The client's `initialize`, with its params. Resolves with the result or error, with the `cause` of an error that no server sent. A stored session is
   * restored.
   * @param {RawJson} params
   * @returns {Promise<Opening>}
   */
  async initialize(params) {
    this.#auth?.opens(/** @type {RpcParams} */ (params.value));
    this.#hello = params;
    try {
      await this.#auth?.ready();
      const session = await this.#connect(params);
      this.#session = session;
      session.observer = (message, about) => this.#hear(rawMessage(message), about);
      const result = this.#greeting(session, params.get('protocolVersion'));
      this.#lists = listsOf(result);
      this.#capabilities = /** @type {Record<string, unknown>} */ (plain(result.capabilities));
      this.#auth?.opened();
      return { result };
    } catch (thrown) {
      const failure = /** @type {Settled} */ (thrown);
      const isOurs = failure.rpcCode === undefined && !this.#auth?.errorOf(failure);
      const login = this.#auth?.loginOf(failure);
      return { error: this.errorOf(failure), cause: isOurs ? failure : undefined, login };
    }
  }

  /** @param {RawJson} params @returns {Promise<RelaySession>} */
  async #connect(params) {
    const { id, vars } = this.#identity;
    const options = { vars, capabilities: params.get('capabilities') ?? {}, clientInfo: params.get('clientInfo') };
    const session = await this.#manager.connect(id, this.#server, /** @type {ConnectOptions} */ (options));
    return /** @type {RelaySession} */ (session);
  }

  // Never newer than the revision that the client requested; the server's messages are valid in the older one.
  /** @param {RelaySession} session @param {unknown} asked */
  #greeting(session, asked) {
    const { protocolVersion, result = {} } = session.info();
    return {
      protocolVersion: typeof asked === 'string' && asked < protocolVersion ? asked : protocolVersion,
      capabilities: memberOf(result, 'capabilities') ?? {},
      serverInfo: memberOf(result, 'serverInfo'),
      instructions: memberOf(result, 'instructions'),
    };
  }

  /**
   * Forwards a request of the client, without a timeout: the client has its own, and cancels. It is always answered.
   * @param {Pending} request
   * @param {Head} [headers] further ones
   */
  request(request, headers) {
    request.upstream = this;
    const { method, progressToken } = request;
    const list = this.#auth && listWithout(method, this.#capabilities);
    if (list) return request.settle(undefined, list);
    try {
      const { params, head } = this.#observer.sends(request, headers);
      // The server sends progress only if the client asked for it.
      request.number = this.#open.relay(request, method, params, head, progressToken !== undefined);
    } catch (error) {
      request.settle(/** @type {Settled} */ (error), undefined);
    }
  }

  /** @param {Pending} request @param {unknown} reason */
  cancel({ number }, reason) {
    this.#session?.cancelRelayed(number, reason);
  }

  /** Whether a request waits for its turn at the server: @param {Pending} request */
  isUnsent({ number }) {
    return this.#session?.isUnsent(number) ?? false;
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

  /** Called with the outcome of each request: @param {Settled | undefined} failure @param {unknown} result */
  noteOutcome(failure, result) {
    if (failure && failure.rpcCode === undefined) this.#judge(failure);
    else if (this.#isOut && !failure) this.#noteReach(false);
    this.#hasTools ||= Array.isArray(plain(result)?.tools);
  }

  /** The JSON-RPC error for the client: @param {Settled} failure @returns {RpcError} */
  errorOf(failure) {
    return this.#auth?.errorOf(failure) ?? errorOf(failure);
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

  /** The place of its address in the configuration, if there are several. */
  get replica() {
    return this.#route?.replica;
  }

  /** A request of the gateway's own. */
  async ping() {
    await this.#session?.ping({ timeout: PING }).catch(() => {}); // an outage: the next ping is due later
  }

  /** Looks after a request without a message since then. Returns a promise if the server is asked for it: @param {number} since @param {number} now */
  check(since, now) {
    return this.#check?.due(since, now);
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
    this.#route?.rest();
    this.#metrics = this.#manager.getMetrics();
    // Necessary: garbage collection cannot free JavaScript objects that the module references.
    session?.free();
    this.#manager.free();
  }

  /** Ends the session at the server, within five seconds. Returns whether the server has taken it, if it has to. */
  async terminate() {
    await this.#session?.terminate();
    await this.rest();
    return !this.#isUnended;
  }

  /** @param {string} url @param {RequestInit} init */
  #fetch(url, init) {
    if (init.method === 'DELETE') return this.#delete(url, init);
    const own = asClient(init, this.#hello);
    return this.#observer.timed(own === init ? this.#send(url, init) : this.#greet(url, own));
  }

  /** @param {string} url @param {RequestInit} init */
  #send(url, init) {
    return this.#route ? this.#route.fetch(url, init) : sessionFetch(url, init, this.#fetchAlike);
  }

  /** @param {string} url @param {RequestInit} init */
  async #greet(url, init) {
    const response = await this.#send(url, init);
    const id = response.headers.get('mcp-session-id');
    if (id) this.#onissued?.(id);
    return response;
  }

  /** @param {string} url @param {RequestInit} init */
  async #delete(url, init) {
    this.#isUnended = true;
    const response = await this.#send(url, init);
    this.#isUnended = !isTaken(response);
    return response;
  }
}

/** @param {RpcResult} result of `initialize` */
function listsOf(result) {
  const capabilities = /** @type {Record<string, { listChanged?: boolean } | undefined>} */ (
    plain(result.capabilities)
  );
  return ['tools', 'prompts', 'resources'].filter((name) => capabilities[name]?.listChanged === true);
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
