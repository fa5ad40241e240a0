// Compiles and instantiates the module, once for all callers. Errors say how to fix the cause.

import { McpError } from './error.js';
import { finish, imports } from './mcp_tether.js';

export let isReady = false;

let loading;

/** @typedef {WebAssembly.Instance | WebAssembly.WebAssemblyInstantiatedSource} Loaded */

/**
 * The first caller decides the source of the module. A failed load may be retried, also from another source.
 *
 * @param {() => Promise<Loaded>} find
 */
export function loadOnce(find) {
  loading ??= (async () => {
    try {
      start(await find());
    } catch (cause) {
      loading = undefined;
      throw explain(cause);
    }
  })();
  return loading;
}

/**
 * @param {BufferSource | WebAssembly.Module} source
 * @param {Map<Function, Function>} [replaced] for the package's other entries: what the module imports in place of functions of the glue
 */
export function initSync(source, replaced) {
  try {
    const module = isModule(source) ? source : new WebAssembly.Module(source);
    const given = imports();
    if (replaced)
      for (const functions of Object.values(given))
        for (const name in functions) functions[name] = replaced.get(functions[name]) ?? functions[name];
    start(new WebAssembly.Instance(module, given));
  } catch (cause) {
    throw explain(cause);
  }
  loading ??= Promise.resolve();
}

function start(loaded) {
  // `initSync()` may have finished during a pending `init()`.
  if (isReady) return;
  finish(loaded.instance ?? loaded);
  isReady = true;
}

/**
 * Rejects for the module of another build, whose imports have another name (tools/name-imports.mjs).
 *
 * @param {BufferSource | WebAssembly.Module | URL | string | Request | Response | Promise<Response | BufferSource>} source
 * @returns {Promise<Loaded>}
 */
export async function instantiate(source) {
  let from = await source;
  if (!from) throw new Error('init() of mcp-tether/slim needs the module as its argument');
  if (!isModule(from) && from.byteLength === undefined)
    from = await bodyOf(from.ok === undefined ? await fetch(from) : from);
  return WebAssembly[from.ok ? 'instantiateStreaming' : 'instantiate'](from, imports());
}

// Next runs edge routes in a separate realm and passes modules of another one, for which `instanceof` fails.
function isModule(source) {
  return source[Symbol.toStringTag] === 'WebAssembly.Module';
}

/** The response if it can be compiled while it arrives, else its bytes. */
async function bodyOf(response) {
  const { url, status } = response;
  const type = response.headers.get('content-type');
  if (!response.ok) throw new Error(`${url} answered with status ${status}`);
  if (type === 'application/wasm') return response;
  const bytes = new Uint8Array(await response.arrayBuffer());
  // "\0asm" begins every module (WebAssembly core specification, §5.5.16).
  if (bytes[3] !== 0x6d || bytes[0] !== 0) throw new Error(`${url} is not a WebAssembly module (content type ${type})`);
  console.warn(`mcp-tether: ${url} compiles faster if it is served as application/wasm`);
  return bytes;
}

/** Whether this host has WebAssembly and refuses to compile even the smallest module: the error messages differ between browsers. */
export function isForbidden() {
  try {
    new WebAssembly.Module(Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0));
  } catch {
    return globalThis.WebAssembly;
  }
}

function explain(cause) {
  const what = isForbidden()
    ? "WebAssembly is blocked here: add 'wasm-unsafe-eval' to script-src of the Content-Security-Policy, see docs/toolchains.md#content-security-policy"
    : `the WebAssembly module did not load (${cause.message}), see docs/toolchains.md#the-module-did-not-load`;
  return new McpError(what, { code: 'config_error', cause });
}
