// Random ids and digests, as text.
// @ts-check

const encoder = new TextEncoder();

/**
 * SHA-256 in hexadecimal.
 * @param {string} text
 */
export async function sha256(text) {
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', encoder.encode(text)));
  let hex = '';
  for (const byte of digest) hex += hexOf[byte];
  return hex;
}

/** 256 random bits in base64url: a session id that cannot be guessed. */
export function randomId() {
  const bytes = crypto.getRandomValues(new Uint8Array(32));
  return btoa(String.fromCharCode(...bytes))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replace(/=+$/, '');
}

const hexOf = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));
