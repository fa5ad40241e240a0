// @ts-check
// `WWW-Authenticate` (RFC 9110 §11.6.1): several challenges, quoted strings, parameters named twice.

/**
 * What the Bearer and DPoP challenges of a response say; the others are passed over.
 *
 * @param {string | undefined} header
 * @returns {{ hints: string[], scope?: string, error?: string }}
 */
export function readChallenge(header = '') {
  /** @type {{ hints: string[], scope?: string, error?: string }} */
  const found = { hints: [] };
  // A parameter, or a scheme with the token68 that may follow it.
  const parts = /([\w!#$%&'*+.^`|~-]+)(?:\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))|\s+[\w.~+/-]+=*(?=\s*(?:,|$)))?/g;
  let isOurs = false;
  for (const [, name, quoted, plain] of header.matchAll(parts)) {
    const value = quoted?.replace(/\\(.)/g, '$1') ?? plain;
    if (value === undefined) isOurs = /^(bearer|dpop)$/i.test(name);
    else if (isOurs) note(found, name.toLowerCase(), value);
  }
  return found;
}

/** @param {{ hints: string[], scope?: string, error?: string }} found @param {string} name @param {string} value */
function note(found, name, value) {
  if (name === 'resource_metadata') found.hints.push(value);
  if (name === 'scope' || name === 'error') found[name] ??= value;
}
