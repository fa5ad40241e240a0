// Snapshots for user interfaces: the sessions of a manager, and one session with its tools.
// @ts-check

import { mustBeManager } from './arguments.js';
import { watchLists } from './lists.js';
import { deferLogin } from './snapshot/deferred-login.js';
import { Store } from './snapshot/store.js';

/** @import { ConnectOptions, McpError, McpManager, McpSession } from './index.js' */
/** @import { LoginProvider, ManagerSnapshot, SessionSnapshot, Snapshot, WatchedSession } from './snapshot.js' */

export { deferLogin } from './snapshot/deferred-login.js';

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
    mustBeManager(manager);
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

const ignore = () => {};

/** @param {SessionSnapshot['state'] | undefined} state */
const isFinal = (state) => state === 'terminated' || state === 'closed';

/** Whether the application has ended the session, or released the object. @param {McpSession | undefined} session */
function isOver(session) {
  try {
    return isFinal(session?.state);
  } catch {
    return true;
  }
}

/** @type {SessionSnapshot} */
const IDLE = Object.freeze({
  state: 'connecting',
  session: undefined,
  tools: Object.freeze([]),
  error: undefined,
  loginError: undefined,
});

/**
 * @param {McpManager} manager
 * @param {string} userId
 * @param {string} serverName
 * @param {ConnectOptions} [options]
 * @returns {WatchedSession}
 */
export function watchSession(manager, userId, serverName, options) {
  const connection = new Connection(manager, userId, serverName, options);
  return {
    getSnapshot: () => connection.store.value,
    subscribe: (listener) => connection.subscribe(listener),
    call: async (name, args, callOptions) => {
      const session = await connection.connect();
      return session.callTool({ name, ...(args && { arguments: args }) }, callOptions);
    },
    // The snapshot has the error.
    retry: () => connection.connectAgain().then(ignore, ignore),
    login: () => connection.login().then(ignore, ignore),
  };
}

// One session, connected while it has subscribers.
class Connection {
  /** @type {Store<SessionSnapshot>} */
  store = new Store(IDLE);
  #manager;
  #key;
  #options;
  /** @type {Promise<McpSession> | undefined} */
  #connecting; // none after a failure
  #subscribers = 0;
  #isWatched = false;
  /** @type {(() => void)[]} */
  #endings = []; // called when the last subscriber leaves
  /** @type {ReturnType<typeof deferLogin> | undefined} */
  #logins; // none if the provider cannot log in
  /** @type {SessionSnapshot['state']} */
  #state = 'connecting'; // apart from logins

  /** @param {McpManager} manager @param {string} userId @param {string} serverName @param {ConnectOptions} [options] */
  constructor(manager, userId, serverName, options) {
    this.#manager = manager;
    this.#key = { userId, serverName };
    this.#options = options;
    const auth = options?.auth;
    if (!auth || !('signIn' in auth)) return;
    this.#logins = deferLogin(/** @type {LoginProvider} */ (auth));
    this.#options = { ...options, auth: this.#logins };
  }

  /** @returns {Promise<McpSession>} */
  connect() {
    if (!this.#connecting) {
      this.#change({ state: 'connecting', error: undefined });
      /** @type {Promise<McpSession>} */
      const connecting = this.#open(() => this.#connecting === connecting);
      this.#connecting = connecting;
      connecting.catch(ignore);
    }
    return this.#connecting;
  }

  /** Connects, also after the application has ended the session. */
  connectAgain() {
    if (isOver(this.store.value.session)) this.#connecting = undefined;
    return this.connect();
  }

  /** Logs in, and connects if that has failed before. The login begins in this turn, which may be that of a click. */
  async login() {
    const { userId, serverName } = this.#key;
    await this.#logins?.login(userId, serverName);
    await this.connectAgain();
  }

  /** @param {() => boolean} isWanted */
  async #open(isWanted) {
    const { userId, serverName } = this.#key;
    try {
      const session = await this.#manager.connect(userId, serverName, this.#options);
      if (isWanted()) {
        this.#change({ session, state: session.state });
        if (this.#isWatched) this.#watch(session);
      }
      return session;
    } catch (cause) {
      if (isWanted()) {
        this.#connecting = undefined;
        this.#change({ state: 'failed', error: /** @type {McpError} */ (cause) });
      }
      throw cause;
    }
  }

  /** @param {McpSession} session */
  async #watch(session) {
    /** @type {(error: McpError | null, tools: SessionSnapshot['tools'] | null) => void} */
    const onChanged = (error, tools) => {
      if (this.store.value.session === session)
        this.#change(error ? { error } : { tools: tools ?? [], error: undefined });
    };
    this.#endings.push(watchLists(this.#manager, session, { tools: { onChanged } }));
    if (!session.getServerCapabilities()?.tools) return;
    try {
      const { tools } = await session.listTools();
      onChanged(null, tools);
    } catch (error) {
      onChanged(/** @type {McpError} */ (error), null);
    }
  }

  /** @param {() => void} listener */
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
      // A subscriber that returns within the same turn, as in React's StrictMode, changes nothing.
      queueMicrotask(() => {
        if (this.#subscribers === 0 && this.#isWatched) this.#stop();
      });
    };
  }

  #start() {
    const { userId, serverName } = this.#key;
    mustBeManager(this.#manager);
    const unfollow = follow(this.#manager, userId, serverName, (state) => {
      const { session } = this.store.value;
      // Others of the application connect again.
      if (isOver(session) && !isFinal(state)) this.connectAgain();
      else if (session) this.#change({ state });
    });
    this.#endings.push(unfollow);
    if (this.#logins) this.#endings.push(this.#logins.subscribe(() => this.#change({})));
    this.#isWatched = true;
    const { session } = this.store.value;
    if (session && !isOver(session)) {
      this.#change({ state: session.state });
      this.#watch(session);
    } else this.connectAgain();
  }

  // Releases the object; the session stays.
  #stop() {
    this.#isWatched = false;
    for (const end of this.#endings.splice(0)) end();
    this.#connecting?.then((session) => session[Symbol.asyncDispose](), ignore);
    this.#connecting = undefined;
    this.#state = IDLE.state;
    this.store.set(IDLE);
  }

  /** @param {Partial<SessionSnapshot>} fields */
  #change(fields) {
    this.#state = fields.state ?? this.#state;
    const { userId, serverName } = this.#key;
    const needed = this.#logins?.getSnapshot().find((one) => one.userId === userId && one.serverName === serverName);
    const state = needed && !isFinal(this.#state) ? 'needsLogin' : this.#state;
    this.store.set(Object.freeze({ ...this.store.value, ...fields, state, loginError: needed?.error }));
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
