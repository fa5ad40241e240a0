// The `initialize` step of servers with a handshake.
// @ts-check

import { quoted } from './discreet.js';
import { legacyVersions } from './messages.js';

/** @import { Answer, Finding } from './types.js' */

/**
 * Builds the `initialize` step from the response.
 * @param {Answer} answer
 * @returns {Finding}
 */
export function greeting({ message }) {
  const { protocolVersion = '', serverInfo, capabilities } = message?.result ?? {};
  if (!legacyVersions.includes(protocolVersion)) {
    const detail = `the server requires protocol revision ${quoted(protocolVersion, 40)}`;
    return {
      ok: false,
      detail,
      fix: `Make the server accept one of ${legacyVersions.join(', ')}: clients offer no other revision in a handshake.`,
    };
  }
  const { name = 'an unnamed server', version = '' } = serverInfo ?? {};
  const offers = Object.keys(capabilities ?? {}).join(', ') || 'nothing';
  return {
    ok: true,
    detail: `${quoted(`${name} ${version}`.trim(), 80)} speaks ${protocolVersion}, offers ${offers.slice(0, 80)}`,
  };
}

/**
 * Whether a JSON-RPC response arrived: an error response also proves that the request was processed.
 * @param {Answer} answer
 */
export function answered({ status, message }) {
  return status === 200 && (message?.result !== undefined || message?.error?.code === -32601);
}
