// The address of a client, as Cloudflare reports it: for limits, not for authentication.
// @ts-check

/** @import { Head } from './types.js' */

/**
 * The address; of IPv6 the network of 64 bits, in which a client has all addresses. Empty where there is none.
 * @param {Head} head
 */
export function addressOf(head) {
  const address = head['cf-connecting-ip'] ?? '';
  if (!address.includes(':')) return address;
  const [front = '', back] = address.split('::');
  const before = front.split(':').filter(Boolean);
  const after = back?.split(':').filter(Boolean) ?? [];
  const zeros = back === undefined ? 0 : Math.max(0, 8 - before.length - after.length);
  return [...before, ...Array(zeros).fill('0'), ...after].slice(0, 4).join(':');
}
