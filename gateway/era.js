// The era of a message within a session, by the rules in src/gateway/era.rs. Requests that differ only in what those rules do not look at have the same
// one, so it is asked for once.
// @ts-check

import { Memo } from './memo.js';
import { RawJson } from './raw-json.js';

/** @import { Gateway, Refusal } from 'gateway-module' */

// The revision that a request of 2026-07-28 claims.
const CLAIM = 'io.modelcontextprotocol/protocolVersion';

/** @type {Memo<string | Refusal>} */
const known = new Memo(); // of ordinary requests, by the revisions

/**
 * @param {Gateway} gateway
 * @param {string | undefined} version the request's header
 * @param {unknown} message undefined for a request without one
 * @param {string} agreed the session's revision
 * @returns {string | Refusal}
 */
export function eraInSession(gateway, version, message, agreed) {
  if (!isOrdinary(message)) return gateway.eraInSession(version, message, agreed);
  // Unambiguous: a missing header differs from an empty one.
  const key = version === undefined ? agreed : `${agreed}\n${version}`;
  return known.get(key) ?? known.set(key, gateway.eraInSession(version, message, agreed));
}

/** Whether it is a request like most: with nothing that could make it invalid, or one of another era. @param {unknown} message */
function isOrdinary(message) {
  if (!(message instanceof RawJson && message.isObject)) return false;
  const { value } = message;
  const { jsonrpc, id, method, params } = /** @type {Record<string, any>} */ (value);
  return (
    jsonrpc === '2.0' &&
    (typeof id === 'string' || typeof id === 'number') &&
    typeof method === 'string' &&
    method !== 'initialize' &&
    !Object.hasOwn(/** @type {object} */ (value), 'result') &&
    !Object.hasOwn(/** @type {object} */ (value), 'error') &&
    (params === undefined || (typeof params === 'object' && params !== null && !Array.isArray(params))) &&
    params?._meta?.[CLAIM] === undefined
  );
}
