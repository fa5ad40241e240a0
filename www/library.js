// Loads the built package from pkg/, and notes when it is ready.
// @ts-check

/** @import { Devtools, Library } from './types.js' */

/** @param {string} name */
const built = (name) => new URL(`pkg/${name}`, import.meta.url).href;

/** @returns {Promise<Library>} */
export async function loadLibrary() {
  try {
    /** @type {[typeof import('mcp-tether'), typeof import('mcp-tether/page'), typeof import('mcp-tether/storage')]} */
    const [library, page, storage] = await Promise.all([
      import(built('browser.js')),
      import(built('page.js')),
      import(built('storage.js')),
    ]);
    await library.default();
    const readyAt = performance.now();
    /** @type {{ version?: string }} */
    const { version = '0' } = await fetch(built('package.json'))
      .then((response) => (response.ok ? response.json() : {}))
      .catch(() => ({}));
    return { McpManager: library.McpManager, ...page, ...storage, version, readyAt };
  } catch (cause) {
    throw new NotSetUp('The library is not built: run `make build`.', { cause });
  }
}

/** The devtools, in which the laboratory draws its timeline. @returns {Promise<Devtools>} */
export function loadDevtools() {
  return import(built('devtools.js'));
}

/** A prerequisite of the page is missing; the message says which. */
class NotSetUp extends Error {
  /** @override */
  name = 'NotSetUp';
}
