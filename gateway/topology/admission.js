// Whether a server takes something new now: sessions, and requests of 2026-07-28. It may be drained, out of reach for all, or busy.
// @ts-check

import { idOf, refused, seconds } from '../answers.js';
import { randomId } from '../digest.js';
import { passOn } from '../modern.js';
import { askSession } from '../session-places.js';
import { isForCanary } from './choice.js';
import { countRefused, noteOpening } from './counts.js';

/** @import { IncomingRequest } from '../incoming-request.js' */
/** @import { RawJson } from '../raw-json.js' */
/** @import { Answer, Identity } from '../types.js' */

const DRAINED = 30_000; // milliseconds after which a client may ask again
const BUSY = 1_000;
const LISTEN = 'subscriptions/listen';

/**
 * `initialize`: opens a session at an object of its own.
 * @param {IncomingRequest} incoming
 * @param {Identity} identity
 * @param {RawJson} message
 * @param {string} params as JSON
 * @returns {Promise<Answer>}
 */
export async function openSession(incoming, identity, message, params) {
  const { env, settings, head } = incoming;
  const { subject: server } = incoming.route;
  const topology = settings.topology.get(server);
  await settings.drains.refreshed(env);
  if (settings.drains.hasAll(server)) return drained(server, message);
  const wait = settings.circuit.admit(server);
  if (wait > 0) countRefused(server, 'circuit');
  if (wait > 0) return incoming.refuse('unavailable', { id: idOf(message), headers: { 'retry-after': seconds(wait) } });
  const id = randomId();
  const isCanary = isForCanary(topology, identity.index, head);
  const answer = await askSession(
    env,
    identity,
    server,
    id,
    (object, owner) => object.open(owner, identity, message.token('id') ?? 'null', params, isCanary),
    topology?.locationHint,
  );
  if (!answer) return incoming.refuse('sessionUnknown');
  incoming.observer.opening(answer);
  // Without authentication, all callers are one user here: strangers cannot close a server to others.
  if (answer.reach === 'failed' && settings.circuit.failed(server, identity.key)) noteOpening(server, 'all');
  if (answer.reach === 'worked') settings.circuit.worked(server);
  return answer.opened ? { ...answer, headers: { 'mcp-session-id': id } } : answer;
}

/**
 * A request of 2026-07-28.
 * @param {IncomingRequest} incoming
 * @param {Identity} identity
 * @param {RawJson} message
 * @param {string} text the same as text
 * @returns {Promise<Answer>}
 */
export async function passOnAdmitted(incoming, identity, message, text) {
  const { settings, env } = incoming;
  const { subject: server } = incoming.route;
  const topology = settings.topology.get(server);
  const asked = settings.drains.refreshed(env);
  if (asked) await asked;
  if (settings.drains.hasAll(server)) return drained(server, message);
  // A subscription is open for hours.
  if (!topology?.slots || message.get('method') === LISTEN) return passOn(incoming, identity, message, text);
  const { signal } = incoming.request;
  const release = await topology.slots.take(signal);
  if (!release) return busy(server, message, topology.maxConcurrency);
  signal.addEventListener('abort', release);
  try {
    const answer = await passOn(incoming, identity, message, text);
    if (!(answer.body instanceof ReadableStream)) {
      release();
      return answer;
    }
    return { ...answer, body: noted(answer.body, release) };
  } catch (error) {
    release();
    throw error;
  }
}

/** @param {string} server @param {RawJson} message */
function drained(server, message) {
  countRefused(server, 'drained');
  return unavailable(
    message,
    DRAINED,
    'the server is being drained and takes no new sessions; open ones go on. Try again after the seconds in Retry-After',
  );
}

/** @param {string} server @param {RawJson} message @param {number} [most] */
function busy(server, message, most) {
  countRefused(server, 'busy');
  return unavailable(
    message,
    BUSY,
    `the server has ${most} requests in flight, and others wait. Try again after the seconds in Retry-After, or send fewer at once`,
  );
}

/** @param {RawJson} message @param {number} wait milliseconds @param {string} words */
function unavailable(message, wait, words) {
  return refused(
    { status: 503, code: -32000, message: `Service unavailable: ${words}` },
    { id: idOf(message), headers: { 'retry-after': seconds(wait) } },
  );
}

/**
 * The same stream; `onend` is called when it has ended, or is not read any more.
 * @param {ReadableStream<Uint8Array>} body
 * @param {() => void} onend
 * @returns {ReadableStream<Uint8Array>}
 */
function noted(body, onend) {
  const reader = body.getReader();
  return new ReadableStream({
    async pull(controller) {
      try {
        const { done, value } = await reader.read();
        if (!done) {
          controller.enqueue(value);
          return;
        }
        onend();
        controller.close();
      } catch (error) {
        onend();
        controller.error(error);
      }
    },
    async cancel(reason) {
      onend();
      await reader.cancel(reason);
    },
  });
}
