// In a page: what keeps a request from being sent at all, and requests that need no leave.
// @ts-check

/** @import { Explanation } from './types.js' */
/** @import { Wire } from './wire.js' */

/**
 * Whether anything answers at that address: asked in a way that needs no CORS, because nothing of the answer is shown.
 * @param {Wire} wire
 */
export async function isThere(wire) {
  // Isolated pages are shown no such answer, but readable ones.
  for (const mode of /** @type {const} */ (['no-cors', 'cors'])) {
    const answer = await wire.send('HEAD', {}, { mode });
    if (!answer.failure) return answer;
  }
  return undefined;
}

/**
 * Runs `work`, and tells what the page's own policy forbade meanwhile.
 * @template T
 * @param {Wire} wire
 * @param {() => Promise<T | undefined>} work
 */
export async function watchPolicy(wire, work) {
  const target = globalThis.document ?? globalThis;
  /** @type {SecurityPolicyViolationEvent | undefined} */
  let violation;
  /** @type {(event: Event) => void} */
  const note = (event) => {
    if (!(event instanceof SecurityPolicyViolationEvent)) return;
    if (event.effectiveDirective === 'connect-src' || event.violatedDirective?.startsWith('connect-src'))
      violation = event;
  };
  target.addEventListener?.('securitypolicyviolation', note);
  try {
    const result = await work();
    // The event is dispatched in a task of its own, perhaps after the rejection.
    if (result === undefined) await new Promise((resolve) => setTimeout(resolve, 50));
    return { result, why: result === undefined ? whyBlocked(wire, violation) : undefined };
  } finally {
    target.removeEventListener?.('securitypolicyviolation', note);
  }
}

/**
 * @param {Pick<Wire, 'url'>} wire
 * @param {SecurityPolicyViolationEvent | undefined} violation
 * @returns {Explanation}
 */
function whyBlocked({ url }, violation) {
  const { origin, protocol, hostname } = new URL(url);
  if (violation) {
    return {
      detail: "the page's own Content-Security-Policy forbids the connection",
      fix: `Add ${origin} to connect-src of the page's Content-Security-Policy.`,
    };
  }
  const isLocal = hostname === 'localhost' || hostname.endsWith('.localhost') || /^127\.|^\[::1\]$/.test(hostname);
  if (globalThis.location.protocol === 'https:' && protocol === 'http:' && !isLocal) {
    return {
      detail: 'a page of https:// may not connect to http://',
      fix: `Serve ${hostname} over https://: browsers block mixed content.`,
    };
  }
  return {
    detail: 'nothing answers, or the browser lets nothing through: it does not say which',
    fix: `Check that the server runs at ${origin}, that its certificate is accepted, and that no extension or local network permission blocks it.`,
  };
}

/**
 * A POST with a preflight that has nothing to allow but the origin: an upload that is watched asks for one (XMLHttpRequest Standard, send()).
 * @param {Pick<Wire, 'url' | 'timeout'>} wire
 * @returns {Promise<boolean | undefined>}
 */
export function isPreflightAnswered({ url, timeout }) {
  if (!globalThis.XMLHttpRequest) return Promise.resolve(undefined);
  return new Promise((resolve) => {
    const upload = new XMLHttpRequest();
    upload.upload.onloadstart = () => {};
    upload.onload = () => resolve(true);
    upload.onerror = () => resolve(false);
    upload.ontimeout = () => resolve(false);
    upload.open('POST', url);
    upload.timeout = timeout;
    upload.send('{}');
  });
}
