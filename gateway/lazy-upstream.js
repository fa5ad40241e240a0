// The session with the server, for a session's object: restored at the first use of an instance, released when it is idle.
// @ts-check
import { since } from './counters.js';
import { log } from './log.js';
import { objectOf } from './raw-json.js';
import { Upstream } from './upstream.js';

/** @import { Unopened } from './oauth/before-login.js' */
/** @import { Invitation } from './oauth/pending-login.js' */
/** @import { Row } from './row.js' */
/** @import { Counts, SessionRow } from './types.js' */

/** @typedef {Upstream | Unopened} Found the session, or the error */

export class LazyUpstream {
  #row;
  #connect;
  #listeners;
  /** @type {Promise<Found> | undefined} */
  #pending;
  /** @type {Upstream | undefined} the session, if restored */
  #running;
  /** @type {Counts} counters already sent to the registry */
  #reported = {};
  #hasServed = false; // whether this instance has used it before
  /** @type {(Unopened & { login: Invitation }) | undefined} */
  #postponed; // the session with the server waits for a login

  /**
   * @param {Row} row
   * @param {(row: SessionRow) => Upstream} connect
   * @param {{ onrevive: () => void, onlogin: () => void }} listeners called when an instance takes the session over from another, and when the session
   *   with the server is open after a login that it had to wait for
   */
  constructor(row, connect, listeners) {
    this.#row = row;
    this.#connect = connect;
    this.#listeners = listeners;
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

  /** Why there is no session with the server, if that is a login. */
  get postponed() {
    return this.#postponed;
  }

  /** The session cannot be opened at the server before a login: @param {Unopened & { login: Invitation }} unopened */
  async postpone(unopened) {
    const upstream = this.#running;
    this.#postponed = unopened;
    this.#pending = undefined;
    this.#running = undefined;
    await upstream?.rest().catch(() => {});
  }

  /** The session with the server, restored by a new instance. */
  awake() {
    this.#pending ??= this.#revive();
    return this.#pending;
  }

  async #revive() {
    const { values } = this.#row;
    if (!values) throw new Error('the session has ended');
    if (!this.#postponed) {
      const lives = this.#row.revive();
      this.#listeners.onrevive();
      log('info', 'sessionRevived', { lives, here: this.#hasServed });
      this.#hasServed = true;
    }
    const found = await this.#takeUp(values);
    if (!(found instanceof Upstream)) {
      this.#pending = undefined;
      const { error, login } = found;
      this.#postponed = login && { error, login };
      return found;
    }
    this.#running = found;
    if (this.#postponed) this.#listeners.onlogin();
    this.#postponed = undefined;
    return found;
  }

  // Without a handshake, unless the server has lost the session.
  /** @param {SessionRow} values @returns {Promise<Found>} */
  async #takeUp(values) {
    const upstream = this.#connect(values);
    const { error, login } = await upstream.initialize(objectOf(values.initialize));
    if (!error) return upstream;
    await upstream.rest();
    return { error, login };
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
