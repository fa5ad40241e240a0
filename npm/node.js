// For Node, Deno and Bun: ready when the import is done. The module is inside the JavaScript, because bundles, single-file
// executables and Deno without --allow-read have no file beside them.

import { Buffer } from 'node:buffer';
import { inflateRawSync } from 'node:zlib';
import { packed } from './inline.js';
import { McpManager as AnyManager, initSync, setTimers } from './slim.js';

export { default, McpError, McpSession } from './slim.js';

export class McpManager extends AnyManager {
  constructor(config, options) {
    super(config, { fetch: patientFetch, ...options });
  }
}

// A console shows the name of a class, and the minifier takes it.
Object.defineProperty(McpManager, 'name', { value: 'McpManager' });

// A timer of these hosts keeps the process alive while it is pending. A session that expires in an hour must not, so no timer of the module does.
// While a call waits for nothing else, one interval of ours does. Deno's timers are numbers, with functions of Deno's own.
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

initSync(inflateRawSync(Buffer.from(packed, 'base64')));

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
  // Reading one of its classes makes Node load undici, which sets its dispatcher. Jest's sandbox has a global object without it.
  if (isNode && Headers && current()) init.dispatcher = patient;
  return fetch(url, init);
}

// The package's own, not a user's.
patientFetch.plain = (url, init) => fetch(url, init);
