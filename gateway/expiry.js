// When a session ends: unused for its `timeout`, or at its maximum age. The row has the time of last use, but not every use is worth a write, so an
// instance also has it in memory.
// @ts-check

/** @import { Row } from './row.js' */
/** @import { Lifetime } from './types.js' */

/** @typedef {Pick<Row, 'values' | 'touch'>} UseRow the part of the row that is needed here */

const LONGEST_INTERVAL = 60_000;
const LONGEST_BEAT = 5_000;
const SHORTEST_BEAT = 100;

/**
 * Milliseconds between two checks of waiting work: none of these times is missed by much.
 * @param {number} rest after which an unused session is released
 * @param {number} interval between two writes of the time of last use
 * @param {number} [timeout] of a request
 */
export function beatOf(rest, interval, timeout = LONGEST_BEAT) {
  const finest = Math.min(interval, Math.floor(timeout / 4));
  return Math.max(SHORTEST_BEAT, Math.min(LONGEST_BEAT, rest, finest));
}

/** The times of a session's use, for one instance of its object. */
export class Use {
  #row;
  #lifetimeOf;
  /** @type {Lifetime | undefined} */
  #known;
  #at = 0; // the last use; 0: this instance has not used the session yet

  /** @param {UseRow} row @param {(owner: string) => Lifetime} lifetimeOf */
  constructor(row, lifetimeOf) {
    this.#row = row;
    this.#lifetimeOf = lifetimeOf;
  }

  /** The time of the last use, as far as it is known. */
  get last() {
    return Math.max(this.#at, this.#row.values?.touched ?? 0);
  }

  get interval() {
    return intervalOf(this.#lifetime);
  }

  get #lifetime() {
    const { values } = this.#row;
    if (values) this.#known ??= this.#lifetimeOf(values.owner); // asked with every call
    return this.#known ?? { timeout: 0, maxAge: 0 };
  }

  /** Notes a use. @param {number} now */
  note(now) {
    this.#at = now;
  }

  /** Notes a use, and writes it at intervals. Returns whether it was written. @param {number} now */
  touch(now) {
    this.#at = now;
    return this.#row.touch(now, this.interval);
  }

  /** To be called before the instance may be evicted: the next one knows what is written, and nothing else. */
  write() {
    if (this.#at > 0) this.#row.touch(this.#at, 0);
  }

  /** When the session ends, and why. */
  get expiry() {
    const { created, touched } = this.#row.values ?? { created: 0, touched: 0 };
    return expiryOf({ created, touched, usedAt: this.#at }, this.#lifetime);
  }
}

/** @param {Pick<Lifetime, 'timeout'>} lifetime */
function intervalOf({ timeout }) {
  return Math.min(LONGEST_INTERVAL, Math.floor(timeout / 4));
}

/**
 * @param {{ created: number, touched: number, usedAt: number }} session
 * @param {Lifetime} lifetime
 * @returns {{ expiry: number, reason: 'idle' | 'age' }}
 */
function expiryOf({ created, touched, usedAt }, { timeout, maxAge }) {
  // Another instance may have died with a use that was not written: a session in use must not end for that.
  const used = usedAt > 0 ? Math.max(usedAt, touched) : touched + intervalOf({ timeout });
  const idle = used + timeout;
  const age = created + maxAge;
  return idle < age ? { expiry: idle, reason: 'idle' } : { expiry: age, reason: 'age' };
}
