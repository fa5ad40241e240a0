// What is secret at rest: AES-GCM under the keys of TOKEN_KEYS. The first key encrypts, all of them decrypt.
// @ts-check

const KEY_BYTES = 32;
const NONCE_BYTES = 12; // NIST SP 800-38D §8.2.2: 96 random bits

const encoder = new TextEncoder();
const decoder = new TextDecoder();

export class Vault {
  #secrets;
  /** @type {Map<string, CryptoKey> | undefined} by id, the newest first */
  #ring;

  /** @param {string[]} keys @param {string} path what needs them, for errors */
  constructor(keys, path) {
    if (keys.length === 0)
      throw new Error(
        `TOKEN_KEYS: is not set, but ${path} requires it: 32 random bytes in Base64, the newest key first`,
      );
    this.#secrets = keys.map((key) => {
      const bytes = decoded(key);
      if (bytes?.length !== KEY_BYTES) throw new Error('TOKEN_KEYS: each key must be 32 bytes in Base64');
      return bytes;
    });
  }

  /**
   * Encrypts a text. Only `open` with the same `about` decrypts it: a record that is copied to another place is worthless there.
   * @param {string} text
   * @param {string[]} about
   */
  async seal(text, about) {
    const [[id, key]] = await this.#keys();
    const iv = crypto.getRandomValues(new Uint8Array(NONCE_BYTES));
    const sealed = await crypto.subtle.encrypt(algorithm(iv, about), key, encoder.encode(text));
    return `${id}.${encoded(iv)}.${encoded(new Uint8Array(sealed))}`;
  }

  /**
   * The text; undefined if it was sealed with an unknown key, for another place, or is damaged. `isOld`: with another key than the newest.
   * @param {string} sealed
   * @param {string[]} about
   * @returns {Promise<{ text: string, isOld: boolean } | undefined>}
   */
  async open(sealed, about) {
    const [id, nonce = '', body = ''] = sealed.split('.');
    const keys = await this.#keys();
    const key = new Map(keys).get(id);
    const [iv, bytes] = [decoded(nonce), decoded(body)];
    if (!key || !bytes || iv?.length !== NONCE_BYTES) return undefined;
    try {
      const text = await crypto.subtle.decrypt(algorithm(iv, about), key, bytes);
      return { text: decoder.decode(text), isOld: id !== keys[0][0] };
    } catch {
      return undefined;
    }
  }

  /** @returns {Promise<[id: string, key: CryptoKey][]>} */
  async #keys() {
    // Not a promise that requests share: in workerd one of another request must not be awaited.
    this.#ring ??= new Map(await Promise.all(this.#secrets.map(imported)));
    return [...this.#ring];
  }
}

/** @param {Uint8Array<ArrayBuffer>} bytes @returns {Promise<[id: string, key: CryptoKey]>} */
async function imported(bytes) {
  const digest = await crypto.subtle.digest('SHA-256', bytes);
  const key = await crypto.subtle.importKey('raw', bytes, 'AES-GCM', false, ['encrypt', 'decrypt']);
  return [encoded(new Uint8Array(digest).slice(0, 6)), key];
}

/** @param {Uint8Array<ArrayBuffer>} iv @param {string[]} about */
function algorithm(iv, about) {
  return { name: 'AES-GCM', iv, additionalData: encoder.encode(JSON.stringify(about)) };
}

/** @param {Uint8Array} bytes in base64url */
function encoded(bytes) {
  let text = '';
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '');
}

/** @param {string} text Base64 or base64url */
function decoded(text) {
  try {
    return Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (letter) => letter.charCodeAt(0));
  } catch {
    return undefined;
  }
}
