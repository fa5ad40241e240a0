// Redacts secrets, and quotes the texts of servers.
// @ts-check

const least = 4; // characters; shorter words are not secret and would match everywhere
const hidden = '(hidden)';

/** Removes credentials, session ids and control characters from texts. */
export class Discretion {
  /** @type {Set<string>} */
  #secrets = new Set();

  /**
   * Redacts every word of a header's value: in `Bearer …` only the token is secret.
   * @param {Record<string, string>} headers
   */
  keepHeaders(headers) {
    for (const value of Object.values(headers))
      this.keep(...value.split(/\s+/).filter((word) => !/^(Bearer|Basic)$/i.test(word)));
  }

  /** @param {string} url */
  keepUrl(url) {
    const { searchParams } = new URL(url);
    this.keep(...searchParams.values());
  }

  /** @param {(string | undefined)[]} secrets */
  keep(...secrets) {
    for (const secret of secrets) if (secret !== undefined && secret.length >= least) this.#secrets.add(secret);
  }

  /** @param {string} text */
  redacted(text) {
    let result = text;
    // Longest first: one may contain another.
    for (const secret of [...this.#secrets].sort((a, b) => b.length - a.length))
      result = result.replaceAll(secret, hidden);
    return clean(result);
  }
}

/**
 * A URL without its secrets, which can be in the query and in the user information.
 * @param {string} url
 * @param {string} [base]
 */
export function shownUrl(url, base) {
  if (!URL.canParse(url, base)) return 'an invalid URL';
  const { origin, pathname, search } = new URL(url, base);
  return `${origin}${pathname}${search && '?…'}`;
}

/**
 * A text of the server: quoted, on one line, shortened.
 * @param {string} text
 * @param {number} [most]
 */
export function quoted(text, most = 160) {
  const line = clean(text).replace(/\s+/g, ' ').trim();
  return line.length > most ? `"${line.slice(0, most)}…"` : `"${line}"`;
}

/**
 * Replaces control characters, which could control a terminal.
 * @param {string} text
 */
function clean(text) {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is removed.
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]+/g, ' ');
}

/**
 * The first characters of an id, never all of it.
 * @param {string} id
 */
export const shortId = (id) => `${id.slice(0, Math.min(8, Math.floor(id.length / 2)))}...`;
