// Opening: finds out which of the three kinds the server is.
// @ts-check

import { findPath, isElsewhere } from './elsewhere.js';
import {
  initialize,
  isInitializeResult,
  isModern,
  isModernRefusal,
  legacyVersions,
  modernHeaders,
  modernRequest,
  modernVersion,
  newestLegacy,
} from './messages.js';
import { Modern } from './modern.js';
import { OldSse } from './old-sse.js';
import { targetOf } from './refusals.js';
import { Stateful } from './stateful.js';
import { Stateless } from './stateless.js';

/** @import { Answer, Server } from './types.js' */
/** @import { Wire } from './wire.js' */

/**
 * The order of a client of all revisions (MCP 2026-07-28, Streamable HTTP, Backward Compatibility): a request of 2026-07-28, then
 * `initialize`, then the stream of 2024-11-05.
 *
 * @param {Wire} wire
 * @returns {Promise<{ answer: Answer, server?: Server | undefined }>} the last answer, and the server if it took us in
 */
export async function open(wire) {
  const opened = await openAt(wire);
  let last = opened;
  for (let hops = 0; hops < mostRedirects; hops += 1) {
    const target = last.server ? undefined : targetOf(last.answer, wire);
    if (!target || target === wire.url || new URL(target).origin !== new URL(wire.url).origin) break;
    wire.moveTo(target);
    last = await openAt(wire);
  }
  if (last === opened || last.server || last.answer.status === 401) return last;
  // Nothing of use is there: the redirect is what has to be understood.
  wire.moveBack();
  const { answer } = opened;
  return { answer: answer.failure ? answer : { ...answer, leadsToPage: last.answer.media === 'page' } };
}

/** As many redirects within its origin as the client follows. */
const mostRedirects = 2;

/** @type {typeof open} */
async function openAt(wire) {
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
  if ([400, 404, 405].includes(answer.status ?? 0)) {
    const older = await openOldSse(wire);
    if (older.server) return older;
  }
  return { answer: await withPlace(wire, await withReasonOf403(wire, await withTarget(wire, answer))) };
}

/** @param {Wire} wire @param {Answer} answer @returns {Promise<Answer>} */
async function withPlace(wire, answer) {
  return !answer.failure && isElsewhere(answer) ? { ...answer, elsewhere: await findPath(wire) } : answer;
}

/** @param {Wire} wire */
async function shakeHands(wire) {
  const wanted = legacyVersions.find((version) => version === wire.protocolVersion) ?? newestLegacy;
  const answer = await wire.post(initialize(wanted), {}, { title: 'initialize' });
  // A server may reply with the list of its versions (MCP 2025-11-25, Lifecycle, Error Handling).
  const supported = answer.message?.error?.data?.supported;
  const common = Array.isArray(supported) && legacyVersions.find((version) => supported.includes(version));
  return common && common !== wanted ? wire.post(initialize(common), {}, { title: 'initialize' }) : answer;
}

/** @param {Wire} wire @param {Answer} answer @returns {Promise<Server>} */
async function servingWithHandshake(wire, answer) {
  const id = answer.headers?.get('mcp-session-id') ?? null;
  if (id !== null) return new Stateful(wire, answer, id);
  return (await Stateful.hidesItsId(wire)) ? new Stateful(wire, answer, undefined) : new Stateless(wire, answer);
}

/** @param {Wire} wire @returns {Promise<{ answer: Answer, server?: Server | undefined }>} */
async function openOldSse(wire) {
  const { answer, stream } = await OldSse.connect(wire);
  return { answer, server: stream };
}

/**
 * Whether further requests would fail in the same way.
 * @param {Answer} answer
 */
function isOutOfReach({ failure }) {
  return failure !== undefined && !['timeout', 'hidden', 'reset'].includes(failure.kind);
}

/**
 * A page does not learn the target of a redirect, except by following it: with a request that carries nothing secret.
 * @param {Wire} wire
 * @param {Answer} answer
 * @returns {Promise<Answer>}
 */
async function withTarget(wire, answer) {
  if (!answer.isRedirect) return answer;
  const { url } = await wire.send('GET', { accept: 'application/json' }, { mode: 'cors' });
  return { ...answer, ...(url && { url }) };
}

/**
 * Marks a 403 that does not occur without the Origin header.
 * @param {Wire} wire
 * @param {Answer} answer
 * @returns {Promise<Answer>}
 */
async function withReasonOf403(wire, answer) {
  if (answer.status !== 403 || !wire.origin || wire.hides) return answer;
  const { headers } = wire.target();
  const { status } = await wire.send(
    'POST',
    { ...headers, accept: 'application/json, text/event-stream', 'content-type': 'application/json' },
    { origin: null, body: JSON.stringify(initialize(newestLegacy)) },
  );
  return { ...answer, isAboutOrigin: status !== 403 };
}
