// A Transport for the official SDK's Client, v1 and v2: it sends the client's messages over a session of an McpManager, which handles recovery,
// resumption and retries. `manager.transport(userId, serverName, options)` creates one.
// @ts-check

import { observersOf } from './observers.js';

/** @import { ConnectOptions, JsonRpcMessage, McpSession, SdkTransport } from './index.js' */

/** @typedef {string | number | symbol | undefined} Id of a request; a symbol where it must differ from all ids of clients */
/** @typedef {{ id?: Id, method?: string, params?: Params, result?: unknown, error?: object }} Rpc a JSON-RPC message of the client, or to it */
/** @typedef {ClientHello & { requestId?: Id, progressToken?: Id, reason?: unknown, _meta?: { progressToken?: Id } }} Params */
/** @typedef {{ protocolVersion?: string, capabilities?: object, clientInfo?: object }} ClientHello the params of `initialize` */
/** @typedef {Pick<ConnectOptions, 'signal'> & ClientHello} ClientOptions */
/** @typedef {(options: ClientOptions) => Promise<RelaySession>} Connect */
/** @typedef {{ requestHeaders?: Record<string, string> | undefined, onstream?: ((id: Id) => void) | undefined }} CallOptions */
/** @typedef {{ code?: string, message: string, rpcCode?: number, data?: unknown }} Settled the error of a call, usually an McpError */
/** @typedef {{ hear: (message: Omit<Rpc, 'jsonrpc'>, during?: unknown) => void }} Observer a client, or a listener for notifications */
/** @typedef {{ signal?: AbortSignal, during?: unknown }} Asking the call that a message of the server belongs to, and the signal of a request */
/**
 * A session with its internal members: src/web/session.rs.
 * @typedef {McpSession & {
 *   observer: (((message: Rpc, asking: Asking) => unknown) & { clients: Set<Observer> }) | undefined,
 *   relay(call: Call, method: string | undefined, params: object | undefined, headers: object | undefined, wantsProgress: boolean): number,
 *   cancelRelayed(number: number, reason: unknown): void,
 *   free(): void,
 * }} RelaySession
 */

const METHOD_NOT_FOUND = -32601;
// The code of errors that no server sent; their data are the fields of the McpError. JSON-RPC reserves −32768…−32000.
const OUR_ERROR = 1000;

export class SessionTransport {
  /** @type {SdkTransport["onclose"]} */
  onclose;
  /** @type {SdkTransport["onerror"]} */
  onerror;
  /** @type {SdkTransport["onmessage"]} */
  onmessage;
  /** @type {Connect} */
  #connect;
  /** @type {Promise<RelaySession> | undefined} */
  #connecting; // the promise of the session, from the client's `initialize` on
  /** @type {RelaySession | undefined} */
  #session; // after the response to `initialize`
  /** @type {object} */
  #capabilities = {}; // declared by the client in `initialize`
  #closed = false;
  /** @type {Map<Id, Call>} */
  #calls = new Map(); // the client's pending requests, by its ids
  /** @type {Map<Id, { resolve: (result: unknown) => void, reject: (error: unknown) => void }>} */
  #asked = new Map(); // requests to the client: our id → { resolve, reject }
  #lastAsked = 0;

  /** @param {Connect} connect */
  constructor(connect) {
    this.#connect = connect;
  }

  // Undefined before the response to `initialize`: a client that finds an id skips the handshake.
  get sessionId() {
    return this.#session?.sessionId;
  }

  async start() {
    this.#closed = false;
  }

  // The session negotiates its version.
  setProtocolVersion() {}

  // The SDK's send options are not needed: the session resumes streams and relates responses.
  /** @param {Rpc} message */
  async send(message) {
    if (this.#closed) throw new Error('the transport is closed');
    const { id, method, params } = message;
    if (method === undefined) {
      const asked = this.#asked.get(id);
      this.#asked.delete(id);
      if (message.error) asked?.reject(message.error);
      else asked?.resolve(message.result);
    } else if (id !== undefined) {
      this.request(message);
    } else if (method === 'notifications/cancelled') {
      this.#calls.get(params?.requestId)?.cancel(params?.reason);
    } else if (method !== 'notifications/initialized') {
      const session = await /** @type {Promise<RelaySession>} */ (this.#connecting);
      await session.notification({ method, ...(params && { params }) });
    }
  }

  // Detaches the client. The session stays, for other clients and for the next one.
  async close() {
    if (this.#closed) return;
    this.#closed = true;
    for (const call of this.#calls.values()) call.cancel('the client was closed');
    for (const { reject } of this.#asked.values()) reject(new Error('the client was closed'));
    this.#asked.clear();
    const session = this.#session;
    if (session) {
      // The module references its callbacks, and they reference this object: a cycle through wasm that garbage collection cannot free.
      observersOf(session).delete(this);
      queueMicrotask(() => session.free()); // the module may be calling this object right now
    }
    this.#session = this.#connecting = undefined;
    this.onclose?.();
  }

  // Ends the session for all its clients. The SDK's own transport has this method too.
  async terminateSession() {
    await this.#session?.terminate();
    await this.close();
  }

  // Sends a request; onmessage always gets a response. `requestHeaders` are sent with it, and `onstream` is called with its id when the server
  // answers with a stream.
  /** @param {Rpc} message @param {CallOptions} [options] */
  request(message, options) {
    const call = new Call(this, message, options);
    this.#calls.set(call.id, call);
    if (call.method === 'initialize') call.settleWith(this.#initialize(call));
    else if (this.#session) call.relayTo(this.#session);
    else if (this.#connecting)
      this.#connecting.then(
        (session) => call.relayTo(session),
        (error) => call.settle(error),
      );
    // Such as `server/discover`: the error makes SDK v2 fall back to `initialize`.
    else call.settle({ rpcCode: METHOD_NOT_FOUND, message: 'Method not found' });
  }

  /** @param {Call} call */
  async #initialize({ params = {}, signal }) {
    const { capabilities = {}, clientInfo } = params;
    this.#capabilities = capabilities;
    this.#connecting = this.#connect({ capabilities, clientInfo, signal });
    const session = await this.#connecting;
    signal.throwIfAborted();
    this.#session = session;
    observersOf(session).add(this);
    const { protocolVersion } = session;
    const { protocolVersion: asked = protocolVersion } = params;
    return {
      // Never newer than the revision that the client requested; its messages are valid in the older one.
      // biome-ignore lint/complexity/useMathMinMax: they are strings.
      protocolVersion: asked < protocolVersion ? asked : protocolVersion,
      capabilities: session.getServerCapabilities() ?? {},
      serverInfo: session.getServerVersion(),
      instructions: session.getInstructions(),
    };
  }

  // Delivers the outcome of a call, unless the client cancelled it.
  /** @param {Call} call @param {Settled | undefined} error @param {unknown} [result] */
  settled(call, error, result) {
    const { id, isCancelled } = call;
    this.forget(call);
    if (isCancelled && error?.code !== 'closed') return;
    // The SDK handles notifications in a microtask: progress that arrived just before must be handled before the response.
    if (call.hasProgressed) queueMicrotask(() => this.#deliver(id, error, result, isCancelled));
    else this.#deliver(id, error, result, isCancelled);
  }

  /** @param {Id} id @param {Settled | undefined} error @param {unknown} result @param {boolean} isCancelled */
  #deliver(id, error, result, isCancelled) {
    if (!error) return this.hear({ id, result });
    const { code, message, rpcCode, data } = error;
    const isOurs = rpcCode === undefined;
    if (!isCancelled) {
      if (isOurs) this.#report(error);
      const delivered = isOurs ? { code: OUR_ERROR, message, data: { ...error } } : { code: rpcCode, message, data };
      this.hear({ id, error: delivered }, undefined, isOurs ? error : undefined);
    }
    // The session or the manager was ended deliberately.
    if (isOurs && code === 'closed') this.close();
  }

  /** @param {Call} call */
  forget(call) {
    if (this.#calls.get(call.id) === call) this.#calls.delete(call.id);
  }

  // Delivers a message to the client. `during` is the client's call that the message belongs to, if known. `cause` is the McpError behind an error that
  // no server sent; a server can send the same code and data.
  /** @param {Omit<Rpc, "jsonrpc">} message @param {unknown} [during] @param {Settled} [cause] */
  hear(message, during, cause) {
    try {
      if (!this.#closed)
        this.onmessage?.(/** @type {JsonRpcMessage} */ ({ jsonrpc: '2.0', ...message }), {
          relatedRequestId: this.#isOwn(during) ? during.id : undefined,
          cause,
        });
    } catch (error) {
      this.#report(error);
    }
  }

  /** @param {unknown} error */
  #report(error) {
    this.onerror?.(/** @type {Error} */ (error));
  }

  // Forwards a request of the server to the client, with an id of our own: ids of different sessions can be equal.
  /** @param {Rpc} request @param {Asking} asking @returns {Promise<unknown>} */
  ask({ method, params }, { signal, during }) {
    const id = ++this.#lastAsked;
    return new Promise((resolve, reject) => {
      this.#asked.set(id, { resolve, reject });
      signal?.addEventListener('abort', () => {
        if (this.#asked.delete(id)) this.hear({ method: 'notifications/cancelled', params: { requestId: id } }, during);
      });
      this.hear({ id, method, params }, during);
    });
  }

  // Ranks clients for a server request: first by the declared capability, then by whether the request belongs to one of the client's calls,
  // then by whether the client has a pending call.
  /** @param {Rpc} request @param {unknown} during */
  fitness({ method }, during) {
    const [capability = ''] = method?.split('/') ?? [];
    return (capability in this.#capabilities ? 4 : 0) + (this.#isOwn(during) ? 2 : 0) + (this.#calls.size > 0 ? 1 : 0);
  }

  // Calls made directly on the session are represented by their signal.
  /** @param {unknown} during @returns {during is Call} */
  #isOwn(during) {
    return during instanceof Call && during.transport === this;
  }
}

// A pending request of the client. The session calls its methods with progress and the outcome.
class Call {
  isCancelled = false;
  hasProgressed = false;
  /** @type {AbortController | undefined} */
  #aborter; // of `initialize`
  /** @type {RelaySession | undefined} */
  #session;
  /** @type {number} */
  #number = 0; // the session's number of it
  #headers;
  #onstream;

  /** @param {SessionTransport} transport @param {Rpc} request @param {CallOptions} [options] */
  constructor(transport, { id, method, params }, { requestHeaders, onstream } = {}) {
    this.transport = transport;
    this.id = id;
    this.method = method;
    this.params = params;
    this.#headers = requestHeaders;
    this.#onstream = onstream;
  }

  get signal() {
    this.#aborter ??= new AbortController();
    return this.#aborter.signal;
  }

  /** @param {Promise<unknown>} promise */
  async settleWith(promise) {
    try {
      this.settle(undefined, await promise);
    } catch (error) {
      this.settle(/** @type {Settled} */ (error));
    }
  }

  // Without a timeout: the client has its own, and cancels.
  /** @param {RelaySession} session */
  relayTo(session) {
    if (this.isCancelled) return;
    this.#session = session;
    try {
      // The server sends progress only if the client asked for it.
      this.#number = session.relay(this, this.method, this.params, this.#headers, this.#progressToken !== undefined);
    } catch (error) {
      this.settle(/** @type {Settled} */ (error));
    }
  }

  get #progressToken() {
    return this.params?._meta?.progressToken;
  }

  /** @param {unknown} [reason] */
  cancel(reason) {
    this.isCancelled = true;
    this.#aborter?.abort(reason);
    if (this.#session) this.#session.cancelRelayed(this.#number, reason);
    else this.transport.forget(this);
  }

  /** @param {Settled | undefined} error @param {unknown} [result] */
  settle(error, result) {
    this.transport.settled(this, error, result);
  }

  /** @param {object} progress */
  progress(progress) {
    this.hasProgressed = true;
    this.transport.hear(
      { method: 'notifications/progress', params: { ...progress, progressToken: this.#progressToken } },
      this,
    );
  }

  // Called when the server answers with a stream.
  streams() {
    this.#onstream?.(this.id);
  }
}
