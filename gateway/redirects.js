// Redirects of a server within its origin, such as `/mcp` to `/mcp/`: followed with method and body, and remembered. A redirect to another origin is not
// followed: it would take the configured credentials there.
// @ts-check

import { log } from './log.js';

const MOST = 2;
// Of these, the method and the body are kept (RFC 9110 §15.4.8, §15.4.9).
const kept = new Set([307, 308]);

/** @type {Map<string, string>} */
const moved = new Map(); // by configured URL: where it redirects to; as many as there are servers

/**
 * Sends a request to where the URL leads.
 * @param {string} url as configured
 * @param {RequestInit} init
 * @returns {Promise<Response>} it may be a redirect that is not followed
 */
export async function fetchWithin(url, init) {
  const known = moved.get(url);
  const response = await follow(url, known ?? url, init);
  if (known === undefined || response.status !== 404) return response;
  // The server may have moved back.
  moved.delete(url);
  await response.body?.cancel();
  return follow(url, url, init);
}

/** @param {string} configured @param {string} url @param {RequestInit} init */
async function follow(configured, url, init) {
  let target = url;
  for (let turn = 0; ; turn += 1) {
    const response = await fetch(target, { ...init, redirect: 'manual' });
    const next =
      kept.has(response.status) && turn < MOST ? within(target, response.headers.get('location')) : undefined;
    if (next === undefined) {
      if (response.ok && target !== url) remember(configured, target);
      return response;
    }
    await response.body?.cancel();
    target = next;
  }
}

/** @param {string} from @param {string | null} location */
function within(from, location) {
  const to = location === null ? null : URL.parse(location, from);
  return to?.origin === new URL(from).origin ? to.href : undefined;
}

/** @param {string} configured @param {string} target */
function remember(configured, target) {
  moved.set(configured, target);
  log('info', 'redirected', { path: new URL(target).pathname });
}
