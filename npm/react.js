// A hook for React.

import { useMemo, useSyncExternalStore } from 'react';
import { snapshotOf, watchSession } from './snapshot.js';

export function useMcp(manager, userId, serverName, options) {
  // The options of the first rendering count, as those of `connect` do.
  const watched = useMemo(() => watchSession(manager, userId, serverName, options), [manager, userId, serverName]);
  const snapshot = useSyncExternalStore(watched.subscribe, watched.getSnapshot, watched.getSnapshot);
  return useMemo(() => ({ ...snapshot, call: watched.call, retry: watched.retry }), [snapshot, watched]);
}

export function useMcpSessions(manager) {
  const { subscribe, getSnapshot } = snapshotOf(manager);
  return useSyncExternalStore(subscribe, getSnapshot, getSnapshot).sessions;
}
