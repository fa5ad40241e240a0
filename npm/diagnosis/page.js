// In a page: causes that prevent sending a request, and requests that need no CORS permission.
// @ts-check

/** @import { Explanation } from './types.js' */
/** @import { Wire } from './wire.js' */

/**
 * Whether a server responds at the URL: an opaque request, which needs no CORS.
 * @param {Wire} wire
 */
export async function isThere(wire) {
  // Cross-origin isolated pages get no opaque responses, only readable ones.
  for (const mode of /** @type {const} */ (['no-cors', 'cors'])) {
    const answer = await wire.send('HEAD', {}, { mode });
    if (!answer.failure) return answer;
  }
  return undefined;
}

/**
 * Runs `work`, and explains what the page's Content-Security-Policy blocked meanwhile.
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
    // The event is dispatched in a separate task, possibly after the rejection.
    if (result === undefined) await new Promise((resolve) => setTimeout(resolve, 50));
    return { result, why: result === undefined ? await whyBlocked(wire, violation) : undefined };
  } finally {
    target.removeEventListener?.('securitypolicyviolation', note);
  }
}

/**
 * @param {Pick<Wire, 'url'>} wire
 * @param {SecurityPolicyViolationEvent | undefined} violation
 * @returns {Promise<Explanation>}
 */
async function whyBlocked({ url }, violation) {
  const { origin, protocol, hostname } = new URL(url);
  if (violation) {
    return {
      detail: 'the Content-Security-Policy of this page blocks the connection',
      fix: `Add ${origin} to connect-src of the page's Content-Security-Policy.`,
    };
  }
  const isLocal = hostname === 'localhost' || hostname.endsWith('.localhost') || /^127\.|^\[::1\]$/.test(hostname);
  if (globalThis.location.protocol === 'https:' && protocol === 'http:' && !isLocal) {
    return {
      detail: 'a page on https:// may not connect to http://',
      fix: `Serve ${hostname} over https://: browsers block mixed content.`,
    };
  }
  if ((isLocal || privateHost.test(hostname)) && (await isLocalNetworkDenied()))
    return {
      detail: 'the browser does not let this page connect to the local network',
      fix: "Allow this page local network access in the browser's settings for this site.",
    };
  return {
    detail: 'the server does not respond, or the browser blocks the request: it does not say which',
    fix: `Check that the server runs at ${origin},${protocol === 'https:' ? ' that the browser accepts its certificate,' : ''} and that no extension or local network permission blocks the request.`,
  };
}

const privateHost = /^(10|172\.(1[6-9]|2\d|3[01])|192\.168)\.|\.local$/;

/** Local Network Access (WICG): versions of Chromium name the permission differently, other browsers have none. */
async function isLocalNetworkDenied() {
  for (const name of ['loopback-network', 'local-network', 'local-network-access']) {
    const query = { name: /** @type {PermissionName} */ (name) };
    const found = await globalThis.navigator?.permissions?.query(query).catch(() => undefined);
    if (found?.state === 'denied') return true;
  }
  return false;
}

/**
 * A POST whose preflight must allow only the origin: an upload with a listener causes one (XMLHttpRequest Standard, send()).
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
