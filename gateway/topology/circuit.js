// Circuits that all users of an isolate share, one per server or address. The rules are those of a user's own (src/gateway/breaker.rs), but failures
// count only once two users had some: what one user does cannot close a server to others.
// @ts-check

/** @import { BreakerState, Gateway } from 'gateway-module' */

/** @typedef {{ users: Map<string, number>, alone: number, state: BreakerState | undefined }} Circuit `users`: when each of them failed last */

const WINDOW = 120_000; // milliseconds; as in breaker.rs
const ENOUGH = 2; // users
const MOST_ALONE = 2; // failures of the first user that count when another one fails, too: not enough to open the circuit
const MOST_USERS = 16; // more are not remembered

export class SharedCircuit {
  #gateway;
  #cooldown;
  /** @type {Map<string, Circuit>} */
  #circuits = new Map(); // by what is configured, so their number is bounded

  /** @param {Gateway} gateway @param {number} cooldown initial milliseconds */
  constructor(gateway, cooldown) {
    this.#gateway = gateway;
    this.#cooldown = cooldown;
  }

  /**
   * The milliseconds for which nothing may be sent; 0 for now. After a cooldown, one caller is let through as the canary.
   * @param {string} target
   * @param {number} [now]
   */
  admit(target, now = Date.now()) {
    const circuit = this.#circuits.get(target);
    if (!circuit?.state) return 0;
    const { wait, ...state } = this.#gateway.breakerAfter(circuit.state, 'admit', now, 0);
    if (wait === 0) circuit.state = state;
    return wait;
  }

  /**
   * A user could not reach it: by a connection that failed, or a proxy said so. Returns whether its circuit has opened, or opened again after a canary.
   * @param {string} target
   * @param {string} user
   * @param {number} [now]
   */
  failed(target, user, now = Date.now()) {
    const circuit = this.#circuits.get(target) ?? { users: new Map(), alone: 0, state: undefined };
    this.#circuits.set(target, circuit);
    const { users } = circuit;
    for (const [other, at] of users) if (now - at > WINDOW) users.delete(other);
    if (users.size === 0) circuit.alone = 0;
    if (users.size < MOST_USERS) users.set(user, now);
    if (users.size < ENOUGH) {
      circuit.alone = Math.min(circuit.alone + 1, MOST_ALONE);
      return false;
    }
    const before = circuit.state?.openings ?? 0;
    for (let count = circuit.alone + 1; count > 0; count -= 1) {
      const { wait: _, ...state } = this.#gateway.breakerAfter(circuit.state ?? {}, 'failed', now, this.#cooldown);
      circuit.state = state;
    }
    circuit.alone = 0;
    return (circuit.state?.openings ?? 0) > before;
  }

  /** It has answered: @param {string} target */
  worked(target) {
    if (this.#circuits.size > 0) this.#circuits.delete(target);
  }
}
