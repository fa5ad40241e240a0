// A Transport for the official SDK's Client, v1 and v2: the client's messages ride on a session of an McpManager, which
// recovers, resumes and repeats beneath it. `manager.transport(userId, serverName, options)` makes one.

const METHOD_NOT_FOUND = -32601;
// The code of every error that no server sent; its data are the fields of the McpError. JSON-RPC keeps −32768…−32000 for itself.
const OUR_ERROR = 1000;

export class SessionTransport {
  onclose;
  onerror;
  onmessage;
  #connect;
  #connecting; // the promise of the session, from the client's `initialize` on
  #session; // the session, once that is answered
  #capabilities; // what the client declared there
  #closed = false;
  #calls = new Map(); // the client's running requests: its id → AbortController
  #asked = new Map(); // what the client has been asked: our id → { resolve, reject }
  #lastAsked = 0;

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
  async send(message) {
    if (this.#closed) throw new Error('the transport is closed');
    const { id, method, params } = message;
    if (method === undefined) {
      const asked = this.#asked.get(id);
      this.#asked.delete(id);
      if (message.error) asked?.reject(message.error);
      else asked?.resolve(message.result);
    } else if (id !== undefined) {
      this.#call(id, method, params); // answered by onmessage, whatever happens
    } else if (method === 'notifications/cancelled') {
      this.#calls.get(params.requestId)?.abort(params.reason);
    } else if (method !== 'notifications/initialized') {
      const session = await this.#connecting;
      await session.notification({ method, params });
    }
  }

  // Ends the client's part alone: the session stays for others, and for the next client.
  async close() {
    if (this.#closed) return;
    this.#closed = true;
    for (const call of this.#calls.values()) call.abort('the client was closed');
    for (const { reject } of this.#asked.values()) reject(new Error('the client was closed'));
    this.#asked.clear();
    if (this.#session) clientsOf(this.#session).delete(this);
    this.#session = this.#connecting = undefined;
    this.onclose?.();
  }

  // Ends the session, for all its clients. The SDK's own transport has this method too.
  async terminateSession() {
    await this.#session?.terminate();
    await this.close();
  }

  async #call(id, method, params) {
    const aborter = new AbortController();
    const { signal } = aborter;
    this.#calls.set(id, aborter);
    let answer;
    let failure;
    try {
      answer = { result: await (method === 'initialize' ? this.#initialize(params, signal) : this.#request(method, params, signal)) };
    } catch (error) {
      const { code, message, rpcCode, data } = error;
      failure = rpcCode === undefined && code;
      answer = { error: failure === false ? { code: rpcCode, message, data } : { code: OUR_ERROR, message, data: { ...error } } };
      if (failure && !signal.aborted) this.onerror?.(error);
    }
    if (this.#calls.get(id) === aborter) this.#calls.delete(id);
    if (!signal.aborted) this.hear({ id, ...answer });
    // Somebody ended the session, or the manager, on purpose.
    if (failure === 'closed') this.close();
  }

  async #initialize(params, signal) {
    const { capabilities, clientInfo } = params;
    this.#capabilities = capabilities;
    this.#connecting = this.#connect({ capabilities, clientInfo, signal });
    const session = await this.#connecting;
    signal.throwIfAborted();
    this.#session = session;
    clientsOf(session).add(this);
    const { protocolVersion } = session;
    return {
      // A client knows no revision newer than the one it asks for; its messages are the same in the older ones.
      protocolVersion: params.protocolVersion < protocolVersion ? params.protocolVersion : protocolVersion,
      capabilities: session.getServerCapabilities() ?? {},
      serverInfo: session.getServerVersion(),
      instructions: session.getInstructions(),
    };
  }

  async #request(method, params, signal) {
    // Such as `server/discover`, by which v2 finds out that it has to say `initialize`.
    if (!this.#connecting) throw { rpcCode: METHOD_NOT_FOUND, message: 'Method not found' };
    const progressToken = params?._meta?.progressToken;
    const onprogress = progressToken === undefined
      ? undefined
      : (progress) => this.hear({ method: 'notifications/progress', params: { ...progress, progressToken } }, signal);
    const session = this.#session ?? (await this.#connecting);
    // How long to wait is the client's affair: it cancels.
    return session.request({ method, params }, { signal, timeout: Infinity, onprogress });
  }

  // The client gets a message, and which request of its own it is about, if that is known: `during` is that one's signal.
  hear(message, during) {
    try {
      if (!this.#closed) this.onmessage?.({ jsonrpc: '2.0', ...message }, { relatedRequestId: during && this.requestOf(during) });
    } catch (error) {
      this.onerror?.(error);
    }
  }

  // The client is asked something by the server, under an id of ours: two sessions of one server may use the same.
  ask({ method, params }, { signal, during }) {
    const id = ++this.#lastAsked;
    return new Promise((resolve, reject) => {
      this.#asked.set(id, { resolve, reject });
      signal.addEventListener('abort', () => {
        if (this.#asked.delete(id)) this.hear({ method: 'notifications/cancelled', params: { requestId: id } }, during);
      });
      this.hear({ id, method, params }, during);
    });
  }

  // Which request of the client a signal belongs to.
  requestOf(during) {
    for (const [id, { signal }] of this.#calls) if (signal === during) return id;
  }

  // How fit the client is to answer: it should have declared the capability; the server should ask because of its call;
  // where that cannot be told, it should have a call running.
  fitness({ method }, during) {
    const calls = [...this.#calls.values()];
    return 4 * (method.split('/')[0] in this.#capabilities) + 2 * calls.some(({ signal }) => signal === during) + (calls.length > 0);
  }
}

// The clients on a session, kept with the one function that observes it.
function clientsOf(session) {
  if (!session.observer) {
    const clients = new Set();
    const observer = (message, asking) => {
      if (asking.signal) {
        // Of equals the youngest.
        const fitness = (client) => client.fitness(message, asking.during);
        const [client] = [...clients].reverse().sort((one, other) => fitness(other) - fitness(one));
        if (!client) throw { code: METHOD_NOT_FOUND };
        return client.ask(message, asking);
      }
      // The server's own ids mean nothing to a client: what it takes back is told by `ask`.
      if (message.method !== 'notifications/cancelled') for (const client of clients) client.hear(message, asking.during);
    };
    session.observer = Object.assign(observer, { clients });
  }
  return session.observer.clients;
}
