// The session with the server behind: one manager with one transport, on which the client's own messages ride.
import { McpManager } from 'mcp-tether';
import { log } from './log.js';

const FOREVER = 10 * 365 * 86_400_000; // the row says when a session is over, not the manager

export class Upstream {
  #manager;
  #transport;
  #opened;
  #metrics; // the last that there were
  #isOut = false; // whether its attempts to reach the server were spent when it last answered
  #isJudging = false; // whether an error is being looked at

  /**
   * @param {object} options
   * @param {{ id: string, vars: Record<string, string> }} options.identity
   * @param {object} options.storage where the session is kept beyond this instance
   * @param {(message: object, about?: string | number) => void} options.onmessage a message for the client, and which of its requests it is about
   * @param {(error: { code: string, status?: number }) => boolean} options.isOutOfReach whether an error says that the server is out of reach
   * @param {(happened: 'failed' | 'worked') => void} options.onserver the attempts to reach the server are spent, or it answers again
   */
  constructor({ server, config, env, identity, storage, onmessage, isOutOfReach, onserver }) {
    const sessionConfig = { ...config.sessionConfig, timeout: FOREVER, maxAge: undefined };
    this.#manager = new McpManager(
      { mcpServers: { [server]: { ...config, sessionConfig } } },
      { env, log: logLine, storage },
    );
    this.#transport = this.#manager.transport(identity.id, server, { vars: identity.vars });
    this.#transport.onmessage = (message, { relatedRequestId, cause }) => {
      if (message.id === OPENING) return this.#opened({ ...message, cause });
      if (cause) this.#judge(cause, isOutOfReach, onserver);
      else if (this.#isOut && message.result) this.#noteReach(false, onserver);
      onmessage(message, relatedRequestId);
    };
  }

  // The state of the session tells an outage from one call that met a proxy's error. Calls that fail together are one failure, so they are judged once, after
  // all of them are delivered. The manager's events would tell as well, but a listener costs every call: each emits several.
  #judge(error, isOutOfReach, onserver) {
    if (this.#isJudging || !error.retryable || !isOutOfReach(error)) return;
    this.#isJudging = true;
    queueMicrotask(() => {
      this.#isJudging = false;
      if (!this.#metrics && this.info()?.state === 'outage') this.#noteReach(true, onserver);
    });
  }

  #noteReach(isOut, onserver) {
    this.#isOut = isOut;
    onserver(isOut ? 'failed' : 'worked');
  }

  /**
   * The client's own `initialize`, with its params. Resolves with the answer: a result or an error, with the `cause` of an error that no server sent.
   * A session that is kept is taken up.
   */
  initialize(params) {
    return new Promise((resolve) => {
      this.#opened = resolve;
      this.#transport.request({ id: OPENING, method: 'initialize', params });
    });
  }

  /** Passes on a message of the client; the options are those of the transport's requests. */
  send(message, options) {
    const { id, method } = message;
    if (id !== undefined && method !== undefined)
      this.#transport.request(message, options); // answered, whatever happens
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
