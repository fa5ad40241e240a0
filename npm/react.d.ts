import type { ConnectOptions, McpManager, SessionInfo } from './index.js';
import type { SessionSnapshot, WatchedSession } from './snapshot.js';

/** The result of {@link useMcp}: the state of the session, and functions, which are the same in every rendering. */
export interface UseMcp extends SessionSnapshot {
  /** Calls a tool, after connecting if necessary. It rejects with an `McpError`; an error of the tool itself is a result with `isError`. Handle both. */
  readonly call: WatchedSession['call'];
  /** Connects again after `failed` or `terminated`. It never rejects: `error` has the reason. */
  readonly retry: WatchedSession['retry'];
  /** Logs in, in the handler of a click, in the state `needsLogin`. It never rejects: `loginError` has the reason. */
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
