// The cookies of one session with a server: load balancers set them to find the replica of the session. By the rules of RFC 6265, within bounds.
// @ts-check

import { CookieJar } from 'tough-cookie';

const MOST = 20;
const LARGEST = 4_096; // characters of one Set-Cookie (RFC 6265 §6.1 requires 4096 bytes)

export class Jar {
  #jar = new CookieJar();

  /** @param {string} [stored] what `text` was */
  constructor(stored) {
    if (stored !== undefined) this.#restore(stored);
  }

  // Of another version: the session goes on without cookies, and is recovered if that matters.
  /** @param {string} stored */
  #restore(stored) {
    try {
      this.#jar = CookieJar.deserializeSync(stored);
    } catch {
      this.clear();
    }
  }

  get size() {
    return this.#cookies.length;
  }

  get #cookies() {
    return this.#jar.serializeSync()?.cookies ?? [];
  }

  /** For the storage. */
  get text() {
    return JSON.stringify(this.#jar.serializeSync());
  }

  clear() {
    this.#jar = new CookieJar();
  }

  /** The value of the header `Cookie`, empty if there is none: @param {string} url */
  headerFor(url) {
    return this.#jar.getCookieStringSync(url);
  }

  /**
   * Takes the cookies of a response. Returns whether there were some.
   * @param {string} url
   * @param {Headers} headers
   */
  take(url, headers) {
    const given = headers.getSetCookie().filter((cookie) => cookie.length <= LARGEST);
    for (const cookie of given.slice(0, MOST)) this.#jar.setCookieSync(cookie, url, { ignoreError: true });
    if (given.length > 0 && this.size > MOST) this.#dropOldest();
    return given.length > 0;
  }

  #dropOldest() {
    const all = this.#jar.serializeSync();
    const cookies = [...this.#cookies].sort((one, other) => timeOf(one.lastAccessed) - timeOf(other.lastAccessed));
    this.#jar = CookieJar.deserializeSync(JSON.stringify({ ...all, cookies: cookies.slice(-MOST) }));
  }
}

/** @param {unknown} date */
function timeOf(date) {
  return Date.parse(String(date)) || 0;
}
