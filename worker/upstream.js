// The session with the server behind: one manager with one transport, on which the client's own messages ride.
import { McpManager } from 'mcp-tether';
import { log } from './log.js';

const FOREVER = 10 * 365 * 86_400_000; // the row says when a session is over, not the manager

export class Upstream {
  #manager;
  #transport;
  #opened;
  #metrics; // the last that there were
  #isOut = false; // whether its breaker was open when it last answered

  /**
   * @param {object} options
   * @param {{ id: string, vars: Record<string, string> }} options.identity
   * @param {object} options.storage where the session is kept beyond this instance
   * @param {(message: object, about?: string | number) => void} options.onmessage a message for the client, and which of its requests it is about
   * @param {(happened: 'opened' | 'worked', millis?: number) => void} options.onbreaker the breaker of this session opened, for so long, or closed
   */
  constructor({ server, config, env, identity, storage, onmessage, onbreaker }) {
    const sessionConfig = { ...config.sessionConfig, timeout: FOREVER, maxAge: undefined };
    this.#manager = new McpManager({ mcpServers: { [server]: { ...config, sessionConfig } } }, { env, log: logLine, storage });
    this.#transport = this.#manager.transport(identity.id, server, { vars: identity.vars });
    this.#transport.onmessage = (message, { relatedRequestId }) => {
      if (message.id === OPENING) return this.#opened(message);
      if (message.method === undefined) this.#watchBreaker(message, onbreaker);
      onmessage(message, relatedRequestId);
    };
  }

  // Told by the answers. The manager's events would tell as well, but whoever listens to one pays for all: for each call there are some.
  #watchBreaker({ error }, onbreaker) {
    const isOpen = error?.data?.code === 'circuit_open';
    if (isOpen === this.#isOut || (error && !isOpen)) return;
    this.#isOut = isOpen;
    onbreaker(isOpen ? 'opened' : 'worked', error?.data.retryAfterMs);
  }

  /** The client's own `initialize`, with its params; resolves with the answer, a result or an error. A session that is kept is taken up. */
  initialize(params) {
    return new Promise((resolve) => {
      this.#opened = resolve;
      this.#transport.request({ id: OPENING, method: 'initialize', params });
    });
  }

  /** Passes on a message of the client; the options are those of the transport's requests. */
  send(message, options) {
    const { id, method } = message;
    if (id !== undefined && method !== undefined) this.#transport.request(message, options); // answered, whatever happens
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
    // Nobody else would: what the module holds of JavaScript, these objects among it, is beyond the collector of garbage.
    this.#manager.free();
  }

  /** Ends the session at the server, which gets five seconds for that. */
  async terminate() {
    await this.#transport.terminateSession();
    await this.rest();
  }
}

function logLine(level, line) {
  log(level === 'debug' ? 'log' : level, 'session', { line });
}

// No id of a client is equal to it.
const OPENING = Symbol('initialize');
