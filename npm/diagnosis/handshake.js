// What the answer to `initialize` says, for all servers that have one.
// @ts-check

import { quoted } from './discreet.js';
import { legacyVersions } from './messages.js';

/** @import { Answer, Finding } from './types.js' */

/**
 * The step `initialize`, from its answer.
 * @param {Answer} answer
 * @returns {Finding}
 */
export function greeting({ message }) {
  const { protocolVersion = '', serverInfo, capabilities } = message?.result ?? {};
  if (!legacyVersions.includes(protocolVersion)) {
    const detail = `the server wants revision ${quoted(protocolVersion, 40)}`;
    return {
      ok: false,
      detail,
      fix: `Let the server speak one of ${legacyVersions.join(', ')}: no client is known to speak another in a handshake.`,
    };
  }
  const { name = 'a server without a name', version = '' } = serverInfo ?? {};
  const offers = Object.keys(capabilities ?? {}).join(', ') || 'nothing';
  return {
    ok: true,
    detail: `${quoted(`${name} ${version}`.trim(), 80)} speaks ${protocolVersion}, offers ${offers.slice(0, 80)}`,
  };
}

/**
 * Whether a JSON-RPC answer came: an error says as well that the request was taken in.
 * @param {Answer} answer
 */
export function answered({ status, message }) {
  return status === 200 && (message?.result !== undefined || message?.error?.code === -32601);
}
