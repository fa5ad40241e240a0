// The life of a page: hidden, offline, restored, closed; and one stream for all tabs. A page opts in with one call. What tabs say to each other is in
// page/: a session that they share (shared-storage.js), its stream (shared-stream.js), and connections to a server (connection-slots.js).
// @ts-check

import { ConnectionSlots } from './page/connection-slots.js';
import { SharedStorage } from './page/shared-storage.js';
import { SharedStream } from './page/shared-stream.js';

/** @import { McpManager, SessionStorage } from './index.js' */
/** @import { PageOptions } from './page.js' */
/** @import { PageManager } from './page/types.js' */

/**
 * Follows the page that this runs in. Returns a function that ends that.
 * @param {McpManager} given
 * @param {PageOptions} [options]
 */
export function attachToPage(given, { onHide = 'keep', grace = 30_000, tabs } = {}) {
  if (tabs && onHide === 'terminate')
    throw new TypeError('onHide: a session that tabs share does not end with one of them');
  const manager = /** @type {PageManager} */ (given);
  const slots = typeof BroadcastChannel === 'function' && globalThis.navigator?.locks && new ConnectionSlots(manager);
  const streams = tabs?.supported
    ? new SharedStream(manager, /** @type {SharedStorage} */ (tabs))
    : { want: (/** @type {boolean} */ value) => manager.tell(value ? 'unpark' : 'park'), end() {} };
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let parking;
  /** @type {boolean | undefined} */
  let wanted;

  /** @type {(value: boolean) => void} */
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
      want(true);
      return;
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

  /** @type {[target: EventTarget, type: string, listener: () => void][]} */
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

/**
 * A storage whose sessions all tabs use together: for the manager's `storage` and for `attachToPage`'s `tabs`.
 * @param {SessionStorage} storage
 * @param {string} [name]
 */
export function sharedStorage(storage, name = 'default') {
  return new SharedStorage(storage, name);
}
