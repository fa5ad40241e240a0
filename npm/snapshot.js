// What user interfaces subscribe to: the sessions of a manager, and one session with its tools.

import { watchLists } from './lists.js';

// Events after which `getSessionInfo` says something else.
const EVENTS = [
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
];
const snapshots = new WeakMap();

export function snapshotOf(manager) {
  let snapshot = snapshots.get(manager);
  if (!snapshot) {
    const store = new Store(Object.freeze({ sessions: Object.freeze([]) }));
    const update = () => store.set(Object.freeze({ sessions: Object.freeze(manager.getAllActiveSessions()) }));
    for (const type of EVENTS) manager.events.addEventListener(type, update);
    update();
    snapshot = store.face;
    snapshots.set(manager, snapshot);
  }
  return snapshot;
}

export function watchSession(manager, userId, serverName, options) {
  const watched = new WatchedSession(manager, userId, serverName, options);
  return {
    getSnapshot: () => watched.store.value,
    subscribe: (listener) => watched.subscribe(listener),
    call: async (name, args, callOptions) => {
      const session = await watched.connect();
      return session.callTool({ name, ...(args && { arguments: args }) }, callOptions);
    },
    // Why it failed is in the snapshot.
    retry: () => watched.connect().then(ignore, ignore),
  };
}

const ignore = () => {};
const IDLE = Object.freeze({ state: 'connecting', session: undefined, tools: Object.freeze([]), error: undefined });

// One session, connected while it has subscribers.
class WatchedSession {
  store = new Store(IDLE);
  #manager;
  #of;
  #options;
  #connecting; // the promise of the session; none after a failure
  #subscribers = 0;
  #isWatched = false;
  #endings = []; // what to call when the last subscriber has left

  constructor(manager, userId, serverName, options) {
    this.#manager = manager;
    this.#of = { userId, serverName };
    this.#options = options;
  }

  connect() {
    if (!this.#connecting) {
      this.#change({ state: 'connecting', error: undefined });
      const connecting = this.#open(() => this.#connecting === connecting);
      this.#connecting = connecting;
      connecting.catch(ignore);
    }
    return this.#connecting;
  }

  async #open(isWanted) {
    const { userId, serverName } = this.#of;
    try {
      const session = await this.#manager.connect(userId, serverName, this.#options);
      if (isWanted()) {
        this.#change({ session, state: session.state });
        if (this.#isWatched) this.#watch(session);
      }
      return session;
    } catch (error) {
      if (isWanted()) {
        this.#connecting = undefined;
        this.#change({ state: 'failed', error });
      }
      throw error;
    }
  }

  async #watch(session) {
    const isCurrent = () => this.store.value.session === session;
    const onChanged = (error, tools) => isCurrent() && this.#change(error ? { error } : { tools, error: undefined });
    this.#endings.push(watchLists(this.#manager, session, { tools: { onChanged } }));
    if (!session.getServerCapabilities()?.tools) return;
    try {
      const { tools } = await session.listTools();
      onChanged(null, tools);
    } catch (error) {
      onChanged(error);
    }
  }

  subscribe(listener) {
    const unsubscribe = this.store.face.subscribe(listener);
    this.#subscribers++;
    if (!this.#isWatched) this.#start();
    let isOver = false;
    return () => {
      if (isOver) return;
      isOver = true;
      unsubscribe();
      this.#subscribers--;
      // One that comes back in the same moment, as in React's StrictMode, finds everything as it was.
      queueMicrotask(() => this.#subscribers === 0 && this.#isWatched && this.#stop());
    };
  }

  #start() {
    const { userId, serverName } = this.#of;
    const onState = ({ detail }) => {
      if (detail.userId === userId && detail.serverName === serverName && this.store.value.session)
        this.#change({ state: detail.to });
    };
    const { events } = this.#manager;
    events.addEventListener('stateChanged', onState);
    this.#endings.push(() => events.removeEventListener('stateChanged', onState));
    this.#isWatched = true;
    const { session } = this.store.value;
    if (session) this.#watch(session);
    else this.connect();
  }

  // The session stays; what is let go of is the object.
  #stop() {
    this.#isWatched = false;
    for (const end of this.#endings.splice(0)) end();
    this.#connecting?.then((session) => session[Symbol.asyncDispose](), ignore);
    this.#connecting = undefined;
    this.store.set(IDLE);
  }

  #change(fields) {
    this.store.set(Object.freeze({ ...this.store.value, ...fields }));
  }
}

// A value and who wants to know when it changes. Several changes in one turn are told once.
class Store {
  #listeners = new Set();
  #isTelling = false;
  face = {
    getSnapshot: () => this.value,
    subscribe: (listener) => {
      const own = () => listener();
      this.#listeners.add(own);
      return () => this.#listeners.delete(own);
    },
  };

  constructor(value) {
    this.value = value;
  }

  set(value) {
    this.value = value;
    if (this.#isTelling) return;
    this.#isTelling = true;
    queueMicrotask(() => {
      this.#isTelling = false;
      for (const listener of [...this.#listeners]) listener();
    });
  }
}
