// All faults of the fault server, by path.
import { bodies } from './bodies.mjs';
import { clientRequests } from './client-requests.mjs';
import { connections } from './connections.mjs';
import { lostSessions } from './lost-sessions.mjs';
import { oddities } from './oddities.mjs';
import { statuses } from './statuses.mjs';
import { streams } from './streams.mjs';

/** A fault is a set of functions that replace the healthy server's; see healthy.mjs. */
export const faults = {
  healthy: {},
  ...lostSessions,
  ...statuses,
  ...connections,
  ...streams,
  ...bodies,
  ...clientRequests,
  ...oddities,
};
