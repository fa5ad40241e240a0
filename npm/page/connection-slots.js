// This tab's share of the connections to each origin that all tabs use for long-lived responses.
//
// Web Locks: mcp-tether:stream:<origin>:<n>, a slot, one per long-lived response of an origin over all tabs (`limits.maxStreamsPerOrigin`). A tab
// requests all slots of an origin at once and keeps the first that is granted.
//
// One BroadcastChannel for all tabs of the origin, `mcp-tether:stream`: { origin, crowded }: whether requests to an origin are waiting for a connection.
// @ts-check

/** @import { OriginSlots, PageManager } from './types.js' */

/** Milliseconds that a slot is kept while another tab waits for one. */
const TURN = 30_000;
/** Milliseconds between checks for waiting tabs. */
const YIELD_CHECK = 5_000;

export class ConnectionSlots {
  #manager;
  /** @type {Map<string, OriginSlots>} */
  #origins = new Map();
  #channel = new BroadcastChannel('mcp-tether:stream');
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;

  /** @param {PageManager} manager */
  constructor(manager) {
    this.#manager = manager;
    manager.tell('share', undefined, undefined, (origin, used, wanted, slots) => {
      const state = this.#of(origin);
      const crowded = slots > 0;
      if (state.crowded !== crowded) this.#channel.postMessage({ origin, crowded });
      this.#settle(Object.assign(state, { used, wanted, slots, crowded }));
    });
    this.#channel.onmessage = ({ data: { origin, crowded } }) => {
      this.#of(origin).crowded = crowded;
      manager.tell('crowded', origin, undefined, crowded);
    };
  }

  end() {
    clearTimeout(this.#timer);
    this.#manager.tell('share');
    this.#channel.close();
    for (const state of this.#origins.values()) this.#settle(Object.assign(state, { used: 0, wanted: 0 }));
  }

  /** @param {string} origin @returns {OriginSlots} */
  #of(origin) {
    const known = this.#origins.get(origin);
    if (known) return known;
    const state = { origin, held: new Map(), used: 0, wanted: 0, slots: 0, crowded: false };
    this.#origins.set(origin, state);
    return state;
  }

  // Requests the slots that are needed, and releases the others, or one that another tab waits for after its stream is closed.
  /** @param {OriginSlots} state */
  #settle(state) {
    const { held, used, wanted, yielding } = state;
    const keep = yielding ? Math.max(used, held.size - 1) : wanted;
    for (const [n, { release }] of held) {
      if (held.size <= keep) break;
      held.delete(n);
      state.yielding = false;
      this.#manager.tell('slots', state.origin, undefined, held.size);
      release();
    }
    if (held.size >= wanted) {
      state.aborter?.abort();
      state.aborter = undefined;
    } else if (!state.aborter) {
      this.#request(state);
    }
  }

  /** @param {OriginSlots} state */
  #request(state) {
    const { held, origin, slots } = state;
    const aborter = new AbortController();
    const { signal } = aborter;
    state.aborter = aborter;
    for (let n = 0; n < slots; n += 1) {
      if (held.has(n)) continue;
      navigator.locks
        .request(nameOfSlot(origin, n), { signal }, () => {
          // A second slot may be granted before the abort takes effect.
          if (signal.aborted) return undefined;
          aborter.abort();
          state.aborter = undefined;
          return new Promise((release) => {
            held.set(n, { release, since: Date.now() });
            this.#manager.tell('slots', origin, undefined, held.size);
            this.#settle(state);
            this.#timer ??= setTimeout(() => this.#yield(), YIELD_CHECK);
          });
        })
        .catch(() => {
          // In a sandboxed frame locks exist but are refused (Web Locks §3.3): this tab then uses the limit alone.
          if (!signal.aborted) this.end();
        });
    }
  }

  // Releases the oldest slot of an origin to a waiting tab. The machine reports when the stream in it is closed.
  async #yield() {
    this.#timer = undefined;
    const { held: locks = [], pending = [] } = await navigator.locks.query();
    for (const state of this.#origins.values()) {
      const { origin, held } = state;
      const [first] = held;
      if (!first) continue;
      this.#timer ??= setTimeout(() => this.#yield(), YIELD_CHECK);
      const [n, { since }] = first;
      const me = locks.find(({ name }) => name === nameOfSlot(origin, n))?.clientId;
      const isWanted = pending.some(({ name, clientId }) => clientId !== me && name === nameOfSlot(origin, n));
      if (!isWanted || Date.now() - since < TURN) continue;
      state.yielding = true;
      this.#manager.tell('slots', origin, undefined, held.size - 1);
      this.#settle(state);
    }
  }
}

/** @type {(origin: string, n: number) => string} */
const nameOfSlot = (origin, n) => `mcp-tether:stream:${origin}:${n}`;
