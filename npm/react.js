// React hooks for sessions.
// @ts-check

import { useMemo, useSyncExternalStore } from 'react';
import { snapshotOf, watchSession } from './snapshot.js';

/** @import { ConnectOptions, McpManager } from './index.js' */

/**
 * @param {McpManager} manager
 * @param {string} userId
 * @param {string} serverName
 * @param {ConnectOptions} [options]
 */
export function useMcp(manager, userId, serverName, options) {
  // biome-ignore lint/correctness/useExhaustiveDependencies: the options of the first rendering apply, as those of the first `connect` do
  const watched = useMemo(() => watchSession(manager, userId, serverName, options), [manager, userId, serverName]);
  const snapshot = useSyncExternalStore(watched.subscribe, watched.getSnapshot, watched.getSnapshot);
  return useMemo(
    () => ({ ...snapshot, call: watched.call, retry: watched.retry, login: watched.login }),
    [snapshot, watched],
  );
}

/** @param {McpManager} manager */
export function useMcpSessions(manager) {
  const { subscribe, getSnapshot } = snapshotOf(manager);
  return useSyncExternalStore(subscribe, getSnapshot, getSnapshot).sessions;
}
