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
export function greeting({ message, media, headers }) {
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
  const detail = `${quoted(`${name} ${version}`.trim(), 80)} speaks ${protocolVersion}, offers ${offers.slice(0, 80)}`;
  const isOdd = media === 'other' || media === 'page';
  return {
    ok: true,
    detail: isOdd ? `${detail}; its Content-Type is ${quoted(headers?.get('content-type') ?? '', 40)}` : detail,
    ...(isOdd && { fix: 'Send Content-Type: application/json: many clients refuse another.' }),
  };
}

/**
 * Whether a JSON-RPC response arrived: an error response also proves that the request was processed.
 * @param {Answer} answer
 */
export function answered({ status, message }) {
  return status === 200 && (message?.result !== undefined || message?.error?.code === -32601);
}
