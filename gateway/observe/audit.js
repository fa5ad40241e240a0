// Audit events: log lines with `audit: true`. docs/operation.md lists them.
// @ts-check

import { log } from '../log.js';
import { withPseudonym } from './pseudonym.js';

/**
 * @typedef {'session.opened' | 'session.ended' | 'auth.refused' | 'admin.refused' | 'admin.read' | 'admin.traced' | 'admin.ended' | 'admin.drained' |
 *   'admin.undrained' | 'login.completed' | 'login.failed' | 'login.removed' | 'login.expired'} Action
 */

/**
 * @param {Action} action
 * @param {{ key?: string, server?: string, session?: string, by?: string, route?: string, replica?: string }} about `key` is that of the user
 */
export function audit(action, { key, ...about }) {
  withPseudonym(key, (user) => log('info', 'audit', { audit: true, action, user, ...about }));
}
