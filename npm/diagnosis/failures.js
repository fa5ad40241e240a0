// Classifies errors of `fetch`: the cause, and the fix.
// @ts-check

/** @import { Failure } from './types.js' */

/** @typedef {'refused' | 'dns' | 'not-http' | 'not-tls' | 'tls' | 'port' | 'timeout' | 'unreachable' | 'coding' | 'reset' | 'other'} Kind */
/** @typedef {{ code?: unknown, message?: unknown, cause?: unknown, errors?: unknown[] }} Thrown */

/**
 * Error codes (Node) and messages (Deno, Bun, workerd) by cause. The first match counts.
 * @type {[kind: Kind, pattern: RegExp][]}
 */
const kinds = [
  ['refused', /ECONNREFUSED|ConnectionRefused|connection refused|FailedToOpenSocket/i],
  ['dns', /ENOTFOUND|EAI_AGAIN|dns (error|lookup)|getaddrinfo|DNSResolveFailed/i],
  [
    'not-tls',
    /wrong version number|ERR_SSL_WRONG_VERSION_NUMBER|packet length too long|InvalidContentType|corrupt message/i,
  ],
  ['tls', /CERT|SELF_SIGNED|VERIFY_LEAF|UNABLE_TO_GET_ISSUER|ERR_TLS|ERR_SSL|certificate|\bTLS\b|\bSSL\b|EPROTO/i],
  ['port', /bad port/i],
  ['not-http', /match the HTTP|MalformedHTTP|InvalidHTTP|invalid HTTP (response|version)|parsing HTTP/i],
  ['timeout', /ETIMEDOUT|CONNECT_TIMEOUT|timed out/i],
  ['unreachable', /EHOSTUNREACH|ENETUNREACH|unreachable/i],
  ['coding', /Z_(DATA|BUF)_ERROR|ERR__ERROR_FORMAT|incorrect header check|ZlibError|BrotliDecompress/i],
  [
    'reset',
    /ECONNRESET|EPIPE|UND_ERR_SOCKET|other side closed|terminated|connection lost|closed before|reset by peer|ConnectionClosed/i,
  ],
];

/**
 * Certificate errors and their fixes.
 * @type {[pattern: RegExp, fix: string][]}
 */
const certificates = [
  [/EXPIRED/i, 'Renew the certificate: it has expired.'],
  [/ALTNAME|NotValidForName/i, 'Use a host name that the certificate covers, or issue a certificate for this one.'],
  [
    /SELF_SIGNED|SELF-SIGNED|UnknownIssuer|VERIFY_LEAF|ISSUER|CaUsedAsEndEntity/i,
    'Install a certificate of a trusted authority with its full chain, or add this one to the trusted certificates of the client (Node: NODE_EXTRA_CA_CERTS).',
  ],
];

/** @param {unknown} error @param {{ hides: boolean, url: string }} where @returns {Failure} */
export function failureOf(error, { hides, url }) {
  // All network errors look the same to a page. page.js tells them apart with other requests.
  if (hides) return { kind: 'hidden', words: 'the browser hides the response, and does not say why' };
  const text = [...causesOf(error)].map((cause) => `${cause.code ?? ''} ${cause.message ?? ''}`).join(' ');
  const kind = kinds.find(([, pattern]) => pattern.test(text))?.[0] ?? 'other';
  const { host, hostname } = new URL(url);
  return { kind, ...remedies[kind]({ host, hostname, text, code: codeOf(error) }) };
}

/**
 * @type {Record<Kind, (seen: { host: string, hostname: string, text: string, code: string }) => Required<Omit<Failure, 'kind'>>>}
 */
const remedies = {
  refused: ({ host }) => ({
    words: `the connection to ${host} was refused: no server listens there`,
    fix: `Start the server, or correct the host and port in the URL: ${host} refuses connections.`,
  }),
  dns: ({ hostname }) => ({
    words: `the host name ${hostname} does not resolve`,
    fix: `Correct the host name ${hostname}, or its DNS record.`,
  }),
  'not-tls': ({ host }) => ({
    words: `${host} does not speak TLS`,
    fix: 'Use http:// in the URL, or terminate TLS in front of this port.',
  }),
  tls: ({ text, code }) => ({
    words: `the TLS handshake failed${code && ` (${code})`}`,
    fix:
      certificates.find(([pattern]) => pattern.test(text))?.[1] ??
      'Fix the TLS configuration of the server or of the proxy in front of it.',
  }),
  'not-http': ({ host }) => ({
    words: `${host} does not speak HTTP`,
    fix: 'Correct the port in the URL: another program answers there, or the server speaks HTTP/2 only.',
  }),
  port: () => ({
    words: 'the Fetch standard forbids this port',
    fix: 'Move the server to another port: browsers and Node refuse this one.',
  }),
  timeout: ({ host }) => ({
    words: `connecting to ${host} timed out`,
    fix: 'Check the URL, and look for a firewall that drops packets to it.',
  }),
  unreachable: ({ host }) => ({
    words: `${host} is unreachable`,
    fix: 'Check the network and its routes: the host is unreachable from here.',
  }),
  coding: ({ code }) => ({
    words: `the body is not in the encoding that Content-Encoding names${code && ` (${code})`}`,
    fix: 'Look for a proxy or a middleware that sets Content-Encoding and does not compress, or compresses twice.',
  }),
  reset: ({ code }) => ({
    words: `the connection was closed before a response arrived${code && ` (${code})`}`,
    fix: 'Check the logs of the server and of the proxy in front of it: one of them closed the connection. A port that expects https:// does the same, and so does a container whose server listens at its own 127.0.0.1 instead of 0.0.0.0.',
  }),
  other: ({ code }) => ({
    words: `fetch failed${code && ` (${code})`}`,
    fix: 'Check the network between this machine and the server.',
  }),
};

/** @param {unknown} error */
function codeOf(error) {
  const code = [...causesOf(error)].map((cause) => cause.code).find((code) => typeof code === 'string');
  return typeof code === 'string' && /^\w{1,60}$/.test(code) ? code : '';
}

/** @param {unknown} error @returns {Generator<Thrown>} */
function* causesOf(error) {
  let cause = /** @type {Thrown | undefined} */ (error);
  for (let depth = 0; cause && depth < 5; depth += 1) {
    yield cause;
    cause = /** @type {Thrown | undefined} */ (cause.cause ?? cause.errors?.[0]);
  }
}
