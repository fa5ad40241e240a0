// Which addresses of a server a user's requests prefer.
// @ts-check

/** @import { Address, Head, Topology } from '../types.js' */
/** @import { Drains } from './drains.js' */

/**
 * The addresses for new sessions and for requests without one, the preferred one first. Each user has an order (rendezvous hashing): a new or removed
 * address changes the first choice only of the users who get it, or who lose theirs.
 * @param {Topology} topology
 * @param {string} user
 * @param {boolean} isCanary
 * @param {Drains} drains
 * @returns {Address[]}
 */
export function choicesOf({ addresses, canary }, user, isCanary, drains) {
  const open = addresses.filter((address) => !drains.has(address));
  const choices = open.length > 0 ? open : addresses; // sessions of a drained server are still recovered
  const ordered = choices
    .map((address) => ({ address, weight: hash(`${user}\n${address.text}`) }))
    .sort((one, other) => other.weight - one.weight)
    .map(({ address }) => address);
  return isCanary && canary && !drains.has(canary.address) ? [canary.address, ...ordered] : ordered;
}

/**
 * Whether a request goes to the canary, by its headers or its user.
 * @param {Topology | undefined} topology
 * @param {string} user
 * @param {Head} head
 */
export function isForCanary(topology, user, head) {
  const canary = topology?.canary;
  if (!canary) return false;
  const { header, percent, address } = canary;
  const given = header && head[header.name];
  if (given !== undefined && (header?.value === undefined || given === header.value)) return true;
  return (hash(`${user}\n${address.text}`) / 2 ** 32) * 100 < percent;
}

// FNV-1a over UTF-16 units, with the last step of MurmurHash3, so that all bits depend on all characters: a whole number below 2³².
/** @param {string} text */
function hash(text) {
  let bits = 0x811c9dc5;
  for (let at = 0; at < text.length; at += 1) bits = Math.imul(bits ^ text.charCodeAt(at), 0x01000193);
  bits = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
  return (bits ^ (bits >>> 16)) >>> 0;
}
