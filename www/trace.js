// The trace file: all events, and the manager's statistics. It contains no headers, tokens or complete session ids.
// @ts-check

/** @import { World } from './world.js' */

/** @param {World} world */
export function traceOf({ timeline, manager, library, backend }) {
  const sessions = manager
    .getAllActiveSessions()
    .map(({ sessionId, ...session }) => ({ ...session, sessionId: sessionId && `${sessionId.slice(0, 8)}...` }));
  return {
    format: 'mcp-tether-trace',
    version: 1,
    library: { name: 'mcp-tether', version: library.version },
    exportedAt: new Date().toISOString(),
    servers: Object.fromEntries(
      backend.servers.map(({ name, url, sessionConfig }) => [name, { url: withoutQuery(url), sessionConfig }]),
    ),
    stats: manager.getSessionStats(),
    metrics: manager.getMetrics(),
    sessions,
    events: timeline.events,
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
