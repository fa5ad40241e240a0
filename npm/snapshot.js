// Snapshots for user interfaces: the sessions of a manager, and one session with its tools.
// @ts-check

import { watchLists } from './lists.js';

/** @import { ConnectOptions, McpError, McpManager, McpSession, RequestOptions } from './index.js' */
/** @import { ManagerSnapshot, SessionSnapshot, Snapshot, WatchedSession } from './snapshot.js' */

// Events after which `getSessionInfo` differs.
const EVENTS = /** @type {const} */ ([
  'sessionCreated',
  'sessionReused',
  'sessionError',
  'recoveryStarted',
  'recoverySucceeded',
  'recoveryFailed',
  'sessionExpired',
  'sessionTerminated',
  'stateChanged',
  'outageStarted',
  'outageEnded',
]);
/** @type {WeakMap<McpManager, Snapshot<ManagerSnapshot>>} */
const snapshots = new WeakMap();

/** @param {McpManager} manager */
export function snapshotOf(manager) {
  let snapshot = snapshots.get(manager);
  if (!snapshot) {
    /** @type {Store<ManagerSnapshot>} */
    const store = new Store(Object.freeze({ sessions: Object.freeze([]) }));
    const update = () => store.set(Object.freeze({ sessions: Object.freeze(manager.getAllActiveSessions()) }));
    for (const type of EVENTS) manager.events.addEventListener(type, update);
    update();
    snapshot = store.face;
    snapshots.set(manager, snapshot);
  }
  return snapshot;
}

/** @type {SessionSnapshot} */
const IDLE = Object.freeze({ state: 'connecting', session: undefined, tools: Object.freeze([]), error: undefined });

/**
 * @param {McpManager} manager
 * @param {string} userId
 * @param {string} serverName
 * @param {ConnectOptions} [options]
 * @returns {WatchedSession}
 */
export function watchSession(manager, userId, serverName, options) {
  const connection = new Connection(manager, userId, serverName, options);
  const { store } = connection;
  // Connected while it has subscribers. A subscriber that returns within the same turn, as in React's StrictMode, changes nothing.
  let subscribers = 0;
  return {
    getSnapshot: store.face.getSnapshot,
    subscribe(listener) {
      const unsubscribe = store.face.subscribe(listener);
      subscribers++;
      connection.start();
      let isOver = false;
      return () => {
        if (isOver) return;
        isOver = true;
        unsubscribe();
        subscribers--;
        queueMicrotask(() => {
          if (subscribers === 0) connection.stop();
        });
      };
    },
    async call(name, args, callOptions) {
      const session = store.value.session ?? (await connection.connected());
      return session.callTool({ name, ...(args && { arguments: args }) }, callOptions);
    },
    retry: async () => {
      try {
        await connection.connect();
      } catch {} // the snapshot has the error
    },
  };
}

class Connection {
  /** @type {Store<SessionSnapshot>} */
  store = new Store(IDLE);
  #manager;
  #key;
  /** @type {Promise<McpSession> | undefined} */
  #connecting;
  /** @type {object | undefined} */
  #current; // the latest attempt; earlier ones are ignored
  /** @type {(() => void) | undefined} */
  #end;

  /** @param {McpManager} manager @param {string} userId @param {string} serverName @param {ConnectOptions} [options] */
  constructor(manager, userId, serverName, options) {
    this.#manager = manager;
    this.#key = { userId, serverName, options };
  }

  connected() {
    return this.#connecting ?? this.connect();
  }

  connect() {
    this.#connecting = this.#attempt();
    this.#connecting.catch(() => {}); // the snapshot has the error
    return this.#connecting;
  }

  async #attempt() {
    const { userId, serverName, options } = this.#key;
    const attempt = {};
    this.#current = attempt;
    this.#change({ state: 'connecting', error: undefined });
    try {
      const session = await this.#manager.connect(userId, serverName, options);
      if (this.#current === attempt) await this.#adopt(session, attempt);
      else session[Symbol.asyncDispose]();
      return session;
    } catch (cause) {
      const error = /** @type {McpError} */ (cause);
      if (this.#current === attempt) this.#change({ error, ...(!this.store.value.session && { state: 'failed' }) });
      throw error;
    }
  }

  /** @param {McpSession} session @param {object} attempt */
  async #adopt(session, attempt) {
    this.#change({ session, state: session.state });
    if (!session.getServerCapabilities()?.tools) return;
    const { tools } = await session.listTools();
    if (this.#current === attempt) this.#change({ tools });
  }

  start() {
    if (this.#end) return;
    const stopWatching = this.#watch();
    this.connect();
    this.#end = () => {
      this.#current = undefined;
      stopWatching();
      const { session } = this.store.value;
      this.store.set(IDLE);
      session?.[Symbol.asyncDispose]();
    };
  }

  stop() {
    this.#end?.();
    this.#end = undefined;
  }

  // Follows the state of the session, and its list of tools.
  #watch() {
    const { userId, serverName } = this.#key;
    /** @type {McpSession | undefined} */
    let watched;
    /** @type {(() => void) | undefined} */
    let unwatch;
    const unfollow = follow(this.#manager, userId, serverName, (state) => {
      if (this.store.value.session) this.#change({ state });
    });
    const unsubscribe = this.store.face.subscribe(() => {
      const { session } = this.store.value;
      if (session === watched) return;
      unwatch?.();
      watched = session;
      unwatch =
        session &&
        watchLists(this.#manager, session, {
          tools: { onChanged: (error, tools) => this.#change(error ? { error } : { tools: tools ?? [] }) },
        });
    });
    return () => {
      unsubscribe();
      unwatch?.();
      unfollow();
    };
  }

  /** @param {Partial<SessionSnapshot>} fields */
  #change(fields) {
    this.store.set(Object.freeze({ ...this.store.value, ...fields }));
  }
}

/**
 * Calls `listener` with every new state of a session. Returns a function that ends it.
 * @param {McpManager} manager
 * @param {string} userId
 * @param {string} serverName
 * @param {(state: SessionSnapshot['state']) => void} listener
 */
function follow(manager, userId, serverName, listener) {
  /** @param {{ detail: { userId: string, serverName: string, to?: SessionSnapshot['state'] } }} event */
  const onState = ({ detail }) => {
    if (detail.userId === userId && detail.serverName === serverName && detail.to) listener(detail.to);
  };
  manager.events.addEventListener('stateChanged', onState);
  return () => manager.events.removeEventListener('stateChanged', onState);
}

/**
 * A value with listeners. Several changes in one turn call them once.
 * @template Value
 */
class Store {
  /** @type {Set<() => void>} */
  #listeners = new Set();
  #isQueued = false;
  /** @type {Snapshot<Value>} */
  face = {
    getSnapshot: () => this.value,
    subscribe: (listener) => {
      const own = () => listener();
      this.#listeners.add(own);
      return () => this.#listeners.delete(own);
    },
  };

  /** @param {Value} value */
  constructor(value) {
    this.value = value;
  }

  /** @param {Value} value */
  set(value) {
    this.value = value;
    if (this.#isQueued) return;
    this.#isQueued = true;
    queueMicrotask(() => {
      this.#isQueued = false;
      for (const listener of [...this.#listeners]) listener();
    });
  }
}
