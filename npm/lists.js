// Reads lists again when they change.
// @ts-check

import { mustBeManager } from './arguments.js';
import { observe } from './observers.js';

/** @import { McpError, McpManager, McpSession } from './index.js' */
/** @import { ListHandler, ListHandlers } from './lists.js' */
/** @import { RelaySession } from './transport.js' */

/** @typedef {keyof typeof kinds} Kind */
/** @typedef {(items: any[], text: string) => void} Then */

const kinds = /** @type {const} */ ({
  tools: { list: 'listTools', changed: 'notifications/tools/list_changed', capability: 'tools' },
  prompts: { list: 'listPrompts', changed: 'notifications/prompts/list_changed', capability: 'prompts' },
  resources: { list: 'listResources', changed: 'notifications/resources/list_changed', capability: 'resources' },
});

/** @param {McpManager} manager @param {McpSession} session @param {ListHandlers} handlers */
export function watchLists(manager, session, handlers) {
  mustBeManager(manager);
  const { userId, serverName } = session;
  const lists = /** @type {Kind[]} */ (Object.keys(kinds)).flatMap((kind) => {
    const handler = handlers[kind];
    return handler ? [new List(session, kind, handler)] : [];
  });
  const stopObserving = observe(/** @type {RelaySession} */ (session), ({ method }) => {
    for (const list of lists) if (list.changed === method) list.refresh();
  });
  /** @param {'toolsChanged' | 'recoverySucceeded'} type @param {(list: List) => void} act */
  const listen = (type, act) => {
    /** @param {{ detail: { userId: string, serverName: string } }} event */
    const listener = ({ detail }) => {
      if (detail.userId === userId && detail.serverName === serverName) lists.forEach(act);
    };
    manager.events.addEventListener(type, listener);
    return () => manager.events.removeEventListener(type, listener);
  };
  const listening = [
    // The manager has compared the tools after the recovery.
    listen('toolsChanged', (list) => list.kind === 'tools' && list.refresh()),
    listen('recoverySucceeded', (list) => list.kind !== 'tools' && list.compare()),
  ];
  return () => {
    stopObserving();
    for (const stop of [...listening, ...lists.map((list) => () => list.stop())]) stop();
  };
}

class List {
  #session;
  #handler;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;
  #turn = 0; // number of the latest read
  /** @type {string | undefined} */
  #last; // the last delivered list, as JSON
  #isStopped = false;

  /** @param {McpSession} session @param {Kind} kind @param {ListHandler<any>} handler */
  constructor(session, kind, handler) {
    this.#session = session;
    this.#handler = handler;
    this.kind = kind;
    this.changed = kinds[kind].changed;
  }

  refresh() {
    this.#later((items, text) => this.#deliver(null, items, text));
  }

  // After a recovery the list may differ, without a notification.
  compare() {
    if (this.#session.getServerCapabilities()?.[kinds[this.kind].capability])
      this.#later((items, text) => text !== this.#last && this.#deliver(null, items, text));
  }

  stop() {
    this.#isStopped = true;
    clearTimeout(this.#timer);
  }

  // Debounces changes: the last one counts.
  /** @param {Then} then */
  #later(then) {
    const { autoRefresh = true, debounceMs = 300 } = this.#handler;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => (autoRefresh ? this.#read(then) : this.#deliver(null, null)), debounceMs);
  }

  /** @param {Then} then */
  async #read(then) {
    const turn = ++this.#turn;
    try {
      const page = await this.#session[kinds[this.kind].list]();
      const items = /** @type {Record<string, any>} */ (page)[this.kind];
      if (turn === this.#turn) then(items, JSON.stringify(items));
    } catch (cause) {
      const error = /** @type {McpError} */ (cause);
      if (turn === this.#turn && error.code !== 'closed') this.#deliver(error, null);
    }
  }

  /** @param {McpError | null} error @param {any[] | null} items @param {string} [text] */
  #deliver(error, items, text) {
    if (this.#isStopped) return;
    this.#last = text;
    this.#handler.onChanged(error, items);
  }
}
