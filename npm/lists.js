// Reads lists again when they change.

import { observe } from './observers.js';

const kinds = {
  tools: { list: 'listTools', changed: 'notifications/tools/list_changed', capability: 'tools' },
  prompts: { list: 'listPrompts', changed: 'notifications/prompts/list_changed', capability: 'prompts' },
  resources: { list: 'listResources', changed: 'notifications/resources/list_changed', capability: 'resources' },
};

export function watchLists(manager, session, handlers) {
  const { userId, serverName } = session;
  const watched = Object.entries(handlers).filter(([kind, handler]) => kinds[kind] && handler);
  const lists = watched.map(([kind, handler]) => new List(session, kind, handler));
  const stopObserving = observe(session, ({ method }) => {
    for (const list of lists) if (list.changed === method) list.refresh();
  });
  const listeners = {
    // The manager has compared the tools after the recovery.
    toolsChanged: (list) => list.kind === 'tools' && list.refresh(),
    recoverySucceeded: (list) => list.kind !== 'tools' && list.compare(),
  };
  const listening = Object.entries(listeners).map(([type, act]) => {
    const listener = ({ detail }) => {
      if (detail.userId === userId && detail.serverName === serverName) lists.forEach(act);
    };
    manager.events.addEventListener(type, listener);
    return () => manager.events.removeEventListener(type, listener);
  });
  return () => {
    stopObserving();
    for (const stop of [...listening, ...lists.map((list) => () => list.stop())]) stop();
  };
}

class List {
  #session;
  #handler;
  #timer;
  #turn = 0; // number of the latest read
  #last; // the last delivered list, as JSON
  #isStopped = false;

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
  #later(then) {
    const { autoRefresh = true, debounceMs = 300 } = this.#handler;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => (autoRefresh ? this.#read(then) : this.#deliver(null, null)), debounceMs);
  }

  async #read(then) {
    const turn = ++this.#turn;
    try {
      const { [this.kind]: items } = await this.#session[kinds[this.kind].list]();
      if (turn === this.#turn) then(items, JSON.stringify(items));
    } catch (error) {
      if (turn === this.#turn && error.code !== 'closed') this.#deliver(error, null);
    }
  }

  #deliver(error, items, text) {
    if (this.#isStopped) return;
    this.#last = text;
    this.#handler.onChanged(error, items);
  }
}
