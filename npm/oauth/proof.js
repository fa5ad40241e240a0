// @ts-check
// The key that tokens are bound to (RFC 9449): P-256, not extractable, one for each user.

import { exclusively } from './lock.js';
import { more } from '../oauth-lazy.js';

/** @type {WeakMap<object, Map<string, Promise<any>>>} */
const provers = new WeakMap();

/**
 * @param {any} settings
 * @param {any} storage
 * @param {string} userId
 * @param {import('./discovery.js').Metadata} [as] undefined: of a token that is bound already
 * @returns {Promise<import('./tokens.js').Prover | undefined>}
 */
export async function proverOf(settings, storage, userId, as) {
  if (!settings.dpop || (as && !as.dpop_signing_alg_values_supported)) return undefined;
  const known = provers.get(storage) ?? new Map();
  provers.set(storage, known);
  if (!known.has(userId)) known.set(userId, makeProver(storage, JSON.stringify(['oauth-key', userId])));
  return known.get(userId);
}

/** @param {any} storage @param {string} name */
function makeProver(storage, name) {
  return exclusively(storage, name, new AbortController().signal, async () => {
    const { DPoP, generateKeyPair } = await more();
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
