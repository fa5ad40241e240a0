// The `initialize` step of servers with a handshake.
// @ts-check

import { quoted } from './discreet.js';
import { legacyVersions, request } from './messages.js';
import { explain } from './refusals.js';

/** @import { Answer, Finding } from './types.js' */
/** @import { Wire } from './wire.js' */

/**
 * Builds the `initialize` step from the response.
 * @param {Answer} answer
 * @returns {Finding}
 */
export function greeting(answer) {
  const { protocolVersion = '', serverInfo, capabilities } = answer.message?.result ?? {};
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
  const advice = adviceOn(answer);
  return advice ? { ok: true, detail: `${detail}; ${advice.seen}`, fix: advice.fix } : { ok: true, detail };
}

/** What this client reads, and many others refuse. @param {Answer} answer */
function adviceOn({ media, headers, oddity, message }) {
  const { capabilities, serverInfo } = message?.result ?? {};
  if (media === 'other' || media === 'page')
    return {
      seen: `its Content-Type is ${quoted(headers?.get('content-type') ?? '', 40)}`,
      fix: 'Send Content-Type: application/json: many clients refuse another.',
    };
  if (oddity === 'array')
    return {
      seen: 'it answers with an array',
      fix: 'Answer a request with one message: many clients refuse an array.',
    };
  if (oddity === 'unversioned')
    return {
      seen: 'its messages have no jsonrpc',
      fix: 'Add "jsonrpc": "2.0" to every message: many clients refuse one without.',
    };
  if (!capabilities || !serverInfo?.name)
    return {
      seen: 'a required member is missing',
      fix: 'Add capabilities and serverInfo to the result of initialize: many clients refuse one without.',
    };
  return undefined;
}

/**
 * Lists the tools of a server that has some: it may answer pings and nothing else.
 * @param {Wire} wire
 * @param {Answer} opening the response to `initialize`
 * @param {Record<string, string>} headers
 * @returns {Promise<Finding | undefined>} the step, if the list fails
 */
export async function withoutTools(wire, opening, headers) {
  if (!opening.message?.result?.capabilities?.tools) return undefined;
  const answer = await wire.post(request('tools/list'), headers, { title: 'tools/list' });
  if (answer.message?.result) return oddTools(answer.message.result);
  const { detail, fix } = explain(answer, wire);
  return { ok: false, detail: `tools/list: ${detail}`, fix };
}

/** A list that this client passes on, and the official clients refuse. @param {any} result @returns {Finding | undefined} */
function oddTools({ tools }) {
  if (!Array.isArray(tools))
    return {
      ok: true,
      detail: 'tools/list was answered without a list',
      fix: 'Answer tools/list with an array of tools, if only []: many clients refuse another.',
    };
  const odd = tools.find((tool) => tool?.inputSchema?.type !== 'object');
  return (
    odd && {
      ok: true,
      detail: 'tools/list was answered without the type of an input',
      fix: `Give every tool an inputSchema with "type": "object": many clients refuse the list because of ${quoted(String(odd.name), 40)}.`,
    }
  );
}

/**
 * Whether a JSON-RPC response arrived. A method that the server does not know was processed, too, whatever the status.
 * @param {Answer} answer
 */
export function answered({ status, message }) {
  return message?.error?.code === -32601 || (status === 200 && message?.result !== undefined);
}
