// The headers of a request, read in one go: a dozen of them matter, and each look at one is a call into the runtime.
// @ts-check

/** @import { Head } from './types.js' */

/**
 * All headers, by their names in lower case, and how many bytes they took, about.
 * RFC 9110 §5.5: white space around a value is no part of it; workerd leaves it there.
 * @param {Headers} headers
 * @returns {{ fields: Head, size: number }}
 */
export function readHead(headers) {
  /** @type {Head} */
  const fields = {};
  let size = 0;
  headers.forEach((value, name) => {
    fields[name] = value.trim();
    size += name.length + value.length + 4;
  });
  return { fields, size };
}
