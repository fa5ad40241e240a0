// For Node, Deno and Bun, which can read a file at once: ready when the import is done.

import { readFileSync } from 'node:fs';
import { initSync, McpManager as AnyManager, setTimers } from './slim.js';

export { default, McpError, McpSession } from './slim.js';

export class McpManager extends AnyManager {
  constructor(config, options) {
    super(config, { fetch: patientFetch, ...options });
  }
}

// A console shows the name of a class, and the minifier takes it.
Object.defineProperty(McpManager, 'name', { value: 'McpManager' });

// These stay alive as long as a timer is pending, and a session that expires in an hour is no reason to keep a program from ending: none of the module's
// timers does. While a call waits for nothing else, one timer of ours does. Deno's are numbers, with functions of Deno's own.
let anchor;
setTimers({
  setTimeout(handler, delay) {
    const timer = setTimeout(handler, delay);
    if (typeof timer === 'object') timer.unref();
    else Deno.unrefTimer(timer);
    return timer;
  },
  hold(holds) {
    if (holds) anchor = setInterval(() => {}, 2 ** 31 - 1);
    else clearInterval(anchor);
  },
});

initSync(readFileSync(new URL('./mcp_tether_bg.wasm', import.meta.url)));

// Node's fetch, which is undici's, gives up after 300 s without headers or without a piece of the body. How long a call may take is said by its
// `timeout`, so its limits are lifted, request by request. Everything else is left to the dispatcher that is set for all, which may be a proxy's.
const current = () => globalThis[Symbol.for('undici.globalDispatcher.1')];
const patient = {
  dispatch: (options, handler) => current().dispatch({ ...options, headersTimeout: 0, bodyTimeout: 0 }, handler),
  // For undici's own mocks.
  get isMockActive() {
    return current().isMockActive;
  },
};

// Only in Node: the others say that they are it, and go by their own names as well.
const isNode = globalThis.Deno === undefined && globalThis.Bun === undefined;

function patientFetch(url, init) {
  if (isNode) init.dispatcher = patient;
  return fetch(url, init);
}

// The package's own, not a user's.
patientFetch.plain = (url, init) => fetch(url, init);
