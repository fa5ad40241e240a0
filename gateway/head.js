// The headers of a request, read at once: a dozen of them are used, and each access is a call into the runtime.
// @ts-check

/** @import { Head } from './types.js' */

/**
 * All headers by lower-case name, and their approximate size in bytes.
 * RFC 9110 §5.5: whitespace around a value is not part of it; workerd does not strip it.
 * @param {Headers} headers
 * @returns {{ fields: Head, size: number }}
 */
export function readHead(headers) {
  /** @type {Head} */
  const fields = {};
  let size = 0;
  // Takes workerd less than half the time of `forEach`.
  for (const [name, value] of headers) {
    fields[name] = value.trim();
    size += name.length + value.length + 4;
  }
  return { fields, size };
}
