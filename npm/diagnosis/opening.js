// How a conversation with the server begins: which of the three kinds of server it is, and what it said of itself.

import {
  initialize,
  isInitializeResult,
  isModern,
  isModernRefusal,
  legacyVersions,
  modernHeaders,
  modernRequest,
  modernVersion,
} from './messages.js';
import { Modern } from './modern.js';
import { OldSse } from './old-sse.js';
import { Stateful } from './stateful.js';
import { Stateless } from './stateless.js';

/**
 * As a client of both eras begins (MCP 2026-07-28, Streamable HTTP, Backward Compatibility): a request of the new one, then
 * `initialize`, then the stream of 2024-11-05.
 *
 * @returns {{ answer, server? }} the last answer, and the server if it took us in
 */
export async function open(wire) {
  if (wire.sse) return openOldSse(wire);
  const modernFirst = wire.protocolVersion === 'auto' || wire.protocolVersion === modernVersion;
  if (modernFirst) {
    const answer = await wire.post(modernRequest('server/discover'), modernHeaders('server/discover'), {
      title: 'server/discover',
    });
    if (isModern(answer)) return { answer, server: new Modern(wire, answer) };
    if (isOutOfReach(answer)) return { answer };
  }
  const answer = await shakeHands(wire);
  if (isInitializeResult(answer)) return { answer, server: await servingWithHandshake(wire, answer) };
  if (isModernRefusal(answer.message?.error)) return { answer, server: new Modern(wire, answer) };
  // MCP 2025-11-25, Transports, Backwards Compatibility.
  if ([400, 404, 405].includes(answer.status)) {
    const older = await openOldSse(wire);
    if (older.server) return older;
  }
  return { answer: await withReasonOf403(wire, answer) };
}

async function shakeHands(wire) {
  const wanted = legacyVersions.includes(wire.protocolVersion) ? wire.protocolVersion : legacyVersions[0];
  const answer = await wire.post(initialize(wanted), {}, { title: 'initialize' });
  // Instead of a version of its own a server may name those that it has (MCP 2025-11-25, Lifecycle, Error Handling).
  const supported = answer.message?.error?.data?.supported;
  const common = Array.isArray(supported) && legacyVersions.find((version) => supported.includes(version));
  return common && common !== wanted ? wire.post(initialize(common), {}, { title: 'initialize' }) : answer;
}

async function servingWithHandshake(wire, answer) {
  const id = answer.headers.get('mcp-session-id');
  if (id !== null) return new Stateful(wire, answer, id);
  return (await Stateful.hidesItsId(wire)) ? new Stateful(wire, answer, undefined) : new Stateless(wire, answer);
}

async function openOldSse(wire) {
  const { answer, stream } = await OldSse.connect(wire);
  return { answer, server: stream };
}

/** Nothing else that could be sent would arrive either. */
function isOutOfReach({ failure }) {
  return failure !== undefined && !['timeout', 'hidden', 'reset'].includes(failure.kind);
}

/** A 403 that goes away without the Origin is about the origin. */
async function withReasonOf403(wire, answer) {
  if (answer.status !== 403 || !wire.origin || wire.hides) return answer;
  const { headers } = wire.target();
  const { status } = await wire.send(
    'POST',
    { ...headers, accept: 'application/json, text/event-stream', 'content-type': 'application/json' },
    { origin: null, body: JSON.stringify(initialize(legacyVersions[0])) },
  );
  return { ...answer, isAboutOrigin: status !== 403 };
}
