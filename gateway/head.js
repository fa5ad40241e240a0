// The headers of a request, read in one go: a dozen of them matter, and each look at one is a call into the runtime.

/**
 * All headers, by their names in lower case, and how many bytes they took, about.
 * RFC 9110 §5.5: white space around a value is no part of it; workerd leaves it there.
 * @returns {{ fields: Record<string, string>, size: number }}
 */
export function readHead(headers) {
  const fields = {};
  let size = 0;
  headers.forEach((value, name) => {
    fields[name] = value.trim();
    size += name.length + value.length + 4;
  });
  return { fields, size };
}
