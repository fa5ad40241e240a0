// The head of an HTTP/1.1 request, as far as workerd does not see to it: the forms of its target, its host, the framing of its body (RFC 9112).

const FIRST_LINE = /^(\S+) (\S+) HTTP\/1\.[01]\r\n/;
const ABSOLUTE = /^https?:\/\/([^/?#]*)([^#]*)/i;
const METHODS = 'GET, HEAD, POST, DELETE, OPTIONS';

/**
 * Whether a request is refused, with which answer, and whether its target is in absolute form.
 * @param {Buffer} head
 * @returns {{ refusal?: string, isAbsolute?: boolean }}
 */
export function judge(head) {
  const text = head.toString('latin1');
  const [line, method, target] = FIRST_LINE.exec(text) ?? [];
  if (line === undefined || !text.endsWith('\r\n\r\n')) return {}; // workerd refuses what is no request
  const fields = fieldsOf(text.slice(line.length, -4));
  const refusal = refusalFor(method, target) ?? refusalOfFields(fields);
  if (refusal !== undefined) return { refusal };
  const found = absolute(target);
  // §3.2.2: the host of the target replaces that of the header.
  const hosts = found ? [found[0]] : valuesOf(fields, 'host');
  if (hosts.length > 1 || !hosts.every(isHost)) return { refusal: refused(400, 'Bad request: there must be one host') };
  return { isAbsolute: found !== undefined };
}

/**
 * The host and the path of a target in absolute form.
 * @param {string} target
 * @returns {[host: string, path: string] | undefined}
 */
export function absolute(target) {
  const [, host, path] = ABSOLUTE.exec(target) ?? [];
  return host === undefined ? undefined : [host, path.startsWith('/') ? path : `/${path}`];
}

/** @param {string} method @param {string} target */
function refusalFor(method, target) {
  if (method === 'CONNECT') return refused(405, 'Method not allowed: the gateway is no proxy', [`Allow: ${METHODS}`]);
  if (target === '*' && method === 'OPTIONS') return answer('204 No Content', [`Allow: ${METHODS}`]);
  if (target.startsWith('/') || absolute(target)) return undefined;
  return refused(400, 'Bad request: the target must be a path or an http URL');
}

// §5.1: white space before a colon; §6.1 and §6.3: an encoding that is not known, and lengths that differ or are none.
/** @param {Field[]} fields */
function refusalOfFields(fields) {
  if (fields.some(([, , field]) => /^[^:]*[ \t]:/.test(field)))
    return refused(400, 'Bad request: a header has white space before its colon');
  const encodings = valuesOf(fields, 'transfer-encoding');
  if (encodings.some((value) => value.toLowerCase() !== 'chunked'))
    return refused(501, 'Not implemented: Transfer-Encoding must be chunked');
  const lengths = valuesOf(fields, 'content-length');
  if (encodings.length > 1 || new Set(lengths).size > 1 || !lengths.every((value) => /^\d{1,15}$/.test(value)))
    return refused(400, 'Bad request: the length of the body is not clear');
  return undefined;
}

/** @typedef {[name: string, value: string, field: string]} Field `field`: as it was sent */

/** @param {string} text @returns {Field[]} */
function fieldsOf(text) {
  // §5.2: a line that begins with white space continues the one before.
  return text
    .split(/\r\n(?![ \t])/)
    .filter((field) => field !== '')
    .map((field) => {
      const colon = field.indexOf(':');
      return [field.slice(0, colon).trim().toLowerCase(), field.slice(colon + 1).trim(), field];
    });
}

/** @param {Field[]} fields @param {string} name */
function valuesOf(fields, name) {
  return fields.filter(([one]) => one === name).map(([, value]) => value);
}

// RFC 9110 §4.2.4: user and password in front of a host are an error.
/** @param {string} host */
function isHost(host) {
  return /^[^\s/?#@\\%]+$/.test(host) && URL.canParse(`http://${host}/`);
}

const REASONS = /** @type {Record<number, string>} */ ({
  400: 'Bad Request',
  405: 'Method Not Allowed',
  501: 'Not Implemented',
});

/** @param {number} status @param {string} message @param {string[]} [fields] */
function refused(status, message, fields = []) {
  const body = JSON.stringify({ jsonrpc: '2.0', error: { code: -32000, message }, id: null });
  const own = ['Content-Type: application/json', `Content-Length: ${Buffer.byteLength(body)}`];
  return answer(`${status} ${REASONS[status]}`, [...own, ...fields], body);
}

/** @param {string} status @param {string[]} fields */
function answer(status, fields, body = '') {
  const usual = ['Cache-Control: no-store', 'X-Content-Type-Options: nosniff', 'Connection: close'];
  return [`HTTP/1.1 ${status}`, ...usual, ...fields, '', body].join('\r\n');
}
