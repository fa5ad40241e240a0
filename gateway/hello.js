// The handshake with the server, made with the client's own `initialize`: the manager's has neither `_meta`, nor members that it does not know, nor the
// revision that the client asks for.
// @ts-check

import { objectOf, RawJson } from './raw-json.js';

/** @import { Gateway } from 'gateway-module' */

const HEAD = 120; // characters; the manager writes the method at the beginning
// Older revisions have another transport.
const OLDEST = '2025-03-26';

/**
 * The params of an `initialize`. An unknown revision is answered with one that is known (2025-11-25 basic/lifecycle, "Version Negotiation").
 * @param {string} params as JSON
 * @param {Gateway} gateway
 */
export function negotiable(params, gateway) {
  const given = objectOf(params);
  const asked = given.get('protocolVersion');
  return typeof asked === 'string' ? given.set('protocolVersion', gateway.negotiated(asked)) : given;
}

/**
 * A request of the manager, as the client would make it.
 * @param {RequestInit} init
 * @param {RawJson} hello the params of the client's `initialize`
 * @returns {RequestInit}
 */
export function asClient(init, hello) {
  const { body } = init;
  if (typeof body !== 'string' || !body.slice(0, HEAD).includes('"method":"initialize"')) return init;
  const message = objectOf(body);
  const own = message.get('params');
  return own instanceof RawJson ? { ...init, body: message.set('params', merged(hello, own)).text } : init;
}

/** @param {RawJson} hello @param {RawJson} own */
function merged(hello, own) {
  const asked = String(hello.get('protocolVersion') ?? own.get('protocolVersion'));
  const offered = String(own.get('protocolVersion'));
  const params = hello.copy();
  for (const name of own.keys()) params.set(name, own.get(name));
  // Never newer than what the client asks for; the manager offers less where the server has refused more.
  return params.set('protocolVersion', asked >= OLDEST && asked < offered ? asked : offered);
}
