// Requests that differ from the one before only in their body, as those of a session do: workerd copies a Request in a third of the time that it takes to
// convert its headers from JavaScript.
// @ts-check

/** @import { Head } from './types.js' */

/** @typedef {RequestInit & { headers?: Head }} Init as the module makes it */

export class RequestTemplate {
  #url = '';
  /** @type {Head} */
  #headers = {};
  /** @type {Request | undefined} */
  #request; // made at the second request with this head

  /**
   * The same as the host's `fetch`.
   * @param {string} url
   * @param {RequestInit} given
   * @returns {Promise<Response>}
   */
  fetch(url, given) {
    const { method, headers = {}, body, signal, redirect } = /** @type {Init} */ (given);
    if (method !== 'POST' || redirect !== 'manual') return fetch(url, given);
    if (url !== this.#url || !isSame(headers, this.#headers)) {
      this.#url = url;
      this.#headers = { ...headers }; // a caller may change its own
      this.#request = undefined;
      return fetch(url, given);
    }
    this.#request ??= new Request(url, { method, headers, redirect });
    return fetch(this.#request, { body, signal });
  }
}

/** @param {Head} one @param {Head} other */
function isSame(one, other) {
  let rest = 0;
  for (const _ in other) rest += 1;
  for (const name in one) {
    if (one[name] !== other[name]) return false;
    rest -= 1;
  }
  return rest === 0;
}
