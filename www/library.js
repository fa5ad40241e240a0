// Loads the built package from pkg/, and measures how long the page waited for it.

export async function loadLibrary() {
  const asked = performance.now();
  try {
    const library = await import('./pkg/browser.js');
    await library.default();
    const readyMs = performance.now() - asked;
    const { version = '0' } = await fetch('pkg/package.json')
      .then((response) => (response.ok ? response.json() : {}))
      .catch(() => ({}));
    return { McpManager: library.McpManager, version, readyMs };
  } catch (cause) {
    throw new NotSetUp('The library is not built yet.', { cause });
  }
}

/** Something that the page stands on is missing; the message says what. */
export class NotSetUp extends Error {
  name = 'NotSetUp';
}
