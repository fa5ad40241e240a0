// A request of the client that is not answered. The module calls `settle`, `progress` and `streams` (src/web/sys/host.rs, `Deferred`).
// @ts-check
import { error, notification, result } from './messages.js';
import { outcomeOfCode, outcomeOfResult } from './observe/outcomes.js';
import { RawJson } from './raw-json.js';
import { gatewayWords } from './words.js';

/** @import { Exchange } from './exchange.js' */
/** @import { Outcome } from './observe/outcomes.js' */
/** @import { Span } from './observe/telemetry.js' */
/** @import { Settled, Upstream } from './upstream.js' */
/** @import { RpcError } from './types.js' */

export class Pending {
  /** Its id, as the client wrote it. Several may have the same one: some clients number every request 1. */
  id;
  method;
  params;
  /** Its number at the session with the server. */
  number = 0;
  /** Who relays it: @type {Upstream | undefined} */
  upstream;
  /** The response to its POST. */
  exchange;
  /** When it arrived. */
  at = Date.now();
  /** When its time at the server began: if it had to wait, when it was first seen after that. */
  sentAt = this.at;
  /** Whether nothing of it has reached the server at the last look: it waited for the session, or for its turn. */
  isQueued = false;
  /** @type {Outcome} once it has ended */
  outcome = 'ok';
  /** @type {string | undefined} the code of its error */
  code;
  /** @type {Span | undefined} */
  span;
  #onend;
  #onstream;
  #isOver = false;

  /**
   * @param {RawJson} message
   * @param {{ id: string, exchange: Exchange, onend: (pending: Pending) => void, onstream: (pending: Pending) => void }} options
   */
  constructor(message, { id, exchange, onend, onstream }) {
    this.id = id;
    this.method = /** @type {string} */ (message.get('method'));
    this.params = message.get('params');
    this.exchange = exchange;
    this.#onend = onend;
    this.#onstream = onstream;
  }

  /** As the client wrote it; undefined if it wants no progress. */
  get progressToken() {
    const meta = this.params instanceof RawJson ? this.params.get('_meta') : undefined;
    return meta instanceof RawJson ? meta.token('progressToken') : undefined;
  }

  /** To be called every few seconds: @param {number} now */
  look(now) {
    const was = this.isQueued;
    this.isQueued = this.upstream?.isUnsent(this) ?? true;
    if (was || this.isQueued) this.sentAt = now;
  }

  get isOver() {
    return this.#isOver;
  }

  /** Its outcome: an McpError, or the result of the server. @param {Settled | undefined} failure @param {unknown} found */
  settle(failure, found) {
    if (this.#isOver) return;
    this.upstream?.noteOutcome(failure, found);
    if (failure) this.#failed(failure.rpcCode === undefined ? failure.code : 'rpc_error');
    else this.outcome = outcomeOfResult(found);
    this.#answer(
      failure ? error(this.id, this.upstream?.errorOf(failure) ?? errorOf(failure)) : result(this.id, found),
    );
  }

  /** Answers it with an error of the gateway's: @param {RpcError} refusal */
  fail(refusal) {
    if (this.#isOver) return;
    this.#failed(/** @type {{ code?: string } | undefined} */ (refusal.data)?.code);
    this.#answer(error(this.id, refusal));
  }

  /** Cancels it at the server, too: @param {unknown} reason @param {RpcError} refusal */
  cancel(reason, refusal) {
    this.fail(refusal);
    this.upstream?.cancel(this, reason);
  }

  /** @param {RawJson} params of the server's notification, with a token of the session's */
  progress(params) {
    if (this.#isOver) return;
    const token = new RawJson(undefined, this.progressToken ?? 'null');
    this.exchange.tell(notification('notifications/progress', params.copy().set('progressToken', token)));
  }

  /** Called when the server answers with a stream. */
  streams() {
    if (!this.#isOver) this.#onstream(this);
  }

  /** @param {string | undefined} code */
  #failed(code) {
    this.code = code;
    this.outcome = outcomeOfCode(code);
  }

  /** @param {string} text */
  #answer(text) {
    this.#isOver = true;
    this.#onend(this);
    this.exchange.settle(this, text);
  }
}

// The code of errors that no server sent; their data are the fields of the McpError. JSON-RPC reserves −32768…−32000.
export const OUR_ERROR = 1000;

/** The JSON-RPC error for an McpError: @param {Settled} failure @returns {RpcError} */
export function errorOf(failure) {
  const { rpcCode, data, evidence } = failure;
  if (rpcCode !== undefined) return { code: rpcCode, message: failure.message, data };
  const seen = evidence === undefined ? undefined : { evidence: gatewayWords(evidence) };
  return { code: OUR_ERROR, message: gatewayWords(failure.message), data: { ...failure, ...seen } };
}
