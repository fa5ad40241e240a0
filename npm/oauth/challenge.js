// @ts-check
// `WWW-Authenticate` (RFC 9110 §11.6.1): several challenges, quoted strings, parameters named twice.

/**
 * What the Bearer and DPoP challenges of a response say; the others are passed over.
 *
 * @param {string | undefined} header
 * @returns {{ hints: string[], scope?: string, error?: string, error_description?: string }}
 */
export function readChallenge(header = '') {
  /** @type {any} */
  const found = { hints: [] };
  // A parameter, or a scheme with the token68 that may follow it.
  const parts = /([\w!#$%&'*+.^`|~-]+)(?:\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))|\s+[\w.~+/-]+=*(?=\s*(?:,|$)))?/g;
  let isOurs = false;
  for (const [, name, quoted, plain] of header.matchAll(parts)) {
    const value = quoted?.replace(/\\(.)/g, '$1') ?? plain;
    const key = name.toLowerCase();
    if (value === undefined) isOurs = key === 'bearer' || key === 'dpop';
    else if (isOurs) {
      found[key] ??= value;
      if (key === 'resource_metadata') found.hints.push(value);
    }
  }
  return found;
}
