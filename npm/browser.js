// For pages and their workers, in one file: the module is fetched from beside it, or taken from inline.js where that fails.

// biome-ignore-all assist/source/organizeImports: start.js is first, because it starts the download of the module
import { cancel, request, response } from './start.js';
import { compile, isForbidden, loadOnce } from './load.js';

export { McpError, McpManager, McpSession } from './slim.js';

// Compiled while it arrives, whether or not `init()` was called yet. The rejection is reported by `init()`.
let compiled = compile(response);
compiled.catch(() => {});

export default function init(source) {
  return loadOnce(() => {
    if (source === undefined) return compileOwn();
    cancel();
    return compile(source);
  });
}

async function compileOwn() {
  try {
    // A later attempt needs a download of its own.
    const current = compiled ?? compile(request());
    compiled = undefined;
    return await current;
  } catch (cause) {
    // The policy that forbids one module forbids the other.
    if (isForbidden()) throw cause;
    // Of two failures the first says more.
    const { unpack } = await import('./inline.js').catch(() => Promise.reject(cause));
    return WebAssembly.compile(await unpack());
  }
}
