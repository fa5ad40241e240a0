// Functions that take fewer bytes in JavaScript than in WebAssembly. None of them has state.

// Reads a member of any value: undefined if it is missing or reading it throws. (Catching the exception of
// `undefined.key` would cost more than a call.)
function read(value, key) {
  try {
    return value?.[key] ?? undefined;
  } catch {}
}

/**
 * Whether it is an object whose contents are its members, as JSON writes them. An array is not, nor is a `Map`, `Headers`, a `FormData` or a promise, which
 * would count as empty. An imported namespace is.
 */
export function isPlain(value) {
  try {
    return /t O|t Mo/.test({}.toString.call(value));
  } catch {} // a revoked proxy
}

function text(value, key) {
  const found = read(value, key);
  return typeof found === 'string' ? found : undefined;
}

// Ignores the rejection of a promise whose outcome is not needed.
function letFail(promise) {
  Promise.resolve(promise).catch(() => {});
}

/** Calls one of two functions when a promise, or a value returned instead of one, settles. */
export function follow(value, done, failed) {
  Promise.resolve(value).then(done, failed);
}

/** Calls a method of the user's storage. An exception rejects the promise. */
export async function store(storage, method, name, value) {
  return storage[method](name, value);
}

/** 64 random bits. Workers refuse `crypto` outside of a request; jitter is not secret, so `Math.random` suffices there. */
export function seed() {
  try {
    return crypto.getRandomValues(new BigUint64Array(1))[0];
  } catch {
    return BigInt(Math.floor(Math.random() * 2 ** 53)) ^ (BigInt(Date.now()) << 20n);
  }
}

/** Writes a line to the user's log or the console. Exceptions of the log are ignored: there is no other place to report them. */
export function log(sink, level, line) {
  try {
    letFail(sink ? sink(level, line) : console[level](line));
  } catch {}
}

/** Cancels a reader, or discards a response without a caller: its body would occupy a connection. */
export function cancel(source) {
  try {
    letFail((source.cancel ? source : reader(source)).cancel());
  } catch {}
}

/** A reader of a response's body. Some libraries have streams of Node; where there is no stream, as in polyfills and tests, it reads one text. */
export function reader(response) {
  const { body } = response;
  if (body?.getReader) return body.getReader();
  // node-fetch emits an error at an abort, which would end the process.
  body?.on?.('error', () => {});
  const chunks = chunksOf(response, body);
  return { read: () => chunks.next(), cancel: () => body?.destroy?.() };
}

async function* chunksOf(response, body) {
  for await (const chunk of body?.[Symbol.asyncIterator] ? body : [response.text?.() ?? response.json()])
    yield chunk.buffer ? chunk : new TextEncoder().encode(chunk.trim ? chunk : JSON.stringify(chunk));
}

/**
 * Calls `then` in a task of its own, after those that are due: timers, responses, input. (`scheduler.yield` goes ahead of them.) In a hidden page
 * timers are delayed by a second and messages are not; elsewhere an open port may keep a process alive.
 */
export function soon(then) {
  try {
    setImmediate(then);
  } catch {
    try {
      // Outside of pages this is not a constructor, and the fallback is used.
      const { port1, port2 } = document && new MessageChannel();
      port1.onmessage = then;
      port2.postMessage(null);
      // Posted messages are still delivered (HTML §9.4.4). An open port would never be collected.
      port2.close();
    } catch {
      setTimeout(then, 0);
    }
  }
}

/** Whether the host allows timers here: workerd refuses them outside of a request. */
export function maySetTimeouts() {
  try {
    clearTimeout(setTimeout(() => {}));
    return true;
  } catch {
    return false;
  }
}

/** The second argument of `fetch`. */
export function init(method, headers, body, signal, follows) {
  // A redirect would send the session id and the user's token to another URL. (workerd does not support "error".)
  const init = { method, headers, signal, redirect: follows ? 'follow' : 'manual' };
  if (body !== undefined) init.body = body;
  // Fetch §2.2.5: otherwise cookies would be sent, even to another origin.
  if (follows) init.credentials = 'omit';
  // A cached stream may be another user's: the key is the URL alone (RFC 9111 section 2), and `Vary` depends on the
  // server. The HTML standard (section 9.2.5) does the same for its event streams. Caches answer no POST or DELETE, and
  // there Chromium would send a preflight before every call. Workerd throws on this option before compatibility date
  // 2024-11-11, and then lacks the member.
  if (method === 'GET' && 'cache' in (globalThis.Request?.prototype ?? {})) init.cache = 'no-store';
  // The DELETE is sent even if the page unloads at once (Fetch standard, "keepalive").
  if (method === 'DELETE') init.keepalive = true;
  return init;
}

/** Calls the user's `fetch`, or the host's. */
export function send(given, url, init) {
  const go = () => (given ?? fetch)(url, init);
  const prove = provers.get(init.headers.authorization);
  return prove ? proved(prove, url, init, go) : go();
}

/** By `Authorization` header: returns the headers that prove possession of a token's key (RFC 9449), for one request. */
const provers = new Map();
/** The latest of these headers of each provider, by user and server. */
const bound = new WeakMap();
/** The latest `DPoP-Nonce` of each origin. */
const nonces = new Map();
/** Errors of providers that had no proof, so that nothing was sent. */
const unproved = new WeakSet();

async function proved(prove, url, init, go) {
  const { origin } = new URL(url);
  try {
    Object.assign(init.headers, await prove({ method: init.method, url, nonce: nonces.get(origin) }));
  } catch (reason) {
    const error = reason instanceof Error ? reason : new Error(String(reason));
    unproved.add(error);
    throw error;
  }
  const response = await go();
  const nonce = response.headers.get('dpop-nonce');
  if (nonce) nonces.set(origin, nonce);
  return response;
}

/** Requests a token. `done` gets one text with a line each for the header, the remaining lifetime in milliseconds, and the subject. */
export function askForToken(provider, context, done, failed) {
  follow(
    new Promise((resolve) => resolve(provider.token(context))).then((answer) => tokenOf(answer, provider, context)),
    done,
    failed,
  );
}

function tokenOf(answer, provider, { userId, serverName }) {
  const { token = answer, scheme, expiresAt, subject } = answer ?? {};
  if (typeof token !== 'string' || token === '' || token.includes('\n')) return undefined;
  const header = `${scheme === 'DPoP' ? scheme : 'Bearer'} ${token}`;
  const headers = bound.get(provider) ?? new Map();
  const key = JSON.stringify([userId, serverName]);
  provers.delete(headers.get(key));
  if (scheme === 'DPoP') {
    bound.set(provider, headers.set(key, header));
    provers.set(header, (request) => provider.headers({ userId, serverName, token, ...request }));
  }
  // At most a year. A lifetime that is over is ignored: the server decides.
  const left = Math.floor(Math.min(expiresAt - Date.now(), 31_536_000_000));
  return [header, left > 0 ? left : '', subject ?? ''].join('\n');
}

/** Whether requests of this page or worker to a URL are subject to CORS. */
export function isForeign(url) {
  const origin = text(globalThis.location, 'origin');
  return origin !== undefined && url.split(/[/?]/, 3).join('/') !== origin;
}

/**
 * CORS checks: in pages and their workers, whether a failure may be a response that the browser hides.
 *
 * In a page, an unreachable server, a broken connection and a response without CORS headers all cause the same `TypeError`. A request that needs
 * no CORS headers distinguishes them: HEAD, without a session id or credentials, with an opaque response. If it succeeds, the server is
 * reachable. Isolated pages and workers get no opaque responses, so a second request tries a readable one: most servers send CORS headers with
 * most responses.
 *
 * Each URL has one check at a time, whose finding is reused for a short time. A server that fails under 64 calls is checked once.
 */
export class Checks {
  #checks = new Map();

  /** Whether the server of a URL is reachable. */
  ask(given, url) {
    for (const [other, { until }] of this.#checks) if (until < ticks()) this.#checks.delete(other);
    let check = this.#checks.get(url);
    if (!check) {
      // A controller of its own, because the exchange that started the check may end while others wait for it.
      const controller = new AbortController();
      const answers = ['no-cors', 'cors'].map(async (mode) =>
        (given ?? fetch)(url, {
          method: 'HEAD',
          mode,
          credentials: 'omit',
          cache: 'no-store',
          signal: controller.signal,
        }),
      );
      const found = (reached) => {
        check.until = ticks() + MEMORY;
        return reached;
      };
      const reached = Promise.any(answers).then(
        () => found(true),
        () => found(false),
      );
      check = { controller, reached, waiting: 0 };
      this.#checks.set(url, check);
    }
    check.waiting++;
    return check.reached;
  }

  /** An exchange no longer waits for the check of its URL. A check without waiting exchanges is aborted. */
  leave(url) {
    const check = this.#checks.get(url);
    if (check && --check.waiting === 0 && !check.until) {
      this.#checks.delete(url);
      check.controller.abort();
    }
  }
}

// How long a finding is reused, in milliseconds: for exchanges that fail in the same moment, not for their retries.
const MEMORY = 250;

// The number of that report (src/web/hook.rs).
const ABORTED = 0;

/** The signals of running calls, each with one listener for all calls that share it: Node warns at the eleventh. */
export class Signals {
  #shared = new Map();

  /** Registers a call: `report(ABORTED, call, reason)` is called if its signal is aborted, the oldest call first. */
  enter(signal, call, report) {
    let shared = this.#shared.get(signal);
    if (!shared) {
      const calls = new Set();
      shared = { calls, listener: () => [...calls].forEach((other) => report(ABORTED, other, signal.reason)) };
      this.#shared.set(signal, shared);
      try {
        signal.addEventListener('abort', shared.listener);
      } catch {} // a signal that refuses listeners cannot abort
    }
    shared.calls.add(call);
  }

  /** Removes a settled call. */
  leave(signal, call) {
    const shared = this.#shared.get(signal);
    if (shared?.calls.delete(call) && shared.calls.size === 0) {
      this.#shared.delete(signal);
      try {
        signal.removeEventListener('abort', shared.listener);
      } catch {}
    }
  }
}

// The decoder has no state between two whole texts.
const decoder = new TextDecoder();

/**
 * Reads a whole body, up to a limit.
 *
 * It is read in chunks, because nothing else bounds it: `Content-Length` does not limit the decompressed size. (In Node this takes no longer than
 * `response.text()`.)
 */
export class Text {
  #limit;
  #isStrict;
  #jsonLimit;
  #read = 0;
  #pieces = [];

  /**
   * Exceeding the limit is an error. With a `jsonLimit`, that is the limit for bodies that start like JSON, which every official SDK accepts whatever
   * their `Content-Type`; of other text, perhaps an HTML page, the rest is dropped.
   */
  constructor(limit, jsonLimit) {
    this.#limit = limit;
    this.#isStrict = !jsonLimit;
    this.#jsonLimit = jsonLimit;
  }

  /** Takes one chunk, or as much of it as fits: 0, more is needed; 1, there is enough; 2, it is too large. */
  push(bytes) {
    if (this.#jsonLimit) {
      // The first visible byte. RFC 8259 §8.1 lets a reader ignore a byte order mark.
      const first = bytes.find((byte) => ![9, 10, 13, 32, 0xef, 0xbb, 0xbf].includes(byte));
      if (first === 0x7b || first === 0x5b) {
        this.#limit = this.#jsonLimit;
        this.#isStrict = true;
      }
      if (first !== undefined) this.#jsonLimit = 0;
    }
    const room = this.#limit - this.#read;
    const isOver = bytes.length > room;
    if (isOver && this.#isStrict) return 2;
    this.#pieces.push(isOver ? bytes.subarray(0, room) : bytes);
    this.#read += bytes.length;
    return Number(isOver);
  }

  /** The text. */
  finish() {
    const pieces = this.#pieces;
    // Most bodies arrive in one chunk. Characters may span chunks.
    if (pieces.length === 1) return decoder.decode(pieces[0]);
    const joining = new TextDecoder();
    return pieces.map((piece) => joining.decode(piece, { stream: true })).join('') + joining.decode();
  }
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {}
}

/** The JSON of a body, or all messages of an event stream that came with an error status or without its `Content-Type`; undefined for other text. */
export function parseBody(text) {
  const whole = parsed(text);
  if (whole !== undefined) return whole;
  const dataOf = (event) => event.match(/^data:[^\r\n]*/gm)?.map((line) => line.slice(5));
  const messages = text.split(/\r\n\r\n|\n\n|\r\r/).flatMap((event) => parsed(dataOf(event)?.join('')) ?? []);
  return messages.length ? messages : undefined;
}

/** An error of the package's class, or else a plain one with the same members. */
export function error(Class, message, fields) {
  try {
    return new Class(message, fields);
  } catch {
    return Object.assign(new Error(message), { name: 'McpError' }, fields);
  }
}

/** A promise for the application, with its resolvers. */
export function deferred() {
  const own = {};
  own.promise = new Promise((resolve, reject) => {
    own.settle = (error, result) => (error ? reject(error) : resolve(result));
  });
  return own;
}

// The host's network state: true or false in pages and their workers, undefined elsewhere.
function online() {
  return read(globalThis.navigator, 'onLine');
}

/** Whether the host reports that there is no network. */
export function isOffline() {
  return online() === false;
}

/** The host's connection limits: 0 a Worker's, 1 a page's, 2 unlimited. */
export function connections() {
  if (globalThis.WebSocketPair) return 0;
  return online() === undefined ? 2 : 1;
}

/** Monotonic milliseconds; undefined, which the module reads as NaN, if the host lacks them. */
export function ticks() {
  return globalThis.performance?.now?.();
}

/** The environment of Node and of hosts that imitate it. Deno may ask for a permission, and throw without it. */
export function env() {
  return read(globalThis.process, 'env');
}

// Codes of Node, Bun and Deno's Node layer for a connection that was refused or not established, for a name that was
// not found, and for a certificate that is not trusted (not for one that the server misses: `ALERT_CERTIFICATE_REQUIRED`).
const UNSENT_CODE =
  /^(ECONNREFUSED|ENOTFOUND|EAI_AGAIN|ENETUNREACH|EHOSTUNREACH|ENETDOWN|EADDRNOTAVAIL|UND_ERR_CONNECT_TIMEOUT|ConnectionRefused|FailedToOpenSocket|.*(CERT(_|$)|LEAF_).*)$/;
// Messages of Deno, workerd and Bun in the same cases, and Node's for a port forbidden by the Fetch standard and for an
// interrupted TLS handshake, which precedes the request. Browsers never reveal this.
const UNSENT_WORDS =
  /connection refused|client error \(connect\)|dns error|dns lookup failed|unable to connect|bad port|before secure tls connection/i;
// Messages of workerd for a closed port, a reset connection and an unknown name: only a second request distinguishes
// them.
const OPAQUE_WORDS = /network connection lost|internal error; reference/i;
// Names of errors that `fetch` itself throws: a `TypeError` (Fetch standard, "fetch method"), a `NetworkError`, an
// abort by a signal that is not ours.
const NETWORK_NAME = /^(Type|Network|Abort|Timeout|Aggregate)Error$/;
// Messages of workerd and Bun, which throw plain `Error`s, and of libraries that imitate `fetch`.
const NETWORK_WORDS = /network|connect|socket|internal error|premature close/i;
// A code of the operating system (`ECONNRESET`), or of undici. Codes of libraries have more words: `ERR_JWT_EXPIRED`.
const SYSTEM_CODE = /^(E[A-Z\d]*$|UND_ERR_)/;

function failedToConnect(error) {
  const syscall = text(error, 'syscall');
  // The network may fail while a connection is in use, with the same codes.
  return /connect|addrinfo/.test(syscall) || (!/read|write/.test(syscall) && UNSENT_CODE.test(text(error, 'code')));
}

function neverConnected(error) {
  // For a name with several addresses Node tries each one (RFC 8305) and reports all failures.
  const errors = read(error, 'errors');
  return Array.isArray(errors) ? errors.length > 0 && errors.every(failedToConnect) : failedToConnect(error);
}

/**
 * Classifies a rejection of `fetch` or of a stream by its name, code and message: 1, provably no connection was established; 2, the server may have read
 * the request but is probably unreachable; 3, not a network failure; 0, any other.
 *
 * An injected `fetch` that retries by itself must not reject with the reason of its last attempt only. A wrong 3 only prevents a retry, so messages are
 * sufficient evidence. A timeout of the caller's own (`AbortSignal.timeout`) means that the server was silent, and counts as a network failure.
 */
export function kindOf(reason) {
  const cause = read(reason, 'cause');
  const message = messageOf(reason);
  if (unproved.has(reason) || neverConnected(cause) || neverConnected(reason) || UNSENT_WORDS.test(message)) return 1;
  if (OPAQUE_WORDS.test(message)) return 2;
  const isOfSystem = [reason, cause].some((error) => SYSTEM_CODE.test(text(error, 'code')));
  return isOfSystem || NETWORK_NAME.test(text(reason, 'name')) || NETWORK_WORDS.test(message) ? 0 : 3;
}

/** The message of a rejection. */
export function messageOf(reason) {
  const cause = read(reason, 'cause');
  let message = words(reason);
  // Node's message is "fetch failed"; the actual failure is the cause.
  const detail = words(cause);
  if (detail && detail !== message) message += `: ${detail}`;
  const code = text(cause, 'code') ?? text(reason, 'code') ?? '';
  if (!message.toLowerCase().includes(code.toLowerCase())) message += ` (${code})`;
  // Hosts quote a header that they reject, and its value may be a token.
  if (/header/i.test(message) && !/timeout/i.test(message))
    return 'the host refused the headers of the request or of the response';
  return bounded(message || 'fetch failed without saying why');
}

/** The message of an error or of another thrown value, shortened and without secrets. */
export function words(thrown) {
  return bounded(typeof thrown === 'string' ? thrown : (text(thrown, 'message') ?? ''));
}

// At most 200 characters in one line, and only scheme and host of every URL: paths and queries may contain keys.
function bounded(message) {
  const discreet = message.replace(/\s+/g, ' ').replace(/:\/\/(?:[^ )"',/?#]*@)?([^ )"',/?#]*)[^ )"',]*/g, '://$1');
  return discreet.match(/.{0,200}/u)[0];
}
