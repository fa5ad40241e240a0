// For pages and their workers, in one file: the module is fetched from the same folder, or taken from base64.js if that fails.

// biome-ignore-all assist/source/organizeImports: start.js is first, because it starts the download of the module
import { cancel, request, response } from './start.js';
import { isForbidden, instantiate, loadOnce } from './load.js';

export { McpError, McpManager, McpSession } from './slim.js';

// Compiled while it downloads, even before `init()` is called. `init()` reports a rejection.
let loaded = instantiate(response);
loaded.catch(() => {});

export default function init(source) {
  return loadOnce(() => {
    if (!source) return loadOwn();
    cancel();
    return instantiate(source);
  });
}

async function loadOwn() {
  try {
    // A later attempt needs a new download.
    const current = loaded ?? instantiate(request());
    loaded = undefined;
    return await current;
  } catch (cause) {
    // The policy that blocks this module blocks the inline one, too.
    if (isForbidden()) throw cause;
    // If both fail, the first error is more useful.
    const { unpack } = await import('./base64.js').catch(() => Promise.reject(cause));
    return instantiate(unpack());
  }
}
