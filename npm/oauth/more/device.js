// @ts-check
// The device flow (RFC 8628).

import { OAuthError } from '../error.js';

/** @typedef {typeof import('../tokens.js').post} Post */

/**
 * Logs in on another device. `show` gets what the user needs.
 *
 * @param {Post} post
 * @param {import('../web.js').Web} web
 * @param {any} about
 * @param {(prompt: { url: string, completeUrl?: string, code: string }) => unknown} show
 * @param {import('../tokens.js').Prover} [prover]
 * @returns {Promise<any>} the token answer
 */
export async function deviceFlow(post, web, { as, client, scope, sent: resource }, show, prover) {
  const device = await post(web, as, client, 'device_authorization_endpoint', { scope, resource });
  const { device_code, user_code: code, verification_uri: url, verification_uri_complete: completeUrl } = device;
  await show({ url, completeUrl, code });
  const deadline = Date.now() + (Number(device.expires_in) || 600) * 1000;
  let interval = (Number(device.interval) || 5) * 1000;
  while (Date.now() < deadline) {
    await pause(interval, web.signal);
    try {
      return await post(
        web,
        as,
        client,
        'token_endpoint',
        { grant_type: 'urn:ietf:params:oauth:grant-type:device_code', device_code, resource },
        prover,
      );
    } catch (/** @type {any} */ error) {
      if (error.code === 'slow_down') interval += 5_000;
      else if (error.code !== 'authorization_pending' && !error.isTransient) throw error;
    }
  }
  throw new OAuthError('expired_token', `${as.issuer}: the device code has expired`, { url: as.issuer });
}

/** @param {number} ms @param {AbortSignal} signal */
function pause(ms, signal) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener('abort', () => [clearTimeout(timer), reject(signal.reason)], { once: true });
  });
}
