// Compiles and starts the module, once for all callers. A failure says what to do about it.

import { McpError } from './error.js';
import { finish, imports } from './mcp_tether.js';

export let isReady = false;

let loading;

/**
 * The first caller decides where the module comes from. A load that failed may be tried again, perhaps from another place.
 *
 * @param {() => Promise<WebAssembly.Module>} find
 */
export function loadOnce(find) {
  loading ??= (async () => {
    try {
      start(await WebAssembly.instantiate(await find(), imports()));
    } catch (cause) {
      loading = undefined;
      throw explain(cause);
    }
  })();
  return loading;
}

/** @param {BufferSource | WebAssembly.Module} source */
export function initSync(source) {
  try {
    const module = isModule(source) ? source : new WebAssembly.Module(source);
    start(new WebAssembly.Instance(module, imports()));
  } catch (cause) {
    throw explain(cause);
  }
  loading ??= Promise.resolve();
}

function start(instance) {
  // `initSync()` may have been faster than an `init()` that was under way.
  if (isReady) return;
  finish(instance);
  isReady = true;
}

/** @param {BufferSource | WebAssembly.Module | URL | string | Request | Response | Promise<Response>} source */
export async function compile(source) {
  const from = await source;
  if (from === undefined) throw new Error('init() of mcp-tether/slim needs it as its argument');
  if (isModule(from)) return from;
  if (from.byteLength !== undefined) return WebAssembly.compile(from);
  return compileResponse(from.ok === undefined ? await fetch(from) : from);
}

// Next runs edge routes in a realm of their own and hands over modules of another, so `instanceof` would not know them.
function isModule(source) {
  return source[Symbol.toStringTag] === 'WebAssembly.Module';
}

async function compileResponse(response) {
  const { url, status } = response;
  const type = response.headers.get('content-type');
  if (!response.ok) throw new Error(`${url} answered with status ${status}`);
  if (type === 'application/wasm') return WebAssembly.compileStreaming(response);
  const bytes = new Uint8Array(await response.arrayBuffer());
  // "\0asm" begins every module (WebAssembly core specification, §5.5.16).
  if (bytes[3] !== 0x6d || bytes[0] !== 0) throw new Error(`${url} is no WebAssembly module, its type is ${type}`);
  console.warn(`mcp-tether: ${url} compiles faster if it is served as application/wasm instead of ${type}`);
  return WebAssembly.compile(bytes);
}

/** Whether this host refuses to compile the smallest module there is; the words of its refusal differ from browser to browser. */
export function isForbidden() {
  try {
    new WebAssembly.Module(Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0));
  } catch {
    return true;
  }
}

function explain(cause) {
  const what = isForbidden()
    ? "WebAssembly is blocked here: add 'wasm-unsafe-eval' to script-src of the Content-Security-Policy, see docs/toolchains.md#content-security-policy"
    : `the WebAssembly module did not load (${cause.message}), see docs/toolchains.md#the-module-did-not-load`;
  return new McpError(what, { code: 'config_error', cause });
}
