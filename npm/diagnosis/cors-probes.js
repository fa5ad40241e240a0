// Requests beyond those of the other steps whose responses a page must be able to read, because clients send them.
// @ts-check

import { modernHeaders, modernRequest, request } from './messages.js';
import { json } from './wire.js';

/** @import { Server } from './types.js' */
/** @import { Wire } from './wire.js' */

/** A session id unknown to every server. */
const unknownId = () => `mcp-tether-${Date.now().toString(36)}-${Math.random().toString(36).slice(2)}`;

/**
 * A value for a header of which only the name matters.
 * @param {string} name
 * @param {Server} [server]
 */
export function sample(name, server) {
  if (name === 'mcp-session-id') return server?.id ?? '';
  if (name === 'mcp-protocol-version') return server?.protocolVersion ?? '2025-11-25';
  if (name === 'mcp-method') return 'ping';
  return name === 'last-event-id' ? '0' : 'mcp-tether';
}

/**
 * A request that every server answers, possibly with an error; sent with the additional `headers`.
 * @param {Wire} wire
 * @param {Server | undefined} server
 * @param {Record<string, string>} [headers]
 */
export function harmless(wire, server, headers = {}) {
  const { headers: own } = wire.target();
  // Clients of 2024-11-05 do not POST to the URL of the stream.
  const url = server?.endpoint;
  return wire.send(
    'POST',
    { ...own, ...json, ...headers },
    { url, title: 'ping', body: JSON.stringify(request('ping')) },
  );
}

/** @param {Wire} wire @param {string | undefined} version */
export function pingUnknownSession(wire, version) {
  return wire.post(
    request('ping'),
    { 'mcp-session-id': unknownId(), 'mcp-protocol-version': version ?? '2025-11-25' },
    { title: 'ping with an unknown session id' },
  );
}

/** @param {Wire} wire @param {Server} server */
export function openStream(wire, server) {
  return server.listen?.() ?? wire.get(server.headers);
}

/** @param {Wire} wire */
export function unknownMethod(wire) {
  return wire.post(modernRequest('mcp-tether/unknown'), modernHeaders('mcp-tether/unknown'), {
    title: 'an unknown method',
  });
}
