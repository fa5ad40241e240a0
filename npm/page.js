// The life of a page: hidden, offline, restored, closed; and one stream for all tabs. A page opts in with one call.
//
// Tabs that share a session (`tabs`, made by `sharedStorage`) talk in two ways.
//
// Web Locks, which end with their holder however it ends:
//   mcp-tether:make:<key>    held from a look into the storage that found no session until one is stored: one handshake for all.
//   mcp-tether:listen:<key>  held by the one visible tab that has the GET stream of a session. It waits in the others; whoever gets it
//                            looks into the storage, where the last holder has left the stream's cursor, and opens the stream there.
//   mcp-tether:stream:<origin>:<n>
//                            a slot, one for each long-lived response of an origin over all tabs (`limits.maxStreamsPerOrigin`). A tab asks
//                            for all slots of an origin at once and keeps the first one that it gets.
//
// One BroadcastChannel, `mcp-tether:<name>`. Each message has `from`, the tab that sends it, and some have `to`:
//   { type: 'here' }, { type: 'gone' }                 a tab comes, or goes. Who hears of a new one says `here` to it.
//   { type: 'stored', userId, serverName }             the session is another one now: look into the storage.
//   { type: 'heard', userId, serverName, message }     a notification from the stream, for everybody's handlers.
//   { type: 'ask', to, userId, serverName, message }   a request of the server that has no handler in the tab that got it.
//   { type: 'took', to, id, yes }                      whether it has one in the tab that was asked; that tab answers the server itself.
//
// And one for all tabs of the origin, `mcp-tether:stream`: { origin, crowded }, whether requests to an origin wait for a connection.

/** Follows the page that this runs in. Returns a function that ends that. */
export function attachToPage(manager, { onHide = 'keep', grace = 30_000, tabs } = {}) {
  if (tabs && onHide === 'terminate')
    throw new TypeError('onHide: a session that tabs share does not end with one of them');
  const slots = typeof BroadcastChannel === 'function' && globalThis.navigator?.locks && new Slots(manager);
  const streams = tabs?.supported
    ? new SharedStream(manager, tabs)
    : { want: (wanted) => manager.tell(wanted ? 'unpark' : 'park'), end() {} };
  let parking;
  let wanted;

  const want = (value) => {
    clearTimeout(parking);
    if (wanted === value) return;
    wanted = value;
    streams.want(value);
  };
  const look = () => {
    clearTimeout(parking);
    if (document.visibilityState !== 'hidden') {
      manager.tell('wake');
      return want(true);
    }
    manager.tell('save');
    parking = setTimeout(want, grace, false);
  };
  const hide = () => {
    // An open stream would keep the page out of the back/forward cache, and its lock in there would keep other tabs waiting.
    want(false);
    manager.tell(onHide === 'terminate' ? 'retire' : 'save');
  };
  const network = () => manager.tell(navigator.onLine ? 'online' : 'offline');

  const listeners = [
    [document, 'visibilitychange', look],
    [window, 'pagehide', hide],
    [window, 'pageshow', look],
    [document, 'resume', look],
    [document, 'freeze', () => want(false)],
    [window, 'online', network],
    [window, 'offline', network],
  ];
  for (const [target, type, listener] of listeners) target.addEventListener(type, listener);
  if (document.visibilityState === 'hidden') want(false);
  else want(true);
  network();

  return () => {
    clearTimeout(parking);
    for (const [target, type, listener] of listeners) target.removeEventListener(type, listener);
    streams.end();
    if (slots) slots.end();
    manager.tell('online');
    manager.tell('unpark');
  };
}

/** A storage whose sessions all tabs use together: for the manager's `storage` and for `attachToPage`'s `tabs`. */
export function sharedStorage(storage, name = 'default') {
  return new Tabs(storage, name);
}

class Tabs {
  #storage;
  #known = new Map(); // the session of each key that this tab has seen last, as long as it has not lost it
  #making = new Map(); // what lets the lock of each session go that this tab is making
  #tails = new Map(); // the end of what is being done about each key: one thing after the other
  onstored = () => {};
  listens = () => true;

  constructor(storage, name) {
    this.#storage = storage;
    this.name = name;
    this.supported = typeof BroadcastChannel === 'function' && Boolean(globalThis.navigator?.locks);
  }

  get(key) {
    return this.#next(key, async () => {
      let text = await this.#storage.get(key);
      // Not a look at the session that this tab has: it is about to make one.
      if (text === null && this.supported && !this.#known.has(key)) {
        await this.#lock(key);
        text = await this.#storage.get(key);
        // Who had the lock before has made it.
        if (text !== null) this.#unlock(key);
      }
      if (text !== null) this.#known.set(key, sessionOf(text));
      return text;
    });
  }

  set(key, value) {
    const record = JSON.parse(value);
    const listens = this.listens(record);
    return this.#next(key, async () => {
      const stored = parse(await this.#storage.get(key));
      const isNew = stored?.sessionId !== record.sessionId;
      if (stored && !isNew) {
        record.lastUsedAt = Math.max(record.lastUsedAt, stored.lastUsedAt);
        // The cursor is the affair of the tab that has the stream.
        if (!listens) record.cursor = stored.cursor;
      }
      await this.#storage.set(key, JSON.stringify(record));
      this.#known.set(key, record.sessionId);
      this.#unlock(key);
      if (isNew) this.onstored(record);
    });
  }

  delete(key) {
    return this.#next(key, async () => {
      const text = await this.#storage.get(key);
      // Another tab may have made the next session already.
      if (text !== null && sessionOf(text) === this.#known.get(key)) await this.#storage.delete(key);
      this.#known.delete(key);
    });
  }

  /** Resolves when nothing is being done. */
  settled() {
    return Promise.all(this.#tails.values());
  }

  #next(key, act) {
    const done = (this.#tails.get(key) ?? Promise.resolve()).then(act);
    this.#tails.set(
      key,
      done.catch(() => {}),
    );
    return done;
  }

  #lock(key) {
    return new Promise((resolve) => {
      // A tab whose server does not answer must not keep the others from trying.
      const signal = AbortSignal.timeout(LONGEST_WAIT);
      navigator.locks
        .request(`mcp-tether:make:${this.name}:${key}`, { signal }, () => {
          resolve();
          return new Promise((release) => {
            this.#unlock(key);
            this.#making.set(key, release);
            setTimeout(release, LONGEST_HANDSHAKE);
          });
        })
        .catch(resolve);
    });
  }

  #unlock(key) {
    this.#making.get(key)?.();
    this.#making.delete(key);
  }
}

/** The connections of each origin that this tab uses for long-lived responses, out of those that all tabs share. */
class Slots {
  #manager;
  #origins = new Map();
  #channel = new BroadcastChannel('mcp-tether:stream');
  #timer;

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

  #of(origin) {
    if (!this.#origins.has(origin)) this.#origins.set(origin, { origin, held: new Map(), crowded: false });
    return this.#origins.get(origin);
  }

  // Requests what is wanted, and releases what is not, or what another tab waits for once its stream is closed.
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
    const { held: locks, pending } = await navigator.locks.query();
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

class SharedStream {
  #manager;
  #tabs;
  #channel;
  #me = crypto.randomUUID();
  #others = new Set();
  #wanted = false;
  #sessions = new Map(); // by user and server: { stop } while the lock is waited for or held
  #asked = new Map(); // requests that another tab was asked to answer: id → resolve
  #injecting = false;
  #declined = false;
  #onstate;

  constructor(manager, tabs) {
    this.#manager = manager;
    this.#tabs = tabs;
    this.#channel = new BroadcastChannel(`mcp-tether:${tabs.name}`);
    this.#channel.onmessage = ({ data }) => this.#receive(data);
    tabs.onstored = ({ user, server }) => this.#post({ type: 'stored', userId: user, serverName: server });
    tabs.listens = ({ user, server }) => this.#sessions.get(nameOf(user, server))?.held === true;
    manager.tap((message, about) => this.#tapped(message, about));
    // Whoever gets the lock of a session says when its stream is opened.
    manager.tell('park');
    this.#onstate = ({ detail }) => this.#follow(detail);
    manager.events.addEventListener('stateChanged', this.#onstate);
    for (const info of manager.getAllActiveSessions()) this.#follow({ ...info, to: 'ready' });
    this.#post({ type: 'here' });
  }

  want(wanted) {
    this.#wanted = wanted;
    for (const [name, session] of this.#sessions) wanted ? this.#wait(name, session) : this.#stop(session);
  }

  end() {
    this.want(false);
    this.#manager.events.removeEventListener('stateChanged', this.#onstate);
    this.#manager.tap(undefined);
    this.#post({ type: 'gone' });
    this.#channel.close();
    this.#tabs.onstored = () => {};
    this.#tabs.listens = () => true;
  }

  #follow({ userId, serverName, to }) {
    const name = nameOf(userId, serverName);
    const session = this.#sessions.get(name) ?? { userId, serverName };
    if (to === 'terminated' || to === 'closed' || to === 'expired') {
      this.#stop(session);
      this.#sessions.delete(name);
    } else if (to === 'ready') {
      this.#sessions.set(name, session);
      if (this.#wanted) this.#wait(name, session);
    }
  }

  // Waits for the lock, and has the stream from then on.
  #wait(name, session) {
    if (session.stop) return;
    const aborter = new AbortController();
    session.stop = () => aborter.abort();
    navigator.locks
      .request(`mcp-tether:listen:${this.#tabs.name}:${name}`, { signal: aborter.signal }, () => {
        if (aborter.signal.aborted) return undefined;
        return new Promise((release) => {
          // Who is next goes on where this tab has been.
          session.stop = () => this.#tabs.settled().then(release);
          session.held = true;
          this.#manager.tell('unpark', session.userId, session.serverName);
        });
      })
      .catch(() => {});
  }

  #stop(session) {
    if (session.held) this.#manager.tell('park', session.userId, session.serverName);
    session.stop?.();
    session.held = false;
    session.stop = undefined;
  }

  #post(message) {
    this.#channel.postMessage({ from: this.#me, ...message });
  }

  #receive(data) {
    const { type, from, to, userId, serverName, message } = data;
    if (to !== undefined && to !== this.#me) return;
    if (type === 'gone') this.#others.delete(from);
    else this.#others.add(from);
    if (type === 'here' && to === undefined) this.#post({ type: 'here', to: from });
    if (type === 'stored') this.#manager.tell('look', userId, serverName);
    if (type === 'heard') this.#inject(userId, serverName, message);
    if (type === 'ask')
      this.#post({ type: 'took', to: from, id: data.id, yes: this.#inject(userId, serverName, message) });
    if (type === 'took') this.#asked.get(data.id)?.(data.yes);
  }

  // Lets this tab's handlers have a message; whether they took it.
  #inject(userId, serverName, message) {
    if (this.#manager.getSessionInfo(userId, serverName)?.state !== 'ready') return false;
    [this.#injecting, this.#declined] = [true, false];
    this.#manager.tell('hear', userId, serverName, message);
    this.#injecting = false;
    return !this.#declined;
  }

  // A message that no handler of this tab has taken, or a notification for all.
  #tapped(message, { userId, serverName, signal }) {
    if (signal)
      return this.#injecting
        ? this.#decline(userId, serverName, message)
        : this.#ask(userId, serverName, message, signal);
    if (!this.#injecting) this.#post({ type: 'heard', userId, serverName, message });
    return undefined;
  }

  #decline(userId, serverName, message) {
    this.#declined = true;
    queueMicrotask(() => this.#drop(userId, serverName, message));
    return never;
  }

  async #ask(userId, serverName, message, signal) {
    for (const to of [...this.#others]) {
      const id = crypto.randomUUID();
      const answered = new Promise((resolve) => this.#asked.set(id, resolve));
      this.#post({ type: 'ask', to, id, userId, serverName, message });
      const yes = await Promise.race([answered, new Promise((resolve) => setTimeout(resolve, ANSWER_TIME))]);
      this.#asked.delete(id);
      if (signal.aborted) return never;
      if (yes) {
        this.#drop(userId, serverName, message);
        return never;
      }
      if (yes === undefined) this.#others.delete(to);
    }
    throw Object.assign(new Error('Method not found'), { code: METHOD_NOT_FOUND });
  }

  // The request is not this tab's to answer: as if the server had taken it back.
  #drop(userId, serverName, { id }) {
    this.#injecting = true;
    this.#manager.tell('hear', userId, serverName, {
      jsonrpc: '2.0',
      method: 'notifications/cancelled',
      params: { requestId: id },
    });
    this.#injecting = false;
  }
}

const never = new Promise(() => {});
const METHOD_NOT_FOUND = -32601;
/** Milliseconds that a tab has to say whether it answers a request; one that is frozen says nothing. */
const ANSWER_TIME = 1_000;
/** How long a tab waits for another's handshake: less than a manager waits for its storage. */
const LONGEST_WAIT = 1_500;
/** A handshake that takes longer than that has failed, and the others may try. */
const LONGEST_HANDSHAKE = 10_000;

/** How long a slot is kept while another tab waits for one. */
const TURN = 30_000;
/** How often that is looked at. */
const YIELD_CHECK = 5_000;

const nameOfSlot = (origin, n) => `mcp-tether:stream:${origin}:${n}`;
const nameOf = (userId, serverName) => JSON.stringify([userId, serverName]);

function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function sessionOf(text) {
  return parse(text)?.sessionId;
}
