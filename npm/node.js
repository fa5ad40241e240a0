// For Node, Deno and Bun: loaded by the import. The module is embedded in the JavaScript, because bundles, single-file executables
// and Deno without --allow-read cannot read a file next to it.

import { Buffer } from 'node:buffer';
import { inflateRawSync } from 'node:zlib';
import { packed } from './base64.js';
import load, { McpManager as AnyManager, deferred, initSync, isPlain, McpError, setTimers } from './slim.js';

export { McpError, McpSession } from './slim.js';

// Why the module is not there. The import is no error yet: a page that is rendered on a server imports the package, too, and needs no module there.
let refusal;

// An error is made inside the module, ten calls below the application's, which is all that a stack trace holds. It gets a trace of its own here, and in
// `trace`: in an uncaught error the first line is then the caller's.
export class McpManager extends AnyManager {
  constructor(config, options) {
    try {
      if (refusal) throw refusal;
      // What is not an object is reported.
      const given = options ?? {};
      super(config, isPlain(given) ? { ...given, fetch: given.fetch ?? patientFetch } : given);
    } catch (error) {
      Error.captureStackTrace(error, McpManager);
      throw error;
    }
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
    else globalThis.Deno?.unrefTimer(timer); // jsdom has numbers, too
    return timer;
  },
  hold(holds) {
    if (holds) anchor = setInterval(() => {}, 2 ** 31 - 1);
    else clearInterval(anchor);
  },
});

try {
  initSync(inflateRawSync(Buffer.from(packed, 'base64')), new Map([[deferred, tracedDeferred]]));
} catch (error) {
  // Electron's windows have a document, and a policy; Workers, into which a bundle made for Node may come, and `node --jitless` have neither.
  const what =
    'WebAssembly is blocked here; a bundle for Workers needs the condition workerd, see docs/toolchains.md#the-module-did-not-load';
  refusal = globalThis.document ? error : new McpError(what, { code: 'config_error', cause: error.cause });
}

export default async function init(source) {
  if (refusal && !source) throw refusal;
  await load(source);
  refusal = undefined;
}

/** A promise for the application, with its resolvers, as the module's own (src/web/sys/host.js). Only an error costs more. */
function tracedDeferred() {
  const own = {};
  own.promise = new Promise((resolve) => {
    own.settle = (error, result) => resolve(error ? trace(error) : result);
  });
  return own;
}

/** Rejects with the error, and gives it the stack of the functions that await the promise: V8 finds them through the promises that follow this one. */
async function trace(error) {
  // After the first turn the promise of the application follows, after the second its stack can be seen.
  await undefined;
  await undefined;
  Error.captureStackTrace(error, trace);
  throw error;
}

// Node's fetch (undici) times out after 300 s without headers or without body data. The `timeout` of a call is the only limit here, so undici's are
// disabled for each request. The rest is left to the global dispatcher, which may be that of a proxy.
const current = () => globalThis[Symbol.for('undici.globalDispatcher.1')];
const patient = {
  dispatch: (options, handler) => current().dispatch({ ...options, headersTimeout: 0, bodyTimeout: 0 }, handler),
  // For undici's mocks.
  get isMockActive() {
    return current().isMockActive;
  },
};

// Deno and Bun also define Node's globals.
const isNode = globalThis.Deno === undefined && globalThis.Bun === undefined;

function patientFetch(url, init) {
  // Reading `Headers` makes Node load undici, which sets the dispatcher. The global object of Jest's sandbox has none.
  if (isNode && Headers && current()) init.dispatcher = patient;
  return fetch(url, init);
}

// Marks the package's function, as opposed to a user's.
patientFetch.plain = (url, init) => fetch(url, init);
