// What is counted about the ways to servers, for /metrics. Labels are from the configuration and from closed sets: an address is named by its place there
// (`url`, `replicas[0]`, `canary`), which is no secret.
// @ts-check

import { count } from '../counters.js';
import { log } from '../log.js';

/** @import { Address } from '../types.js' */

/** An address got a request: @param {Address} address @param {number} status 0: it did not answer */
export function countRequestTo({ server, replica }, status) {
  const kind = status === 0 ? 'none' : `${Math.floor(status / 100)}xx`;
  add(`replica_requests_total{server="${server}",replica="${replica}",status="${kind}"}`);
}

/** A session, or a request of 2026-07-28, went from one address to another: @param {'session' | 'request'} what @param {Address} from */
export function countFailover(what, { server, replica }) {
  add(`failovers_total{server="${server}",replica="${replica}",of="${what}"}`);
}

/** @param {string} server @param {string} replica or `all` @param {boolean} isDrained */
export function countDrain(server, replica, isDrained) {
  add(`drains_total{server="${server}",replica="${replica}",action="${isDrained ? 'drain' : 'undrain'}"}`);
}

/** Something new was refused: @param {string} server @param {'drained' | 'circuit' | 'busy'} reason */
export function countRefused(server, reason) {
  add(`refused_total{server="${server}",reason="${reason}"}`);
}

/** A circuit has opened: of one `user`, of `all` users, or of an address. @param {string} server @param {string} of */
export function noteOpening(server, of) {
  add(`circuit_openings_total{server="${server}",of="${of}"}`);
  log('warn', 'circuitOpened', { server, of });
}

/** @param {string} name */
function add(name) {
  count({ [name]: 1 });
}
