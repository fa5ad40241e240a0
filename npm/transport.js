// A Transport for the official SDK's Client, v1 and v2: the client's messages ride on a session of an McpManager, which
// recovers, resumes and repeats beneath it. `manager.transport(userId, serverName, options)` makes one.
// @ts-check

import { observersOf } from './observers.js';

/** @import { ConnectOptions, JsonRpcMessage, McpSession, SdkTransport } from './index.js' */

/** @typedef {string | number | symbol | undefined} Id of a request; a symbol where no client may have the same */
/** @typedef {{ id?: Id, method?: string, params?: Params, result?: unknown, error?: object }} Rpc a JSON-RPC message of the client, or to it */
/** @typedef {ClientHello & { requestId?: Id, progressToken?: Id, reason?: unknown, _meta?: { progressToken?: Id } }} Params */
/** @typedef {{ protocolVersion?: string, capabilities?: object, clientInfo?: object }} ClientHello the params of `initialize` */
/** @typedef {Pick<ConnectOptions, 'signal'> & ClientHello} ClientOptions */
/** @typedef {(options: ClientOptions) => Promise<RelaySession>} Connect */
/** @typedef {{ requestHeaders?: Record<string, string> | undefined, onstream?: ((id: Id) => void) | undefined }} CallOptions */
/** @typedef {{ code?: string, message: string, rpcCode?: number, data?: unknown }} Settled the error that a call ended with, an McpError as a rule */
/** @typedef {{ hear: (message: Omit<Rpc, 'jsonrpc'>, during?: unknown) => void }} Observer a client, or what only listens */
/** @typedef {{ signal?: AbortSignal, during?: unknown }} Asking what a message of the server is about, and the signal of a request */
/**
 * A session with the members that are the package's own: src/web/session.rs.
 * @typedef {McpSession & {
 *   observer: (((message: Rpc, asking: Asking) => unknown) & { clients: Set<Observer> }) | undefined,
 *   relay(call: Call, method: string | undefined, params: object | undefined, headers: object | undefined, wantsProgress: boolean): number,
 *   cancelRelayed(number: number, reason: unknown): void,
 *   free(): void,
 * }} RelaySession
 */

const METHOD_NOT_FOUND = -32601;
// The code of every error that no server sent; its data are the fields of the McpError. JSON-RPC keeps −32768…−32000 for itself.
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
  #session; // the session, once that is answered
  /** @type {object} */
  #capabilities = {}; // what the client declared there
  #closed = false;
  /** @type {Map<Id, Call>} */
  #calls = new Map(); // the client's running requests, by its ids
  /** @type {Map<Id, { resolve: (result: unknown) => void, reject: (error: unknown) => void }>} */
  #asked = new Map(); // what the client has been asked: our id → { resolve, reject }
  #lastAsked = 0;

  /** @param {Connect} connect */
  constructor(connect) {
    this.#connect = connect;
  }

  // Undefined until `initialize` is answered: a client that finds an id here believes that it need not say hello.
  get sessionId() {
    return this.#session?.sessionId;
  }

  async start() {
    this.#closed = false;
  }

  // The session knows its own version.
  setProtocolVersion() {}

  // Of the SDK's send options none is needed: streams are resumed, and answers related, by the session itself.
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

  // Ends the client's part alone: the session stays for others, and for the next client.
  async close() {
    if (this.#closed) return;
    this.#closed = true;
    for (const call of this.#calls.values()) call.cancel('the client was closed');
    for (const { reject } of this.#asked.values()) reject(new Error('the client was closed'));
    this.#asked.clear();
    const session = this.#session;
    if (session) {
      // The module keeps what it is to call, and that leads back to this object: no collector of garbage sees through such a circle.
      observersOf(session).delete(this);
      queueMicrotask(() => session.free()); // it may be telling us just now that it was ended
    }
    this.#session = this.#connecting = undefined;
    this.onclose?.();
  }

  // Ends the session, for all its clients. The SDK's own transport has this method too.
  async terminateSession() {
    await this.#session?.terminate();
    await this.close();
  }

  // A request, answered by onmessage, whatever happens. `requestHeaders` are those of its own, and `onstream` is called with its id when the server
  // answers by a stream.
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
    // Such as `server/discover`, by which v2 finds out that it has to say `initialize`.
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
      // A client knows no revision newer than the one it asks for; its messages are the same in the older ones.
      // biome-ignore lint/complexity/useMathMinMax: they are dates, as text.
      protocolVersion: asked < protocolVersion ? asked : protocolVersion,
      capabilities: session.getServerCapabilities() ?? {},
      serverInfo: session.getServerVersion(),
      instructions: session.getInstructions(),
    };
  }

  // A call is over: the client is told, unless it took the call back.
  /** @param {Call} call @param {Settled | undefined} error @param {unknown} [result] */
  settled(call, error, result) {
    const { id, isCancelled } = call;
    this.forget(call);
    if (isCancelled && error?.code !== 'closed') return;
    // The SDK handles a notification a moment after it got it: progress that came just before must not find the call answered.
    if (call.hasProgressed) queueMicrotask(() => this.#tell(id, error, result, isCancelled));
    else this.#tell(id, error, result, isCancelled);
  }

  /** @param {Id} id @param {Settled | undefined} error @param {unknown} result @param {boolean} isCancelled */
  #tell(id, error, result, isCancelled) {
    if (!error) return this.hear({ id, result });
    const { code, message, rpcCode, data } = error;
    const isOurs = rpcCode === undefined;
    if (!isCancelled) {
      if (isOurs) this.#report(error);
      const told = isOurs ? { code: OUR_ERROR, message, data: { ...error } } : { code: rpcCode, message, data };
      this.hear({ id, error: told }, undefined, isOurs ? error : undefined);
    }
    // Somebody ended the session, or the manager, on purpose.
    if (isOurs && code === 'closed') this.close();
  }

  /** @param {Call} call */
  forget(call) {
    if (this.#calls.get(call.id) === call) this.#calls.delete(call.id);
  }

  // Delivers a message to the client. `during` is the call of the client that the message is about, if known. `cause` is the McpError of an error that no
  // server sent: a server may send the same code and data.
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

  // The client is asked something by the server, under an id of ours: two sessions of one server may use the same.
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

  // How fit the client is to answer: it should have declared the capability; the server should ask because of its call;
  // where that cannot be told, it should have a call running.
  /** @param {Rpc} request @param {unknown} during */
  fitness({ method }, during) {
    const [capability = ''] = method?.split('/') ?? [];
    return (capability in this.#capabilities ? 4 : 0) + (this.#isOwn(during) ? 2 : 0) + (this.#calls.size > 0 ? 1 : 0);
  }

  // A call that somebody made on the session itself is named by its signal.
  /** @param {unknown} during @returns {during is Call} */
  #isOwn(during) {
    return during instanceof Call && during.transport === this;
  }
}

// A request of the client, on its way. The session tells it what becomes of it.
class Call {
  isCancelled = false;
  hasProgressed = false;
  /** @type {AbortController | undefined} */
  #aborter; // of `initialize`
  /** @type {RelaySession | undefined} */
  #session;
  /** @type {number} */
  #number = 0; // under which the session has it
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

  // How long to wait is the client's affair: it cancels.
  /** @param {RelaySession} session */
  relayTo(session) {
    if (this.isCancelled) return;
    this.#session = session;
    try {
      // A client that has not asked for progress is told of none, so the server need not send it.
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

  // The server answers by a stream.
  streams() {
    this.#onstream?.(this.id);
  }
}
