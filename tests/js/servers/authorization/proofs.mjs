// Proofs of possession: of a DPoP key (RFC 9449), and of a client's private key (RFC 7523).
import { createHash } from 'node:crypto';
import { calculateJwkThumbprint, EmbeddedJWK, importJWK, jwtVerify } from 'jose';

const used = new Set(); // the ids of proofs: each counts once

/**
 * The thumbprint of the key of a request's DPoP proof; undefined if the proof is none.
 * @param {{ method: string, headers: Record<string, any> }} request
 * @param {string} url
 * @param {{ token?: string, nonce?: string }} [about] what the proof has to name
 */
export async function thumbprintOf({ method, headers }, url, { token, nonce } = {}) {
  try {
    const { payload, protectedHeader } = await jwtVerify(headers.dpop, EmbeddedJWK, {
      typ: 'dpop+jwt',
      maxTokenAge: 60,
    });
    const ath = token && createHash('sha256').update(token).digest('base64url');
    const { origin, pathname } = new URL(url);
    const isRight =
      payload.htm === method && payload.htu === origin + pathname && payload.ath === ath && payload.nonce === nonce;
    if (!isRight || !payload.jti || used.has(payload.jti) || 'd' in protectedHeader.jwk) return undefined;
    used.add(payload.jti);
    return await calculateJwkThumbprint(protectedHeader.jwk);
  } catch {
    return undefined;
  }
}

/** Whether a request proves a client's key: @param {Record<string, string>} params @param {{ client_id: string, jwk: object }} client @param {string} issuer */
export async function provesKey({ client_assertion, client_assertion_type }, { client_id, jwk }, issuer) {
  if (client_assertion_type !== 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer') return false;
  try {
    const key = await importJWK(jwk, jwk.alg);
    const { payload, protectedHeader } = await jwtVerify(client_assertion, key, {
      issuer: client_id,
      subject: client_id,
      audience: issuer,
      requiredClaims: ['exp', 'jti'],
    });
    if (used.has(payload.jti) || (jwk.kid && protectedHeader.kid !== jwk.kid)) return false;
    used.add(payload.jti);
    return true;
  } catch {
    return false;
  }
}
