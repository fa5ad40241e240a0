// @ts-check
// HTTP requests to authorization servers: bounded in time and size, without cookies, within one origin.

import { OAuthError, quote } from './error.js';

/**
 * @typedef {{ fetch: typeof fetch, signal: AbortSignal, proof?: Proof | undefined }} Web
 * @typedef {{ key: any, alg?: string, kid?: string }} Proof the private key of a client that was registered by hand
 * @typedef {{ status: number, headers: Headers, text: string, json: any }} Answer
 */

/** Bytes of one response. */
const LIMIT = 262_144;
/** No cookies and nothing of a cache, where there are such things: workerd throws at what it has not. */
/** @type {RequestInit} */
const HOST = 'credentials' in Request.prototype ? { credentials: 'omit', cache: 'no-store' } : {};
/** Milliseconds for one response. */
const PATIENCE = 15_000;
const MOST_REDIRECTS = 4;

/**
 * The URL, if it is safe to send secrets to (OAuth 2.1 §1.5).
 *
 * @param {string} url
 * @param {string} what
 */
export function secure(url, what) {
  if (!URL.canParse(url)) throw new OAuthError('invalid_url', `${what}: ${quote(url)} is not a URL`);
  const parsed = new URL(url);
  const isLoopback = /^((.+\.)?localhost|127(\.\d+){3}|\[::1\])$/.test(parsed.hostname);
  if (parsed.protocol === 'https:' || (parsed.protocol === 'http:' && isLoopback)) return parsed;
  throw new OAuthError('insecure_url', `${what}: ${quote(url)} is neither https nor on this machine`, { url });
}

/**
 * One request with its response. Redirects of a GET are followed within the origin.
 *
 * @param {Web} web
 * @param {string} url
 * @param {string} what the document or endpoint, for errors
 * @param {RequestInit} [init]
 * @returns {Promise<Answer>}
 */
export async function send(web, url, what, init = {}) {
  const first = secure(url, what);
  const signal = AbortSignal.any([web.signal, AbortSignal.timeout(PATIENCE)]);
  const request = (/** @type {string} */ at, /** @type {RequestRedirect} */ redirect) =>
    web.fetch(at, { ...init, ...HOST, redirect, signal });
  let at = first.href;
  const elsewhere = () => new OAuthError('redirected', `${what} at ${url} redirects to another origin`, { url });
  try {
    let response = await request(at, 'manual');
    for (let hops = 0; response.status >= 300 && response.status < 400 && !init.method; hops += 1) {
      const location = response.headers.get('location');
      if (location === null || hops === MOST_REDIRECTS) break;
      response.body?.cancel?.().catch(() => {});
      const next = new URL(location, at);
      if (next.origin !== first.origin) throw elsewhere();
      at = next.href;
      response = await request(at, 'manual');
    }
    if (response.type === 'opaqueredirect' && !init.method) {
      // A page does not see where a redirect leads; only where it has led.
      response = await request(at, 'follow');
      if (new URL(response.url).origin !== first.origin) throw elsewhere();
    }
    const text = await readText(response, what, url);
    return { status: response.status, headers: response.headers, text, json: parse(text) };
  } catch (cause) {
    if (cause instanceof OAuthError) throw cause;
    web.signal.throwIfAborted();
    throw new OAuthError('unreachable', `${what} at ${url} cannot be read${reason(signal, first)}`, {
      url,
      cause,
      isTransient: true,
    });
  }
}

/** @param {AbortSignal} signal @param {URL} url */
function reason(signal, url) {
  if (signal.aborted) return `: no complete response within ${PATIENCE / 1000} s`;
  const { origin = 'null' } = globalThis;
  const isCrossOrigin = origin !== 'null' && origin !== url.origin;
  return isCrossOrigin ? `: the network failed, or it sends no CORS headers for ${origin}` : '';
}

/** @param {Response} response @param {string} what @param {string} url */
async function readText(response, what, url) {
  const reader = response.body?.getReader?.();
  if (!reader) return response.text();
  const decoder = new TextDecoder();
  let text = '';
  let size = 0;
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return text + decoder.decode();
    size += value.length;
    if (size > LIMIT) {
      reader.cancel().catch(() => {});
      throw new OAuthError('too_large', `${what} at ${url} is larger than ${LIMIT} bytes`, { url, isTransient: true });
    }
    text += decoder.decode(value, { stream: true });
  }
}

/** @param {string} text an object in JSON, or undefined @returns {any} */
function parse(text) {
  try {
    const value = JSON.parse(text);
    return typeof value === 'object' && !Array.isArray(value) ? (value ?? undefined) : undefined;
  } catch {
    return undefined;
  }
}
