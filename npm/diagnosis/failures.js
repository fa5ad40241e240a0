// Why `fetch` failed: which of the few things that go wrong on the way it was, and what to do about it.
// @ts-check

/** @import { Failure } from './types.js' */

/** @typedef {'refused' | 'dns' | 'not-tls' | 'tls' | 'port' | 'timeout' | 'unreachable' | 'reset' | 'other'} Kind */
/** @typedef {{ code?: unknown, message?: unknown, cause?: unknown, errors?: unknown[] }} Thrown */

/**
 * What runtimes say: Node in codes, Deno, Bun and workerd partly in words. The first that fits.
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
  ['timeout', /ETIMEDOUT|CONNECT_TIMEOUT|timed out/i],
  ['unreachable', /EHOSTUNREACH|ENETUNREACH|unreachable/i],
  [
    'reset',
    /ECONNRESET|EPIPE|UND_ERR_SOCKET|other side closed|terminated|connection lost|closed before|reset by peer|ConnectionClosed/i,
  ],
];

/**
 * Certificates fail for a handful of reasons, each with its own remedy.
 * @type {[pattern: RegExp, fix: string][]}
 */
const certificates = [
  [/EXPIRED/i, 'Renew the certificate: it has expired.'],
  [/ALTNAME|NotValidForName/i, 'Use the name that the certificate is for, or get one for this name.'],
  [
    /SELF_SIGNED|SELF-SIGNED|UnknownIssuer|VERIFY_LEAF|ISSUER|CaUsedAsEndEntity/i,
    'Install a certificate of a known authority with its whole chain, or make this one known to the client (Node: NODE_EXTRA_CA_CERTS).',
  ],
];

/** @param {unknown} error @param {{ hides: boolean, url: string }} where @returns {Failure} */
export function failureOf(error, { hides, url }) {
  // Every failure looks the same to a page. Which one it was, is found out by other requests: page.js.
  if (hides) return { kind: 'hidden', words: 'the browser shows no answer, and does not say why' };
  const told = [...causesOf(error)].map((cause) => `${cause.code ?? ''} ${cause.message ?? ''}`).join(' ');
  const kind = kinds.find(([, pattern]) => pattern.test(told))?.[0] ?? 'other';
  const { host, hostname } = new URL(url);
  return { kind, ...remedies[kind]({ host, hostname, told, code: codeOf(error) }) };
}

/**
 * @type {Record<Kind, (seen: { host: string, hostname: string, told: string, code: string }) => Required<Omit<Failure, 'kind'>>>}
 */
const remedies = {
  refused: ({ host }) => ({
    words: `nothing listens at ${host}: the connection was refused`,
    fix: `Start the server, or correct host and port of the address: ${host} refuses connections.`,
  }),
  dns: ({ hostname }) => ({
    words: `no address is found for the name ${hostname}`,
    fix: `Correct the host name ${hostname}, or its DNS entry.`,
  }),
  'not-tls': ({ host }) => ({
    words: `${host} does not speak TLS`,
    fix: 'Use http:// in the address, or put TLS before this port.',
  }),
  tls: ({ told, code }) => ({
    words: `the TLS handshake failed${code && ` (${code})`}`,
    fix:
      certificates.find(([pattern]) => pattern.test(told))?.[1] ??
      'Mend the TLS configuration of the server or of the proxy before it.',
  }),
  port: () => ({
    words: 'the Fetch standard forbids this port',
    fix: 'Move the server to another port: browsers and Node refuse this one.',
  }),
  timeout: ({ host }) => ({
    words: `no connection to ${host} came about in time`,
    fix: 'Look for a firewall, or a wrong address, between here and there.',
  }),
  unreachable: ({ host }) => ({
    words: `there is no way to ${host}`,
    fix: 'Check the network: the host cannot be reached from here.',
  }),
  reset: ({ code }) => ({
    words: `the connection was closed before an answer came${code && ` (${code})`}`,
    fix: 'Look into the log of the server, and of the proxy before it: it broke the connection off. A port that wants https:// does the same.',
  }),
  other: ({ code }) => ({
    words: `fetch failed${code && ` (${code})`}`,
    fix: 'Look into the network between here and the server.',
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
