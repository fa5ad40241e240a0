// Nothing secret is told, and nothing that a server says is told as it is.
// @ts-check

const least = 4; // a shorter word is no secret, and would be found everywhere
const hidden = '(hidden)';

/** Takes credentials, session ids and control characters out of texts. */
export class Discretion {
  /** @type {Set<string>} */
  #secrets = new Set();

  /**
   * Every word of a header's value: of `Bearer …` the token is the secret.
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
  told(text) {
    let told = text;
    // The longest first: one may be a part of another.
    for (const secret of [...this.#secrets].sort((a, b) => b.length - a.length)) told = told.replaceAll(secret, hidden);
    return clean(told);
  }
}

/**
 * An address as it may be shown: keys are in the query, and sometimes before the host.
 * @param {string} url
 * @param {string} [base]
 */
export function shownUrl(url, base) {
  if (!URL.canParse(url, base)) return 'an address that is none';
  const { origin, pathname, search } = new URL(url, base);
  return `${origin}${pathname}${search && '?…'}`;
}

/**
 * A server's words, in quotation marks, on one line and not too long.
 * @param {string} text
 * @param {number} [most]
 */
export function quoted(text, most = 160) {
  const line = clean(text).replace(/\s+/g, ' ').trim();
  return line.length > most ? `"${line.slice(0, most)}…"` : `"${line}"`;
}

/**
 * Without control characters: they could repaint a terminal.
 * @param {string} text
 */
function clean(text) {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is taken out.
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]+/g, ' ');
}

/**
 * The first characters of an id, never the whole.
 * @param {string} id
 */
export const shortId = (id) => `${id.slice(0, Math.min(8, Math.floor(id.length / 2)))}...`;
