// The way of a session to its server, if it is not simply the server's URL.
// @ts-check

import { PlaceRecord } from './place-record.js';
import { SessionRoute } from './session-route.js';

/** @import { Row } from '../row.js' */
/** @import { Env, Settings, Sql } from '../types.js' */

/**
 * @param {Env} env
 * @param {Settings} settings
 * @param {{ server: string, user: string, isCanary?: boolean | undefined }} session
 * @param {Sql} sql of its object
 * @param {Row} row
 */
export function routeOf(env, { topology: all, gateway, health, drains }, { server, user, isCanary = false }, sql, row) {
  const topology = all.get(server);
  if (!topology || (topology.addresses.length === 1 && !topology.canary && !topology.cookies)) return undefined;
  const record = new PlaceRecord(sql, row);
  return new SessionRoute({ server, topology, user, gateway, health, drains, env, record, isCanary });
}
