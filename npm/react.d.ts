import type { ConnectOptions, McpManager, SessionInfo } from './index.js';
import type { SessionSnapshot, WatchedSession } from './snapshot.js';

/** What {@link useMcp} gives: the session as it is now, and what can be done with it. The functions stay the same between renderings. */
export interface UseMcp extends SessionSnapshot {
  readonly call: WatchedSession['call'];
  readonly retry: WatchedSession['retry'];
}

/**
 * The session of a user with a server in a component. It connects when the component is mounted, and renders again when the state or the tools change.
 * Components with the same arguments share the session; the last one that leaves does not end it.
 *
 * Needs React 18 or newer. On a server, it renders as `connecting`.
 *
 * @param options Those of the first rendering count.
 */
export function useMcp(manager: McpManager, userId: string, serverName: string, options?: ConnectOptions): UseMcp;

/** All active sessions of a manager. */
export function useMcpSessions(manager: McpManager): readonly SessionInfo[];
