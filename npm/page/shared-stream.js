// The GET stream of a session that tabs share: one visible tab has it and passes on what comes.
//
// Web Locks: mcp-tether:listen:<name>:<key>, held by the one visible tab that has the GET stream of a session. It waits in the others; the next holder
// looks into the storage, where the last one has left the stream's cursor, and opens the stream there.
//
// One BroadcastChannel, `mcp-tether:<name>`. Each message has `from`, the tab that sends it, and some have `to`:
//   { type: 'here' }, { type: 'gone' }                 a tab comes, or goes. Each tab says `here` to a new one.
//   { type: 'stored', userId, serverName }             the session is another one now: look into the storage.
//   { type: 'heard', userId, serverName, message }     a notification from the stream, for the handlers of all tabs.
//   { type: 'ask', to, userId, serverName, message }   a request of the server that has no handler in the tab that got it.
//   { type: 'took', to, id, yes }                      whether it has one in the tab that was asked; that tab answers the server itself.
// @ts-check

/** @import { SessionEventDetail, SessionState } from '../index.js' */
/** @import { SharedStorage } from './shared-storage.js' */
/** @import { About, Followed, PageManager, Rpc, TabMessage } from './types.js' */

/** @typedef {TabMessage extends infer M ? M extends TabMessage ? Omit<M, 'from'> : never : never} Sent */

const never = new Promise(() => {});
const METHOD_NOT_FOUND = -32601;
/** Milliseconds that a tab has to say whether it answers a request; one that is frozen says nothing. */
const ANSWER_TIME = 1_000;

export class SharedStream {
  #manager;
  #tabs;
  #channel;
  #me = crypto.randomUUID();
  /** @type {Set<string>} */
  #others = new Set();
  #wanted = false;
  /** @type {Map<string, Followed>} */
  #sessions = new Map(); // by user and server: { stop } while the lock is waited for or held
  /** @type {Map<string, (yes: boolean) => void>} */
  #asked = new Map(); // requests that another tab was asked to answer: id → resolve
  #injecting = false;
  #declined = false;
  /** @type {(event: Event) => void} */
  #onstate;

  /** @param {PageManager} manager @param {SharedStorage} tabs */
  constructor(manager, tabs) {
    this.#manager = manager;
    this.#tabs = tabs;
    this.#channel = new BroadcastChannel(`mcp-tether:${tabs.name}`);
    this.#channel.onmessage = ({ data }) => this.#receive(data);
    tabs.onstored = ({ user, server }) => this.#post({ type: 'stored', userId: user, serverName: server });
    tabs.listens = ({ user, server }) => this.#sessions.get(nameOf(user, server))?.held === true;
    manager.tap((message, about) => this.#tapped(message, about));
    // The holder of a session's lock says when its stream is opened.
    manager.tell('park');
    this.#onstate = (event) => this.#follow(/** @type {CustomEvent<SessionEventDetail>} */ (event).detail);
    manager.events.addEventListener('stateChanged', this.#onstate);
    for (const info of manager.getAllActiveSessions()) this.#follow({ ...info, to: 'ready' });
    this.#post({ type: 'here' });
  }

  /** @param {boolean} wanted */
  want(wanted) {
    this.#wanted = wanted;
    for (const [name, session] of this.#sessions) {
      if (wanted) this.#wait(name, session);
      else this.#stop(session);
    }
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

  /** @param {{ userId: string, serverName: string, to?: SessionState | undefined }} change */
  #follow({ userId, serverName, to }) {
    const name = nameOf(userId, serverName);
    /** @type {Followed} */
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
  /** @param {string} name @param {Followed} session */
  #wait(name, session) {
    if (session.stop) return;
    const aborter = new AbortController();
    session.stop = () => aborter.abort();
    navigator.locks
      .request(`mcp-tether:listen:${this.#tabs.name}:${name}`, { signal: aborter.signal }, () => {
        if (aborter.signal.aborted) return undefined;
        return new Promise((release) => {
          // The next holder goes on where this tab has been.
          session.stop = () => void this.#tabs.settled().then(release);
          session.held = true;
          this.#manager.tell('unpark', session.userId, session.serverName);
        });
      })
      .catch(() => {});
  }

  /** @param {Followed} session */
  #stop(session) {
    if (session.held) this.#manager.tell('park', session.userId, session.serverName);
    session.stop?.();
    session.held = false;
    session.stop = undefined;
  }

  /** @param {Sent} message */
  #post(message) {
    this.#channel.postMessage({ from: this.#me, ...message });
  }

  /** @param {TabMessage} data */
  #receive(data) {
    const { from, to } = data;
    if (to !== undefined && to !== this.#me) return;
    if (data.type === 'gone') this.#others.delete(from);
    else this.#others.add(from);
    switch (data.type) {
      case 'here':
        if (to === undefined) this.#post({ type: 'here', to: from });
        break;
      case 'stored':
        this.#manager.tell('look', data.userId, data.serverName);
        break;
      case 'heard':
        this.#inject(data.userId, data.serverName, data.message);
        break;
      case 'ask':
        this.#post({
          type: 'took',
          to: from,
          id: data.id,
          yes: this.#inject(data.userId, data.serverName, data.message),
        });
        break;
      case 'took':
        this.#asked.get(data.id)?.(data.yes);
        break;
    }
  }

  // Lets this tab's handlers have a message; whether they took it.
  /** @param {string} userId @param {string} serverName @param {Rpc} message */
  #inject(userId, serverName, message) {
    if (this.#manager.getSessionInfo(userId, serverName)?.state !== 'ready') return false;
    this.#injecting = true;
    this.#declined = false;
    this.#manager.tell('hear', userId, serverName, message);
    this.#injecting = false;
    // A handler may have declined meanwhile, which the compiler does not see.
    return !(/** @type {boolean} */ (this.#declined));
  }

  // A message that no handler of this tab has taken, or a notification for all.
  /** @param {Rpc} message @param {About} about */
  #tapped(message, { userId, serverName, signal }) {
    if (signal)
      return this.#injecting
        ? this.#decline(userId, serverName, message)
        : this.#ask(userId, serverName, message, signal);
    if (!this.#injecting) this.#post({ type: 'heard', userId, serverName, message });
    return undefined;
  }

  /** @param {string} userId @param {string} serverName @param {Rpc} message */
  #decline(userId, serverName, message) {
    this.#declined = true;
    queueMicrotask(() => this.#drop(userId, serverName, message));
    return never;
  }

  /** @param {string} userId @param {string} serverName @param {Rpc} message @param {AbortSignal} signal */
  async #ask(userId, serverName, message, signal) {
    for (const to of [...this.#others]) {
      const id = crypto.randomUUID();
      /** @type {Promise<boolean>} */
      const answered = new Promise((resolve) => this.#asked.set(id, resolve));
      this.#post({ type: 'ask', to, id, userId, serverName, message });
      /** @type {Promise<undefined>} */
      const late = new Promise((resolve) => setTimeout(resolve, ANSWER_TIME));
      const yes = await Promise.race([answered, late]);
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
  /** @param {string} userId @param {string} serverName @param {Rpc} message */
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

/** @type {(userId: string, serverName: string) => string} */
const nameOf = (userId, serverName) => JSON.stringify([userId, serverName]);
