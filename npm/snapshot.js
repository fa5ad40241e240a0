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

const IDLE = Object.freeze({ state: 'connecting', session: undefined, tools: Object.freeze([]), error: undefined });

export function watchSession(manager, userId, serverName, options) {
  const store = new Store(IDLE);
  const change = (fields) => store.set(Object.freeze({ ...store.value, ...fields }));
  let current; // the attempt to connect that counts
  let stop = () => {};

  async function connect() {
    const attempt = {};
    current = attempt;
    change({ state: 'connecting', error: undefined });
    try {
      const session = await manager.connect(userId, serverName, options);
      if (current !== attempt) return void session[Symbol.asyncDispose]();
      change({ session, state: session.state });
      if (session.getServerCapabilities()?.tools) {
        const { tools } = await session.listTools();
        if (current === attempt) change({ tools });
      }
      return session;
    } catch (error) {
      if (current === attempt) change({ error, ...(store.value.session ? {} : { state: 'failed' }) });
      throw error;
    }
  }

  function start() {
    let unwatch;
    let watched;
    const onState = ({ detail }) => {
      if (detail.userId === userId && detail.serverName === serverName && store.value.session)
        change({ state: detail.to });
    };
    const onChanged = (error, tools) => change(error ? { error } : { tools });
    manager.events.addEventListener('stateChanged', onState);
    const unsubscribe = store.face.subscribe(() => {
      const { session } = store.value;
      if (session === watched) return;
      unwatch?.();
      watched = session;
      unwatch = session && watchLists(manager, session, { tools: { onChanged } });
    });
    letFail(begin());
    stop = () => {
      current = undefined;
      unsubscribe();
      unwatch?.();
      manager.events.removeEventListener('stateChanged', onState);
      const { session } = store.value;
      store.set(IDLE);
      session?.[Symbol.asyncDispose]();
    };
  }

  let connecting;
  const begin = () => {
    connecting = connect();
    letFail(connecting);
    return connecting;
  };

  // Lives while it has subscribers. One that leaves and comes back in the same moment, as in React's StrictMode, changes nothing.
  let subscribers = 0;
  let isStarted = false;
  return {
    getSnapshot: store.face.getSnapshot,
    subscribe(listener) {
      const unsubscribe = store.face.subscribe(listener);
      subscribers++;
      if (!isStarted) {
        isStarted = true;
        start();
      }
      let isOver = false;
      return () => {
        if (isOver) return;
        isOver = true;
        unsubscribe();
        subscribers--;
        queueMicrotask(() => {
          if (subscribers > 0 || !isStarted) return;
          isStarted = false;
          stop();
        });
      };
    },
    async call(name, args, callOptions) {
      const session = store.value.session ?? (await (connecting ?? begin()));
      return session.callTool({ name, ...(args && { arguments: args }) }, callOptions);
    },
    retry: async () => {
      try {
        await begin();
      } catch {} // it is in the snapshot
    },
  };
}

function letFail(promise) {
  promise.catch(() => {});
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
