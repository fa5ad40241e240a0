// A small MCP server, 2025-11-25 over Streamable HTTP: a function from Request to Response, independent of the host.
// @ts-check

import { json, refusal, unknownSession } from './answers.js';
import { Session } from './session.js';
import { definitions, tools } from './tools.js';

/** @import { Id } from './answers.js' */
/** @import { Channel } from './channel.js' */

const newest = '2025-11-25';
const versions = [newest, '2025-06-18', '2025-03-26'];
const restartMs = 700;

/** @typedef {{ requestId?: Id, protocolVersion?: string, name?: string, arguments?: object, _meta?: { progressToken?: Id } }} Params */
/** @typedef {{ jsonrpc: '2.0', id?: Id, method?: string, params?: Params }} Rpc */
/** @typedef {{ ran?: (tool: string) => void, beforeAnswer?: (channel: Channel) => Promise<void> }} Hooks */

export class SimulatedServer {
  #name;
  /** @type {Map<string, Session>} */
  #sessions = new Map();
  #down = false;
  memory = { counter: 0 }; // state of its tools; lost in a restart

  /** @param {string} name */
  constructor(name) {
    this.#name = name;
  }

  get sessionCount() {
    return this.#sessions.size;
  }

  /**
   * @param {Request} request
   * @param {Rpc | undefined} message the body of a POST
   * @param {Hooks} [hooks]
   */
  async answer(request, message, hooks = {}) {
    // A load balancer's response: the request was not forwarded.
    if (this.#down)
      return refusal(503, -32000, 'The server is unreachable; the request was not forwarded', message?.id ?? null, {
        'Retry-After': '1',
      });
    switch (request.method) {
      case 'POST':
        return this.#post(request, message, hooks);
      case 'GET':
        return this.#get(request);
      case 'DELETE':
        return this.#delete(request);
      default:
        return refusal(405, -32000, 'Method not allowed', null, { Allow: 'GET, POST, DELETE' });
    }
  }

  /**
   * Drops all sessions. Quietly: open streams stay, so that a client notices at its next request.
   * @param {{ quiet?: boolean }} [how]
   */
  forget({ quiet = false } = {}) {
    const lost = [...this.#sessions.values()];
    this.#sessions.clear();
    if (!quiet) for (const session of lost) session.close();
    return lost.length;
  }

  /** Like a killed process: connections break, sessions and memory are lost, and for `down` milliseconds the server is unreachable. */
  async restart(down = restartMs) {
    const lost = [...this.#sessions.values()];
    this.#sessions.clear();
    this.memory.counter = 0;
    this.#down = true;
    for (const session of lost) session.kill();
    await new Promise((resolve) => {
      setTimeout(resolve, down);
    });
    this.#down = false;
  }

  /** Cuts the GET streams; the sessions stay. */
  cutListening() {
    for (const session of this.#sessions.values()) session.listening.cut();
  }

  /** @param {Request} request @param {Rpc | undefined} message @param {Hooks} hooks */
  #post(request, message, hooks) {
    // 2025-11-25, basic/transports §Sending Messages to the Server: 2, the client lists both types.
    const accept = request.headers.get('accept') ?? '';
    if (!accept.includes('application/json') || !accept.includes('text/event-stream')) {
      return refusal(406, -32000, 'Not Acceptable: Client must accept both application/json and text/event-stream');
    }
    if (message === undefined || Array.isArray(message) || message.jsonrpc !== '2.0')
      return refusal(400, -32700, 'Parse error');
    if (message.method === 'initialize') return this.#initialize(message);
    // Older servers answer this with 400 or so; 400 is an error in the browser's console.
    if (message.method === 'server/discover') return this.#unknown(message);
    const session = this.#sessionOf(request);
    if (session instanceof Response) return session;
    if (message.id === undefined || message.method === undefined) {
      if (message.method === 'notifications/cancelled') session.cancel(message.params?.requestId);
      return new Response(null, { status: 202 });
    }
    return this.#request(session, message, hooks);
  }

  /** @param {Rpc} message */
  #unknown({ id = null, method }) {
    return json(200, { jsonrpc: '2.0', id, error: { code: -32601, message: `Method not found: ${method}` } });
  }

  /** @param {Rpc} message */
  #initialize({ id, params }) {
    const asked = params?.protocolVersion;
    // basic/lifecycle §Version Negotiation: the requested version if it is supported, else the newest supported one.
    const session = new Session(versions.find((version) => version === asked) ?? newest);
    this.#sessions.set(session.id, session);
    const result = {
      protocolVersion: session.protocolVersion,
      capabilities: { tools: {} },
      serverInfo: { name: this.#name, title: `Simulated server “${this.#name}”`, version: '1.0.0' },
    };
    return json(200, { jsonrpc: '2.0', id, result }, { 'Mcp-Session-Id': session.id });
  }

  /** @param {Session} session @param {Rpc} message @param {Hooks} hooks */
  #request(session, { id = null, method, params }, hooks) {
    /** @type {(value: object) => Response} */
    const result = (value) => json(200, { jsonrpc: '2.0', id, result: value });
    switch (method) {
      case 'ping':
        return result({});
      case 'tools/list':
        return result({ tools: definitions });
      case 'tools/call':
        return this.#call(session, id, params ?? {}, hooks);
      default:
        return this.#unknown({ jsonrpc: '2.0', id, method });
    }
  }

  /** @param {Session} session @param {Id} id @param {Params} params @param {Hooks} hooks */
  #call(session, id, { name = '', arguments: given = {}, _meta }, { ran, beforeAnswer }) {
    const tool = tools[name];
    if (!tool) return json(200, { jsonrpc: '2.0', id, error: { code: -32602, message: `Unknown tool: ${name}` } });
    const channel = session.channel();
    const response = channel.open();
    const signal = session.begin(id);
    const token = _meta?.progressToken;
    /** @type {(done: number, total: number) => void} */
    const progress = (done, total) => {
      if (token !== undefined)
        channel.send({
          jsonrpc: '2.0',
          method: 'notifications/progress',
          params: { progressToken: token, progress: done, total },
        });
    };
    ran?.(name);
    Promise.resolve()
      .then(() => tool.run(given, { memory: this.memory, progress, signal }))
      .then(async (value) => {
        await beforeAnswer?.(channel);
        channel.send({ jsonrpc: '2.0', id, result: value });
      })
      .catch((error) => {
        if (!signal.aborted)
          channel.send({ jsonrpc: '2.0', id, error: { code: -32603, message: String(error?.message ?? error) } });
      })
      .finally(() => {
        session.settle(id);
        channel.finish();
      });
    return response;
  }

  /** @param {Request} request */
  #get(request) {
    const session = this.#sessionOf(request);
    if (session instanceof Response) return session;
    const last = request.headers.get('last-event-id');
    if (last === null) return session.listening.open();
    return session.resume(last) ?? refusal(400, -32000, 'Bad Request: Unknown event id');
  }

  /** @param {Request} request */
  #delete(request) {
    const session = this.#sessionOf(request);
    if (session instanceof Response) return session;
    this.#sessions.delete(session.id);
    session.close();
    return new Response(null, { status: 204 });
  }

  /**
   * basic/transports §Session Management: 2, without an id 400; 3, with an unknown one 404.
   * @param {Request} request
   */
  #sessionOf(request) {
    const id = request.headers.get('mcp-session-id');
    if (id === null) return refusal(400, -32000, 'Bad Request: Mcp-Session-Id header is required');
    const session = this.#sessions.get(id);
    if (!session) return unknownSession();
    const version = request.headers.get('mcp-protocol-version');
    // §Protocol Version Header: 400 for an unsupported one.
    if (version !== null && !versions.includes(version))
      return refusal(400, -32000, `Bad Request: Unsupported protocol version: ${version}`);
    return session;
  }
}
