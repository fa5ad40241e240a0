// The key that a user's tokens are bound to (RFC 9449): ECDSA with P-256, as text for the encrypted records.
// @ts-check

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256' };

/** A new one, as the JWK of its private key. */
export async function newPair() {
  const { privateKey } = /** @type {CryptoKeyPair} */ (
    await crypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify'])
  );
  return JSON.stringify(await crypto.subtle.exportKey('jwk', privateKey));
}

/** @param {string} text @returns {Promise<CryptoKeyPair>} the private key cannot be exported */
export async function readPair(text) {
  const { kty, crv, x, y, d } = JSON.parse(text);
  const [privateKey, publicKey] = await Promise.all([
    crypto.subtle.importKey('jwk', { kty, crv, x, y, d }, ALGORITHM, false, ['sign']),
    crypto.subtle.importKey('jwk', { kty, crv, x, y }, ALGORITHM, true, ['verify']),
  ]);
  return { privateKey, publicKey };
}
