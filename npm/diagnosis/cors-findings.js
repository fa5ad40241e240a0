// The sentences of CORS findings, shared by the check that reads responses and the one that works by elimination.
// @ts-check

/** @import { Finding } from './types.js' */

/** @typedef {ReturnType<typeof sentences>} Sentences */

/** @param {string | undefined} origin of the page */
export function sentences(origin) {
  return {
    /** @param {string | number} [seen] */
    preflight: (seen) =>
      `The preflight request is rejected${seen ? ` (response to OPTIONS: ${seen})` : ''}: ` +
      'answer OPTIONS with 204 and Access-Control-Allow-Origin, before authentication and routing.',
    /** @param {string} name */
    allowHeader: (name) => `Access-Control-Allow-Headers lacks ${name}: add it to the response to OPTIONS.`,
    /** @param {string} name */
    allowMethod: (name) => `Access-Control-Allow-Methods lacks ${name}: add it to the response to OPTIONS.`,
    /** @param {string} name */
    exposeHeader: (name) =>
      `Access-Control-Expose-Headers lacks ${name}: add it to the responses themselves (not only to OPTIONS).`,
    /** @param {string} where "404 responses", "responses to DELETE" … */
    allowOrigin: (where) => `Access-Control-Allow-Origin is missing on ${where}: send ${origin} or * there, too.`,
    /** @param {string} where @param {string} value */
    otherOrigin: (where, value) =>
      value.includes(',')
        ? `Access-Control-Allow-Origin has several values on ${where}, ${value}: send it in one place, the server or the proxy in front of it.`
        : `Access-Control-Allow-Origin is ${value} on ${where}: it must be ${origin} or *.`,
  };
}

/**
 * Builds the `cors` step from its findings.
 * @param {string[]} findings
 * @param {string[]} seen
 * @param {string} fine
 * @returns {Finding}
 */
export function stepOf(findings, seen, fine) {
  const fixes = [...new Set(findings)];
  return fixes.length === 0
    ? { ok: true, detail: fine }
    : { ok: false, detail: [...new Set(seen)].join('; '), fix: fixes.join(' ') };
}
