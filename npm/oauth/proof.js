// @ts-check
// The key that tokens are bound to (RFC 9449): P-256, not extractable, one for each user.

import { DPoP, generateKeyPair } from 'oauth4webapi';
import { exclusively } from './lock.js';

/** @type {WeakMap<object, Map<string, Promise<any>>>} */
const provers = new WeakMap();

/** @param {any} storage @param {string} userId @returns {Promise<import('./tokens.js').Prover>} */
export function proverOf(storage, userId) {
  const known = provers.get(storage) ?? new Map();
  provers.set(storage, known);
  if (!known.has(userId)) known.set(userId, makeProver(storage, JSON.stringify(['oauth-key', userId])));
  return known.get(userId);
}

/** @param {any} storage @param {string} name */
function makeProver(storage, name) {
  return exclusively(storage, name, new AbortController().signal, async () => {
    let pair = await storage.get(name);
    if (!pair?.privateKey) {
      pair = await generateKeyPair('ES256', { extractable: false });
      try {
        await storage.set(name, pair);
      } catch {
        // A storage for text alone cannot take it: the key lives as long as the provider, and its tokens with it.
      }
    }
    // Not in the library's types; its exact version is bundled, and the tests check the proofs.
    return /** @type {any} */ (DPoP({}, pair));
  });
}

/** @param {import('./tokens.js').Prover | undefined} prover @param {any} request */
export async function proofOf(prover, { method, url, token, nonce }) {
  const headers = new Headers();
  const target = new URL(url);
  if (nonce) prover?.cacheNonce({ headers: new Headers({ 'dpop-nonce': nonce }) }, target);
  await prover?.addProof(target, headers, method, token);
  return Object.fromEntries(headers);
}
