// Requests of 2026-07-28: each stands for itself, so they stream straight through, without an object.
import { idOf, refused } from './answers.js';
import { log } from './log.js';

// What the legacy servers behind the front speak, newest first.
const legacyVersions = ['2025-11-25', '2025-06-18', '2025-03-26'];
const MODERN_CODES = new Set([-32020, -32021, -32022, -32601, -32602]);

/**
 * Passes a request on and its answer back.
 * @param front the request at the entry
 * @param identity who sent it
 * @param message its body, as JSON and as text
 */
export async function passOn(front, identity, message, text) {
  const { gateway, request, route } = front;
  const [url, configured] = gateway.upstream(route.subject, identity.id, identity.vars);
  const headers = new Headers();
  for (const [name, value] of request.headers) if (gateway.goesToServer(name)) headers.set(name, value);
  for (const [name, value] of gateway.missingHeaders(request.headers, message)) headers.set(name, value);
  for (const [name, value] of configured) headers.set(name, value);
  let response;
  try {
    // A client that goes away cancels (2026-07-28 patterns/cancellation): its signal ends the request to the server too.
    response = await fetch(url, { method: 'POST', headers, body: text, redirect: 'manual', signal: request.signal });
  } catch (error) {
    log('warn', 'unreachable', { server: route.subject, problem: error.message });
    return front.refuse('unreachable', { id: idOf(message) });
  }
  if (response.status >= 400) return refusal(front, message, response);
  return new Response(response.body, { status: response.status, headers: forClient(gateway, response.headers) });
}

// A server that does not know the revision says so in many ways; the client gets the one that it understands.
async function refusal(front, message, response) {
  const { gateway, route } = front;
  const headers = forClient(gateway, response.headers);
  const text = await response.text();
  if ([400, 404, 405, 406].includes(response.status) && !isModern(text)) {
    log('info', 'legacyServer', { server: route.subject, status: response.status });
    const requested = message.params._meta['io.modelcontextprotocol/protocolVersion'];
    return refused(gateway.refusal('legacyServer'), { id: idOf(message), data: { supported: legacyVersions, requested } });
  }
  // 401 and 403 are about the front's own credentials, which the client can do nothing about.
  if (response.status === 401 || response.status === 403) return front.refuse('unreachable', { id: idOf(message) });
  return new Response(text, { status: response.status, headers });
}

function isModern(text) {
  try {
    return MODERN_CODES.has(JSON.parse(text).error.code);
  } catch {
    return false;
  }
}

function forClient(gateway, headers) {
  return new Headers([...headers].filter(([name]) => gateway.goesToClient(name)));
}
