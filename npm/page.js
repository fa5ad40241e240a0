// Page life: hidden, offline, restored, closed; and one stream for all tabs. A page opts in with one call. Communication between tabs is in page/:
// shared sessions (shared-storage.js), their stream (shared-stream.js), and connections to a server (connection-slots.js).
// @ts-check

import { ConnectionSlots } from './page/connection-slots.js';
import { SharedStorage } from './page/shared-storage.js';
import { SharedStream } from './page/shared-stream.js';

/** @import { McpManager, SessionStorage } from './index.js' */
/** @import { PageOptions } from './page.js' */
/** @import { PageManager } from './page/types.js' */

/**
 * Makes a manager follow its page. Returns a function that ends this.
 * @param {McpManager} given
 * @param {PageOptions} [options]
 */
export function attachToPage(given, { onHide = 'keep', grace = 30_000, tabs } = {}) {
  if (tabs && onHide === 'terminate')
    throw new TypeError("onHide: 'terminate' cannot be used with tabs, because they share the session");
  if (!globalThis.document)
    throw new TypeError('attachToPage() needs a page: call it in the browser, not while a server renders');
  const manager = /** @type {PageManager} */ (given);
  const slots = typeof BroadcastChannel === 'function' && globalThis.navigator?.locks && new ConnectionSlots(manager);
  const stream = tabs?.supported
    ? new SharedStream(manager, /** @type {SharedStorage} */ (tabs))
    : { want: (/** @type {boolean} */ value) => manager.tell(value ? 'unpark' : 'park'), end() {} };
  const leave = follow(manager, stream, onHide === 'terminate' ? 'retire' : 'save', grace);
  return () => {
    leave();
    stream.end();
    if (slots) slots.end();
    manager.tell('online');
    manager.tell('unpark');
  };
}

/**
 * Notifies a manager of page life, and of when it needs its stream. Returns a function that ends this.
 * @param {PageManager} manager
 * @param {Pick<SharedStream, 'want'>} stream
 * @param {'retire' | 'save'} atEnd the notification when the page is closed
 * @param {number} grace milliseconds until the stream of a hidden page is closed
 */
function follow(manager, stream, atEnd, grace) {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let parking;
  /** @type {boolean | undefined} */
  let wanted;
  const want = (/** @type {boolean} */ value) => {
    clearTimeout(parking);
    if (wanted === value) return;
    wanted = value;
    stream.want(value);
  };
  const look = () => {
    clearTimeout(parking);
    manager.tell(isHidden() ? 'save' : 'wake');
    if (isHidden()) parking = setTimeout(want, grace, false);
    else want(true);
  };
  const hide = () => {
    // An open stream excludes the page from the back/forward cache, and the lock of a cached page would block other tabs.
    want(false);
    manager.tell(atEnd);
  };
  const network = () => manager.tell(navigator.onLine ? 'online' : 'offline');
  const leave = listen([
    [document, 'visibilitychange', look],
    [window, 'pagehide', hide],
    [window, 'pageshow', look],
    [document, 'resume', look],
    [document, 'freeze', () => want(false)],
    [window, 'online', network],
    [window, 'offline', network],
  ]);
  want(!isHidden());
  network();
  return () => {
    clearTimeout(parking);
    leave();
  };
}

const isHidden = () => document.visibilityState === 'hidden';

/** @param {[target: EventTarget, type: string, listener: () => void][]} listeners */
function listen(listeners) {
  for (const [target, type, listener] of listeners) target.addEventListener(type, listener);
  return () => {
    for (const [target, type, listener] of listeners) target.removeEventListener(type, listener);
  };
}

/**
 * A storage with sessions shared by all tabs: for the manager's `storage` and for `attachToPage`'s `tabs`.
 * @param {SessionStorage} storage
 * @param {string} [name]
 */
export function sharedStorage(storage, name = 'default') {
  return new SharedStorage(storage, name);
}
