// What the shell leaves to JavaScript, which says it in fewer bytes than WebAssembly. Nothing here keeps state.

// Reads a member of anything: undefined when there is none, or reading it throws. (To catch what `undefined.key` throws would cost more than a call.)
function read(value, key) {
  try {
    return value?.[key] ?? undefined;
  } catch {}
}

function text(value, key) {
  const found = read(value, key);
  return typeof found === 'string' ? found : undefined;
}

// Lets a promise fail unseen: nothing needs its outcome any more.
function letFail(promise) {
  Promise.resolve(promise).catch(() => {});
}

/** Calls one of two functions when a promise, or what was returned in place of one, settles. */
export function follow(value, done, failed) {
  Promise.resolve(value).then(done, failed);
}

/** Calls a method of the user's storage. What it throws rejects the promise. */
export async function store(storage, method, name, value) {
  return value === undefined ? storage[method](name) : storage[method](name, value);
}

/** 64 random bits. Workers refuse `crypto` outside of a request; jitter is no secret, so there `Math.random` will do. */
export function seed() {
  try {
    return crypto.getRandomValues(new BigUint64Array(1))[0];
  } catch {
    return BigInt(Math.floor(Math.random() * 2 ** 53)) ^ (BigInt(Date.now()) << 20n);
  }
}

/** Writes a line to the user's log, or to the console. A log that throws is left alone: there is no better place to report it. */
export function log(sink, level, line) {
  try {
    letFail(sink ? sink(level, line) : console[level](line));
  } catch {}
}

/** Cancels a stream or a reader. */
export function cancel(stream) {
  try {
    letFail(stream.cancel());
  } catch {}
}

/** Discards a response that no caller waits for: its body would hold a connection. */
export function discard(response) {
  cancel(read(response, 'body'));
}

/**
 * Calls `then` in a task of its own, after those that are due: timers, responses, input. (`scheduler.yield` goes ahead of them.) In a hidden page
 * timers are delayed by a second, and messages are not; elsewhere an open port may hold a process.
 */
export function soon(then) {
  try {
    setImmediate(then);
  } catch {
    try {
      // No constructor where there is no page, which ends in the fallback.
      const Channel = globalThis.document && MessageChannel;
      const { port1, port2 } = new Channel();
      port1.onmessage = then;
      port2.postMessage(null);
      // What was posted before is still delivered (HTML §9.4.4); an open port would never be collected.
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
  // A redirect would carry the session id and the user's token to wherever the server likes. (workerd knows no "error".)
  const init = { method, headers, signal, redirect: follows ? 'follow' : 'manual' };
  if (body !== undefined) init.body = body;
  // Fetch §2.2.5: cookies would go along even to another origin.
  if (follows) init.credentials = 'omit';
  // A stream from the HTTP cache may be another user's: the key is the URL alone (RFC 9111 section 2), and `Vary` is up to the server. The HTML standard
  // (section 9.2.5) does the same for its event streams. Caches answer no POST and no DELETE, and there the option has a price: Chromium would ask for
  // permission by a preflight before every call. workerd throws at it before compatibility date 2024-11-11, and has no such member then.
  if (method === 'GET' && 'cache' in (globalThis.Request?.prototype ?? {})) init.cache = 'no-store';
  // A session is ended even if the page goes at once (Fetch standard, "keepalive").
  if (method === 'DELETE') init.keepalive = true;
  return init;
}

/** Calls the user's `fetch`, or the host's. */
export function send(given, url, init) {
  const go = () => (given ?? fetch)(url, init);
  const prove = provers.get(init.headers.authorization);
  return Promise.resolve(prove ? proved(prove, url, init, go) : go());
}

/** By `Authorization` header: what adds the proof that a token is ours (RFC 9449), to each request anew. */
const provers = new Map();
/** The headers among them that a provider has given for each user and server. */
const bound = new WeakMap();
/** The latest `DPoP-Nonce` of each origin. */
const nonces = new Map();
/** Why there was no proof, and so no request. */
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

/** Asks an auth provider. `done` gets a text: the header, the milliseconds that it is good for, and whose it is, a line each. */
export function askForToken(provider, userId, serverName, url, status, challenge, attempt, fetch, signal, done, failed) {
  const context = { userId, serverName, url, status, challenge, attempt, fetch, signal };
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
  // A year at most; what is over says nothing that the server will not say.
  const left = Math.floor(Math.min(expiresAt - Date.now(), 31_536_000_000));
  return [header, left > 0 ? left : '', subject ?? ''].join('\n');
}

/** Whether CORS stands between this page, where it is one, and a URL. */
export function isForeign(url) {
  const origin = text(globalThis.location, 'origin');
  return origin !== undefined && !(url.startsWith(origin) && /^($|[/?])/.test(url.slice(origin.length)));
}

/**
 * CORS checks: in pages and their workers, whether a failure may be a response that the browser hides.
 *
 * To a page, a server that is down, a connection that broke and a response without CORS headers are one and the same `TypeError`. A request that needs
 * no such headers tells them apart: HEAD, without a session id, without credentials, its response opaque. If that is answered, the server can be
 * reached. Isolated pages and workers get no opaque responses, so a second request asks for a readable one: most servers put the headers on most
 * responses.
 *
 * There is one check of a URL at a time, and its finding holds for a moment. A server that goes down under 64 calls is asked once.
 */
export class Checks {
  #checks = new Map();

  /** Whether the server of a URL can be reached. */
  ask(given, url) {
    for (const [other, { until }] of this.#checks) if (until < ticks()) this.#checks.delete(other);
    let check = this.#checks.get(url);
    if (!check) {
      // Its own: the exchange that it was started for may be given up while others wait.
      const controller = new AbortController();
      const { signal } = controller;
      const answers = ['no-cors', 'cors'].map(async (mode) =>
        (given ?? fetch)(url, { method: 'HEAD', mode, credentials: 'omit', cache: 'no-store', signal }),
      );
      const found = (reached) => {
        check.until = ticks() + MEMORY;
        return reached;
      };
      const reached = Promise.any(answers).then(
        () => found(true),
        () => found(false),
      );
      check = { controller, reached, waiting: 0, until: Number.POSITIVE_INFINITY };
      this.#checks.set(url, check);
    }
    check.waiting++;
    return check.reached;
  }

  /** An exchange no longer waits for the check of its URL. One that no exchange waits for is stopped. */
  leave(url) {
    const check = this.#checks.get(url);
    if (check && --check.waiting === 0 && check.until === Number.POSITIVE_INFINITY) {
      this.#checks.delete(url);
      check.controller.abort();
    }
  }
}

// Milliseconds that a finding holds: for the exchanges that fail in the same moment, not for those of their retries.
const MEMORY = 250;

// The number of that report (src/web/hook.rs).
const ABORTED = 0;

/** The signals of running calls, each with one listener however many calls share it: Node warns of the eleventh. */
export class Signals {
  #shared = new Map();

  /** Enters a call: `report(ABORTED, call, reason)` is called if its signal is aborted, the oldest call first. */
  enter(signal, call, report) {
    let shared = this.#shared.get(signal);
    if (!shared) {
      const calls = new Set();
      shared = { calls, listener: () => [...calls].forEach((other) => report(ABORTED, other, signal.reason)) };
      this.#shared.set(signal, shared);
      try {
        signal.addEventListener('abort', shared.listener);
      } catch {} // a signal that refuses listeners never aborts anything
    }
    shared.calls.add(call);
  }

  /** The call is over. */
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

// Between two whole texts it remembers nothing.
const decoder = new TextDecoder();

/**
 * A body that is read whole, up to a limit.
 *
 * It is read piece by piece, because nothing else bounds it: a `Content-Length` says nothing about what comes out of a decompressor. (And Node takes no
 * longer for that than for `response.text()`.)
 */
export class Text {
  #limit;
  #isStrict;
  #jsonLimit;
  #read = 0;
  #pieces = [];

  /**
   * What is over the limit is an error if `isStrict`, and left off if not. `jsonLimit` is for a body whose `Content-Type` does not say what it is, and 0
   * otherwise: what begins as JSON is read up to that, as every official SDK does. All else may be a page of HTML.
   */
  constructor(limit, isStrict, jsonLimit) {
    this.#limit = limit;
    this.#isStrict = isStrict;
    this.#jsonLimit = jsonLimit;
  }

  /** Takes one piece, or as much of it as fits: 0, the next one is wanted; 1, as much as is wanted is there; 2, it is too large. */
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
    // Most bodies come in one piece. Characters of the others go on from piece to piece.
    if (pieces.length === 1) return decoder.decode(pieces[0]);
    const joining = new TextDecoder();
    return pieces.map((piece) => joining.decode(piece, { stream: true })).join('') + joining.decode();
  }
}

/** An error of the package's class, or else a plain one with the same members. */
export function error(Class, message, fields) {
  try {
    return new Class(message, fields);
  } catch {
    return Object.assign(new Error(message), { name: 'McpError' }, fields);
  }
}

/** A promise for the application, and what settles it. */
export function deferred() {
  const own = {};
  own.promise = new Promise((resolve, reject) => {
    own.settle = (error, result) => (error ? reject(error) : resolve(result));
  });
  return own;
}

/** What the host says of its network: true or false in pages and their workers, undefined elsewhere. */
export function online() {
  return read(globalThis.navigator, 'onLine');
}

/** Which hosts' connections there are: 0 a Worker's, 1 a page's, 2 unlimited. */
export function connections() {
  if (globalThis.WebSocketPair) return 0;
  return online() === undefined ? 2 : 1;
}

/** Milliseconds that never run backwards; NaN where the host does not count them. */
export function ticks() {
  return globalThis.performance?.now?.() ?? Number.NaN;
}

/** The environment of Node and of hosts that imitate it. Deno may ask for a permission, and throw without it. */
export function env() {
  return read(globalThis.process, 'env');
}

// What Node's, Bun's and Deno's Node layer call a connection that was refused or never made, and a name that was not found.
const UNSENT_CODE =
  /^(ECONNREFUSED|ENOTFOUND|EAI_AGAIN|ENETUNREACH|EHOSTUNREACH|ENETDOWN|EADDRNOTAVAIL|UND_ERR_CONNECT_TIMEOUT|ConnectionRefused|FailedToOpenSocket)$/;
// What the errors of Deno, workerd and Bun say in the same cases, and Node's of a port that the Fetch standard forbids and of a TLS handshake that was
// cut, which is before the request. Browsers never tell.
const UNSENT_WORDS =
  /connection refused|client error \(connect\)|dns error|dns lookup failed|unable to connect|bad port|before secure tls connection/i;
// What workerd says of a closed port, of a connection that was reset, and of a name that was not found: only a second request tells them apart.
const OPAQUE_WORDS = /network connection lost|internal error; reference/i;
// Names of errors that `fetch` itself throws: a `TypeError` (Fetch standard, "fetch method"), a `NetworkError`, an end by a signal that is not ours.
const NETWORK_NAME = /^(Type|Network|Abort|Timeout|Aggregate)Error$/;
// What the errors of workerd and of Bun say, which are plain `Error`s, and those of libraries that look like `fetch`.
const NETWORK_WORDS = /network|connect|socket|internal error|premature close/i;
// A code of the operating system (`ECONNRESET`), or of undici. A library's own have more words: `ERR_JWT_EXPIRED`.
const SYSTEM_CODE = /^(E[A-Z\d]*$|UND_ERR_)/;

function failedToConnect(error) {
  const syscall = text(error, 'syscall');
  if (syscall === 'connect' || syscall === 'getaddrinfo') return true;
  // The network may go while a connection is in use, and the codes are the same.
  return syscall !== 'read' && syscall !== 'write' && UNSENT_CODE.test(text(error, 'code'));
}

function neverConnected(error) {
  // A name with several addresses: Node tries them one after the other (RFC 8305) and reports each.
  const errors = read(error, 'errors');
  return Array.isArray(errors) ? errors.length > 0 && errors.every(failedToConnect) : failedToConnect(error);
}

/**
 * What a rejection of `fetch` or of a stream is, by itself and its message: 1, the connection provably never came to be; 2, a server that may have read
 * the request, but is probably out of reach; 3, no failure of the network; 0, any other.
 *
 * An injected `fetch` that tries again on its own must not pass on the reason of its last try alone. A mistake with 3 is a request that is not repeated
 * although it might have been, so words are enough. A timeout of the caller's own (`AbortSignal.timeout`) has met a server that is silent: that is the
 * network as well.
 */
export function kindOf(reason, message) {
  const cause = read(reason, 'cause');
  if (unproved.has(reason) || neverConnected(cause) || neverConnected(reason) || UNSENT_WORDS.test(message)) return 1;
  if (OPAQUE_WORDS.test(message)) return 2;
  const isOfSystem = [reason, cause].some(
    (error) => SYSTEM_CODE.test(text(error, 'code')) || UNSENT_CODE.test(text(error, 'code')),
  );
  return isOfSystem || NETWORK_NAME.test(text(reason, 'name')) || NETWORK_WORDS.test(message) ? 0 : 3;
}

/** The message of a rejection. */
export function messageOf(reason) {
  const cause = read(reason, 'cause');
  let message = words(reason);
  // Node says "fetch failed" and keeps what failed in the cause.
  const detail = words(cause);
  if (detail && detail !== message) message += `: ${detail}`;
  const code = text(cause, 'code') ?? text(reason, 'code') ?? '';
  if (!message.toLowerCase().includes(code.toLowerCase())) message += ` (${code})`;
  // Hosts quote the header that they refuse, and its value may be a token.
  if (/header/i.test(message) && !/timeout/i.test(message))
    return 'the host refused the headers of the request or of the response';
  return bounded(message || 'fetch failed without saying why');
}

/** The words of an error or of anything else that was thrown, bounded, and without what may be secret in them. */
export function words(thrown) {
  return bounded(typeof thrown === 'string' ? thrown : (text(thrown, 'message') ?? ''));
}

// At most 200 characters, and of every URL only scheme and host: paths and queries can hold keys.
function bounded(message) {
  const discreet = message.replace(/[^ \n)"',]+/g, (word) => {
    const [scheme, ...rest] = word.split('://');
    return rest.length ? `${scheme}://${rest.join('://').split(/[/?#]/)[0].split('@').at(-1)}` : word;
  });
  return [...discreet.slice(0, 400)].slice(0, 200).join('');
}
