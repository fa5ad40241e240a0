// Which hosts are not on the public Internet, as far as their names and addresses say.
// @ts-check

// Names of the local network: RFC 6761, RFC 6762, RFC 8375, and those that ICANN or habit keeps out of the public DNS.
const LOCAL = /(^|\.)(localhost|local|internal|intranet|private|corp|home|lan|home\.arpa)$/;

// RFC 6890 and its registry: prefix and length of IPv4 blocks that are not global.
/** @type {[prefix: number[], length: number][]} */
const BLOCKS = [
  [[0], 8],
  [[10], 8],
  [[100, 64], 10],
  [[127], 8],
  [[169, 254], 16],
  [[172, 16], 12],
  [[192, 0, 0], 24],
  [[192, 0, 2], 24],
  [[192, 88, 99], 24],
  [[192, 168], 16],
  [[198, 18], 15],
  [[198, 51, 100], 24],
  [[203, 0, 113], 24],
  [[224], 3],
];

/** Whether a URL's host is not on the public Internet, as far as its name says. @param {string} hostname as `URL` writes it */
export function isPrivate(hostname) {
  // `URL` writes an IPv4 address as four decimal numbers, whatever form it was given in, and an IPv6 address in brackets.
  if (hostname.startsWith('[')) return !isGlobal(groupsOf(hostname.slice(1, -1)));
  if (/^[\d.]+$/.test(hostname)) return BLOCKS.some((block) => isWithin(hostname.split('.').map(Number), block));
  const name = hostname.replace(/\.+$/, '');
  return !name.includes('.') || LOCAL.test(name);
}

/** @param {number[]} address @param {[prefix: number[], length: number]} block */
function isWithin(address, [prefix, length]) {
  const bits = (/** @type {number[]} */ bytes) => [0, 1, 2, 3].reduce((sum, at) => sum * 256 + (bytes[at] ?? 0), 0);
  const size = 2 ** (32 - length);
  return Math.floor(bits(address) / size) === Math.floor(bits(prefix) / size);
}

/** The eight groups of an IPv6 address. @param {string} text */
function groupsOf(text) {
  const [head, tail] = text
    .split('::')
    .map((part) => (part ? part.split(':').map((group) => Number.parseInt(group, 16)) : []));
  return tail ? [...head, ...Array(8 - head.length - tail.length).fill(0), ...tail] : head;
}

/**
 * Global unicast is 2000::/3 (RFC 4291 §2.4). Within it, 2001::/23 (Teredo and others), 2001:db8::/32, 2002::/16 (6to4) and 3fff::/20 lead elsewhere. All
 * forms that hold an IPv4 address (::ffff:0:0/96, 64:ff9b::/96) are outside.
 * @param {number[]} groups
 */
function isGlobal([first, second]) {
  if (first < 0x2000 || first > 0x3fff || first === 0x2002) return false;
  if (first === 0x2001) return second > 0x01ff && second !== 0x0db8;
  return first !== 0x3fff || second > 0x0fff;
}
