// The session with the server, for a session's object: restored at the first use of an instance, released when it is idle.
// @ts-check
import { since } from './counters.js';
import { log } from './log.js';
import { objectOf } from './raw-json.js';
import { Upstream } from './upstream.js';

/** @import { Row } from './row.js' */
/** @import { Counts, Identity, RpcError, SessionRow } from './types.js' */

/** @typedef {Upstream | { error: RpcError }} Found the session, or the error */

export class LazyUpstream {
  #row;
  #connect;
  #onrevive;
  /** @type {Promise<Found> | undefined} */
  #pending;
  /** @type {Upstream | undefined} the session, if restored */
  #running;
  /** @type {Counts} counters already sent to the registry */
  #reported = {};
  #hasServed = false; // whether this instance has used it before

  /**
   * @param {Row} row
   * @param {(row: SessionRow) => Upstream} connect
   * @param {() => void} onrevive called when an instance takes the session over from another
   */
  constructor(row, connect, onrevive) {
    this.#row = row;
    this.#connect = connect;
    this.#onrevive = onrevive;
  }

  get running() {
    return this.#running;
  }

  /** The session is being opened: @param {Upstream} upstream */
  opened(upstream) {
    this.#pending = Promise.resolve(upstream);
    this.#running = upstream;
    this.#hasServed = true;
  }

  /** The session with the server, restored by a new instance. */
  awake() {
    this.#pending ??= this.#revive();
    return this.#pending;
  }

  async #revive() {
    const { values } = this.#row;
    if (!values) throw new Error('the session has ended');
    const lives = this.#row.revive();
    this.#onrevive();
    log('info', 'sessionRevived', { lives, here: this.#hasServed });
    this.#hasServed = true;
    const found = await this.#takeUp(values);
    if (found instanceof Upstream) this.#running = found;
    else this.#pending = undefined;
    return found;
  }

  // Without a handshake, unless the server has lost the session.
  /** @param {SessionRow} values @returns {Promise<Found>} */
  async #takeUp(values) {
    const upstream = this.#connect(values);
    const { error } = await upstream.initialize(objectOf(values.initialize));
    if (!error) return upstream;
    await upstream.rest();
    return { error };
  }

  /** Asks the server whether it is there, so that it keeps the session. */
  async ping() {
    const found = await this.awake();
    if (found instanceof Upstream) await found.ping();
  }

  /** Releases the connection to the server. Returns increased counters; undefined if there was no connection. */
  async rest() {
    const upstream = this.#running;
    if (!upstream) return undefined;
    this.#pending = undefined;
    this.#running = undefined;
    const counts = this.grown(upstream);
    this.#reported = {};
    await upstream.rest().catch(() => {}); // the server keeps the session in any case
    return counts;
  }

  /**
   * Ends the session at the server, restoring it first if necessary. Returns increased counters, and whether it has ended there.
   * @param {SessionRow} values
   * @returns {Promise<{ grown: Counts, isEnded: boolean }>}
   */
  async terminate(values) {
    const pending = this.#pending ?? (values.upstream ? this.#takeUp(values) : undefined);
    this.#pending = undefined;
    this.#running = undefined;
    const found = await pending;
    if (!(found instanceof Upstream)) return { grown: {}, isEnded: values.upstream === null };
    const isEnded = await found.terminate();
    return { grown: this.grown(found), isEnded };
  }

  /** The counters that grew since they were asked for last: @param {Upstream} upstream */
  grown(upstream) {
    const metrics = upstream.metrics();
    const grown = since(this.#reported, metrics);
    this.#reported = metrics;
    return grown;
  }
}
