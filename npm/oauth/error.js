// @ts-check
// The error of this entry. The manager passes it on as the `cause` of `unauthorized`.

export class OAuthError extends Error {
  /** @override */
  name = 'OAuthError';
  /** @type {string | undefined} */
  url;
  /** @type {number | undefined} */
  status;
  /** Whether the same request may succeed later: stored tokens stay. */
  isTransient = false;

  /**
   * @param {string} code an OAuth error code (`access_denied`), or one of ours (`issuer_mismatch`)
   * @param {string} message
   * @param {{ url?: string, status?: number, cause?: unknown, isTransient?: boolean }} [about]
   */
  constructor(code, message, about) {
    super(message, about);
    this.code = code;
    Object.assign(this, about);
  }
}

export const cancelled = () => new OAuthError('cancelled', 'the login was cancelled');

/**
 * Words of a server, fit for an error: one line, bounded, and without the secrets that were sent to it.
 *
 * @param {unknown} words
 * @param {Iterable<string | undefined>} [secrets]
 */
export function quote(words, secrets = []) {
  let text = typeof words === 'string' ? words : (JSON.stringify(words) ?? '');
  for (const secret of secrets) if (secret) text = text.replaceAll(secret, '…');
  return text.replace(/[^\x20-\x7e\xa0-\uffff]+/g, ' ').slice(0, 300);
}

/**
 * A server's error: its code, and its words for it.
 *
 * @param {string} code
 * @param {unknown} words
 * @param {Iterable<string | undefined>} [secrets]
 */
export const said = (code, words, secrets) => quote(words ? `${code}: ${quote(words, secrets)}` : code, secrets);

/** Whether the client is what a server refuses. The Python SDK's server has the second name for one that it does not know. @param {string} code */
export const isOfClient = (code) => code === 'invalid_client' || code === 'unauthorized_client';

/** @param {string} code */
export const adviceOn = (code) =>
  code === 'invalid_target' ? '; where it takes no `resource`, the option `resource: null` leaves it out' : '';
