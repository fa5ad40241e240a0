// Where clients reach the gateway, if that is not where it listens: behind a proxy that terminates TLS.
// @ts-check

/** @param {string | undefined} value the variable PUBLIC_ORIGIN */
export function originOf(value) {
  if (!value) return undefined;
  const url = URL.parse(value);
  if (url === null || !['http:', 'https:'].includes(url.protocol) || url.href !== `${url.origin}/`)
    throw new Error('PUBLIC_ORIGIN: must be an origin, such as https://mcp.example.com');
  return url.origin;
}
