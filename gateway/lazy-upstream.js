// The session with the server behind, as a session's object needs it: taken up at the first use of an instance, let go of when it rests.
// @ts-check
import { since } from './counters.js';
import { log } from './log.js';
import { Upstream } from './upstream.js';

/** @import { Row } from './row.js' */
/** @import { Counts, Identity, RpcError, SessionRow } from './types.js' */

/** @typedef {Upstream | { error: RpcError }} Found the session, or why there is none */

export class LazyUpstream {
  #row;
  #connect;
  #onrevive;
  /** @type {Promise<Found> | undefined} */
  #pending;
  /** @type {Upstream | undefined} that session, once it is there */
  #running;
  /** @type {Counts} counters that the registry knows already */
  #reported = {};
  #hasServed = false; // whether this instance had it before

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

  /** The session was just opened: @param {Upstream} upstream */
  opened(upstream) {
    this.#pending = Promise.resolve(upstream);
    this.#running = upstream;
    this.#hasServed = true;
  }

  /** The session with the server, which a new instance takes up again. */
  awake() {
    this.#pending ??= this.#revive();
    return this.#pending;
  }

  async #revive() {
    const { values } = this.#row;
    if (!values) throw new Error('the session is over');
    const lives = this.#row.revive();
    this.#onrevive();
    log('info', 'sessionRevived', { lives, here: this.#hasServed });
    this.#hasServed = true;
    const found = await this.#takeUp(values);
    if (found instanceof Upstream) this.#running = found;
    else this.#pending = undefined;
    return found;
  }

  // Without a handshake, unless the server has forgotten the session.
  /** @param {SessionRow} values @returns {Promise<Found>} */
  async #takeUp(values) {
    const upstream = this.#connect(values);
    const { error } = await upstream.initialize(JSON.parse(values.initialize));
    if (!error) return upstream;
    await upstream.rest();
    return { error };
  }

  /** Lets go of the server; the counters that grew, undefined where nothing ran. */
  async rest() {
    const upstream = this.#running;
    if (!upstream) return undefined;
    this.#pending = undefined;
    this.#running = undefined;
    const counts = this.grown(upstream);
    this.#reported = {};
    await upstream.rest().catch(() => {}); // the session stays at the server, whatever becomes of the connection
    return counts;
  }

  /**
   * Ends the session at the server, if it can be; the counters that grew. For that, an instance that has not needed it yet takes it up.
   * @param {SessionRow} values
   */
  async terminate(values) {
    const found = await (this.#pending ?? (values.upstream ? this.#takeUp(values) : undefined));
    if (!(found instanceof Upstream)) return {};
    await found.terminate();
    return this.grown(found);
  }

  /** The counters that grew since they were asked for last: @param {Upstream} upstream */
  grown(upstream) {
    const metrics = upstream.metrics();
    const grown = since(this.#reported, metrics);
    this.#reported = metrics;
    return grown;
  }
}
