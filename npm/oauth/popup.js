// @ts-check
// Logins in a page: in a window of their own, or by leaving the page; and the page that they come back to.

import { cancelled, OAuthError } from './error.js';

const CHANNEL = 'mcp-tether:oauth';
const PENDING = 'mcp-tether:oauth:';
/** Milliseconds in which a user has to come back. */
const LIFETIME = 600_000;

/** Throws where there is no page, as in a program or a worker. @param {string} flow */
function needPage(flow) {
  if (globalThis.document) return;
  throw new OAuthError(
    'config',
    `${flow}() needs a page: use loopback() in a program, signIn() of its page in a worker`,
  );
}

/**
 * A login in a window of its own.
 *
 * @param {{ features?: string, onBlocked?: (open: () => void) => void, onClosed?: (cancel: () => void) => void }} [options]
 */
export function popup({ features = 'popup,width=520,height=720', onBlocked, onClosed } = {}) {
  /** @type {Window | null | undefined} */
  let prepared;

  /** Opens the window while the click still counts; `release` closes it if it was not needed. */
  function prepare() {
    needPage('popup');
    const opened = prepared ?? window.open('about:blank', '_blank', features);
    prepared = opened;
    const release = () => {
      if (prepared !== opened) return;
      prepared = undefined;
      opened?.close();
    };
    return { release };
  }

  /** @param {URL} url @param {{ signal: AbortSignal, state: string, redirectUri: string }} about */
  async function authorize(url, { signal, state, redirectUri }) {
    needPage('popup');
    let opened = prepared;
    prepared = undefined;
    if (opened && !opened.closed) opened.location.replace(url);
    else opened = window.open(url, '_blank', features);
    if (!opened && !onBlocked) throw new OAuthError('popup_blocked', 'the browser has blocked the login window');
    const login = { state, opened };
    if (!opened) {
      onBlocked?.(() => {
        login.opened = window.open(url, '_blank', features);
      });
    }
    return comeBack(login, new URL(redirectUri).origin, signal, onClosed);
  }

  return Object.assign(authorize, { prepare, isOfPage: true });
}

/**
 * Waits for the callback page, on both ways that it has.
 *
 * @param {{ state: string, opened: Window | null | undefined }} login
 * @param {string} origin of the callback page
 * @param {AbortSignal} signal
 * @param {((cancel: () => void) => void) | undefined} onClosed
 * @returns {Promise<string>}
 */
function comeBack(login, origin, signal, onClosed) {
  return new Promise((resolve, reject) => {
    const channel = new BroadcastChannel(CHANNEL);
    const end = () => {
      channel.close();
      clearInterval(watch);
      removeEventListener('message', hear);
      login.opened?.close();
    };
    const receive = (/** @type {any} */ data) => {
      if (data?.type !== CHANNEL || data.state !== login.state) return;
      end();
      resolve(data.url);
    };
    const hear = (/** @type {MessageEvent} */ message) => message.origin === origin && receive(message.data);
    const cancel = () => {
      end();
      reject(cancelled());
    };
    // Cross-Origin-Opener-Policy makes a window look closed that is open: nothing follows from it but a question.
    const watch = setInterval(() => {
      if (!login.opened?.closed) return;
      clearInterval(watch);
      onClosed?.(cancel);
    }, 500);
    channel.onmessage = ({ data }) => receive(data);
    addEventListener('message', hear);
    signal.onabort = cancel;
  });
}

/**
 * A login that leaves the page and comes back to it. What it needs then is in `sessionStorage`, for ten minutes and one use.
 *
 * @param {{ returnTo?: string }} [options] the page to come back to, of this origin. Default: the one that was left.
 */
export function redirect({ returnTo } = {}) {
  /** @param {URL} url @param {{ signal: AbortSignal }} about @returns {Promise<string>} */
  function authorize(url, { signal }) {
    location.assign(url);
    return new Promise((_, reject) => {
      signal.onabort = () => reject(signal.reason);
      // The user went back, to this page as it was left.
      addEventListener('pageshow', ({ persisted }) => persisted && reject(cancelled()));
    });
  }

  return Object.assign(authorize, {
    isOfPage: true,

    /** @param {string} key @param {import('./flow.js').Pending} pending */
    save(key, pending) {
      needPage('redirect');
      const back = new URL(returnTo ?? location.href, location.href);
      const entry = { key, pending, returnTo: back.href, expires: Date.now() + LIFETIME };
      sessionStorage.setItem(PENDING + pending.state, JSON.stringify(entry));
    },

    /** The login of this place that has come back, if one has. @param {string} key */
    take(key) {
      // A worker has the tokens that its page has stored.
      if (!globalThis.document) return undefined;
      for (const { name, entry } of entries()) {
        if (entry.key !== key || !entry.callback) continue;
        sessionStorage.removeItem(name);
        return entry;
      }
      return undefined;
    },
  });
}

/** Logins that are under way in this tab; what is too old is removed. */
function entries() {
  const found = [];
  for (const name of Object.keys(sessionStorage)) {
    if (!name.startsWith(PENDING)) continue;
    const entry = JSON.parse(sessionStorage[name]);
    if (entry.expires > Date.now()) found.push({ name, entry });
    else sessionStorage.removeItem(name);
  }
  return found;
}

/**
 * The whole of the page that logins come back to. The code does not stay in the address bar, nor in the history.
 *
 * @param {string} [href] Default: the address of this page
 */
export function callback(href) {
  needPage('callback');
  href ??= location.href;
  const url = new URL(href);
  if (url.href === location.href) history.replaceState(null, '', url.pathname);
  const meta = Object.assign(document.createElement('meta'), { name: 'referrer', content: 'no-referrer' });
  document.head.append(meta);
  const state = url.searchParams.get('state');
  const login = entries().find(({ name }) => name === PENDING + state);
  if (login) {
    const { name, entry } = login;
    sessionStorage.setItem(name, JSON.stringify({ ...entry, callback: url.href }));
    // Written by `save`, never by the address; and still nothing but this origin is gone to.
    if (new URL(entry.returnTo).origin === location.origin) location.replace(entry.returnTo);
    return;
  }
  const message = { type: CHANNEL, state, url: url.href };
  window.opener?.postMessage(message, location.origin);
  const channel = new BroadcastChannel(CHANNEL);
  channel.postMessage(message);
  // The opener closes this window; where it cannot, this does.
  setTimeout(() => {
    channel.close();
    window.close();
  }, 100);
}
