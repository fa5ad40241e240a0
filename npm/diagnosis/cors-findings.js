// What can be wrong with CORS, one sentence each: the same whether it was read in the answers or found out by elimination.
// @ts-check

/** @import { Finding } from './types.js' */

/** @typedef {ReturnType<typeof sentences>} Sentences */

/** @param {string | undefined} origin of the page */
export function sentences(origin) {
  return {
    /** @param {string | number} [seen] */
    preflight: (seen) =>
      `The preflight is not let through${seen ? ` (OPTIONS is answered with ${seen})` : ''}: ` +
      'answer OPTIONS with 204 and Access-Control-Allow-Origin, before any login and routing.',
    /** @param {string} name */
    allowHeader: (name) => `Access-Control-Allow-Headers lacks ${name}: name it in the answer to OPTIONS.`,
    /** @param {string} name */
    allowMethod: (name) => `Access-Control-Allow-Methods lacks ${name}: name it in the answer to OPTIONS.`,
    /** @param {string} name */
    exposeHeader: (name) => `Access-Control-Expose-Headers lacks ${name}: name it in the answers themselves.`,
    /** @param {string} where "404 answers", "answers to DELETE" … */
    allowOrigin: (where) => `Access-Control-Allow-Origin is missing on ${where}: send ${origin} or * there too.`,
    /** @param {string} where @param {string} value */
    otherOrigin: (where, value) => `Access-Control-Allow-Origin is ${value} on ${where}: it has to be ${origin} or *.`,
  };
}

/**
 * The step `cors` from its findings.
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
