import type { ConnectOptions, McpManager, SessionInfo } from './index.js';
import type { SessionSnapshot, WatchedSession } from './snapshot.js';

/** The result of {@link useMcp}: the state of the session, and functions, which are the same in every rendering. */
export interface UseMcp extends SessionSnapshot {
  readonly call: WatchedSession['call'];
  readonly retry: WatchedSession['retry'];
  readonly login: WatchedSession['login'];
}

/**
 * The session of a user with a server, in a component. Connects when the component is mounted, and renders again when the state or the tools change.
 * Components with the same arguments share the session. Unmounting the last one does not end it.
 *
 * Needs React 18 or newer. On a server, it renders as `connecting`.
 *
 * @param options Only those of the first rendering are used.
 */
export function useMcp(manager: McpManager, userId: string, serverName: string, options?: ConnectOptions): UseMcp;

/** All active sessions of a manager. */
export function useMcpSessions(manager: McpManager): readonly SessionInfo[];
