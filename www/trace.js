// The trace of the timeline, with the library and the settings of the servers. It contains no headers, tokens or complete session ids.
// @ts-check

/** @import { World } from './world.js' */

/** @param {World} world */
export function traceOf({ timeline, library, backend }) {
  return {
    ...timeline.trace,
    library: { name: 'mcp-tether', version: library.version },
    servers: Object.fromEntries(
      backend.servers.map(({ name, url, sessionConfig }) => [name, { url: withoutQuery(url), sessionConfig }]),
    ),
  };
}

/**
 * Queries may contain keys.
 * @param {string} url
 */
function withoutQuery(url) {
  const { origin, pathname } = new URL(url);
  return origin + pathname;
}

/** @param {string} name @param {unknown} value */
export function download(name, value) {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([`${JSON.stringify(value, null, 2)}\n`], { type: 'application/json' }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
