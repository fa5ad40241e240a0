// The handshake with the server, made with the client's own `initialize`: the manager's has neither `_meta`, nor members that it does not know, nor the
// revision that the client asks for.
// @ts-check

/** @import { Gateway } from 'gateway-module' */
/** @import { Rpc, RpcParams } from './types.js' */

const HEAD = 120; // characters; the manager writes the method at the beginning
// Older revisions have another transport.
const OLDEST = '2025-03-26';

/**
 * The params of an `initialize`. An unknown revision is answered with one that is known (2025-11-25 basic/lifecycle, "Version Negotiation").
 * @param {string} params as JSON
 * @param {Gateway} gateway
 * @returns {RpcParams}
 */
export function negotiable(params, gateway) {
  const given = JSON.parse(params);
  const { protocolVersion: asked } = given;
  return typeof asked === 'string' ? { ...given, protocolVersion: gateway.negotiated(asked) } : given;
}

/**
 * A request of the manager, as the client would make it.
 * @param {RequestInit} init
 * @param {RpcParams} hello the params of the client's `initialize`
 * @returns {RequestInit}
 */
export function asClient(init, hello) {
  const { body } = init;
  if (typeof body !== 'string' || !body.slice(0, HEAD).includes('"method":"initialize"')) return init;
  /** @type {Rpc} */
  const message = JSON.parse(body);
  return { ...init, body: JSON.stringify({ ...message, params: merged(hello, message.params ?? {}) }) };
}

/** @param {RpcParams} hello @param {RpcParams} own @returns {RpcParams} */
function merged(hello, own) {
  const asked = String(hello.protocolVersion ?? own.protocolVersion);
  const offered = String(own.protocolVersion);
  // Never newer than what the client asks for; the manager offers less where the server has refused more.
  const protocolVersion = asked >= OLDEST && asked < offered ? asked : offered;
  return { ...hello, ...own, protocolVersion };
}
