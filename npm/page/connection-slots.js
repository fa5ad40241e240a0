// The connections of each origin that this tab uses for long-lived responses, out of those that all tabs share.
//
// Web Locks: mcp-tether:stream:<origin>:<n>, a slot, one for each long-lived response of an origin over all tabs (`limits.maxStreamsPerOrigin`). A tab
// asks for all slots of an origin at once and keeps the first one that it gets.
//
// One BroadcastChannel for all tabs of the origin, `mcp-tether:stream`: { origin, crowded }, whether requests to an origin wait for a connection.
// @ts-check

/** @import { OriginSlots, PageManager } from './types.js' */

/** How long a slot is kept while another tab waits for one. */
const TURN = 30_000;
/** How often that is looked at. */
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

  // Requests what is wanted, and releases what is not, or what another tab waits for once its stream is closed.
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
          // Two slots may be granted before the requests for the others are withdrawn.
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
          // In a sandboxed frame locks are there and refused (Web Locks §3.3): the budget is this tab's alone.
          if (!signal.aborted) this.end();
        });
    }
  }

  // Gives the oldest slot of an origin to a tab that waits for one. The machine says when the stream on it is closed.
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
