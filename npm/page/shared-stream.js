// The GET stream of a shared session: one visible tab opens it and forwards its messages.
//
// Web Locks: mcp-tether:listen:<name>:<key>, held by the visible tab with the GET stream of a session, and requested by the others. The next holder
// reads the stream's cursor from the storage and resumes there.
//
// One BroadcastChannel, `mcp-tether:<name>`. Each message has `from`, the sending tab, and some have `to`:
//   { type: 'here' }, { type: 'gone' }                 a tab opens or closes. Every tab replies `here` to a new one.
//   { type: 'stored', userId, serverName }             the session changed: read it from the storage.
//   { type: 'heard', userId, serverName, message }     a notification from the stream, for the handlers of all tabs.
//   { type: 'ask', to, userId, serverName, message }   a server request without a handler in the tab that received it.
//   { type: 'took', to, id, yes }                      whether the addressed tab has a handler; if so, it answers the server.
// @ts-check

/** @import { SessionEventDetail, SessionState } from '../index.js' */
/** @import { SharedStorage } from './shared-storage.js' */
/** @import { About, Followed, PageManager, Rpc, TabMessage } from './types.js' */

/** @typedef {TabMessage extends infer M ? M extends TabMessage ? Omit<M, 'from'> : never : never} Sent */

const never = new Promise(() => {});
const METHOD_NOT_FOUND = -32601;
/** Milliseconds that a tab has to accept a request; a frozen tab does not reply. */
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
  #sessions = new Map(); // by user and server: { stop } while the lock is requested or held
  /** @type {Map<string, (yes: boolean) => void>} */
  #asked = new Map(); // requests offered to another tab: id → resolve
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
    manager.tell('tap', undefined, undefined, (message, about) => this.#tapped(message, about));
    // The holder of a session's lock decides when its stream is opened.
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
    this.#manager.tell('tap');
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

  // Requests the lock, and opens the stream when it is granted.
  /** @param {string} name @param {Followed} session */
  #wait(name, session) {
    if (session.stop) return;
    const aborter = new AbortController();
    session.stop = () => aborter.abort();
    navigator.locks
      .request(`mcp-tether:listen:${this.#tabs.name}:${name}`, { signal: aborter.signal }, () => {
        if (aborter.signal.aborted) return undefined;
        return new Promise((release) => {
          // The next holder resumes at the cursor of this tab.
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

  // Delivers a message to this tab's handlers; returns whether one accepted it.
  /** @param {string} userId @param {string} serverName @param {Rpc} message */
  #inject(userId, serverName, message) {
    if (this.#manager.getSessionInfo(userId, serverName)?.state !== 'ready') return false;
    this.#injecting = true;
    this.#declined = false;
    this.#manager.tell('hear', userId, serverName, message);
    this.#injecting = false;
    // A handler may have declined meanwhile, which the compiler cannot see.
    return !(/** @type {boolean} */ (this.#declined));
  }

  // A message without a handler in this tab, or a notification for all tabs.
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

  // Another tab answers the request: drop it, as if the server had cancelled it.
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
