// Loads the built package from pkg/, and measures the time until it is ready.
// @ts-check

/** @import { Devtools, Library } from './types.js' */

const built = new URL('pkg/browser.js', import.meta.url).href;

/** @returns {Promise<Library>} */
export async function loadLibrary() {
  const asked = performance.now();
  try {
    /** @type {typeof import('mcp-tether')} */
    const library = await import(built);
    await library.default();
    const readyMs = performance.now() - asked;
    /** @type {{ version?: string }} */
    const { version = '0' } = await fetch('pkg/package.json')
      .then((response) => (response.ok ? response.json() : {}))
      .catch(() => ({}));
    return { McpManager: library.McpManager, version, readyMs };
  } catch (cause) {
    throw new NotSetUp('The library is not built: run `make build`.', { cause });
  }
}

/** The devtools, in which the laboratory draws its timeline. @returns {Promise<Devtools>} */
export function loadDevtools() {
  return import(new URL('pkg/devtools.js', import.meta.url).href);
}

/** A prerequisite of the page is missing; the message says which. */
class NotSetUp extends Error {
  /** @override */
  name = 'NotSetUp';
}
