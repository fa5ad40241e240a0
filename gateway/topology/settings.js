// Where the requests of a server go, and how many at once: the members of its configuration that only the gateway knows.
// @ts-check

import { SharedCircuit } from './circuit.js';
import { Drains } from './drains.js';
import { Health } from './health.js';
import { Slots } from './slots.js';

/** @import { Gateway } from 'gateway-module' */
/** @import { McpConfig, ServerConfig } from 'mcp-tether' */
/** @import { Address, Canary, Topology } from '../types.js' */

/** @typedef {(url: unknown, path: string) => string} FillUrl the URL with its variables filled in; throws what is wrong with it */
/** @typedef {Record<string, unknown>} Given */

const MOST_REPLICAS = 16;
const LARGEST_CONCURRENCY = 10_000;
const ADDRESS_COOLDOWN = 10_000; // initial milliseconds for which new sessions avoid an address
const MEMBERS = ['cookies', 'replicas', 'drain', 'canary', 'maxConcurrency', 'locationHint'];
/** https://developers.cloudflare.com/durable-objects/reference/data-location/ */
const HINTS = ['wnam', 'enam', 'sam', 'weur', 'eeur', 'apac', 'oc', 'afr', 'me'];
const HEADER = /^([!#$%&'*+.^_`|~\w-]+)(?::[ \t]*(.*?))?[ \t]*$/; // RFC 9110 §5.6.2

/** The configuration without these members: what the package knows. @param {McpConfig} config @returns {McpConfig} */
export function packageConfig(config) {
  const servers = Object.entries(config.mcpServers ?? {}).map(([name, server]) => [name, ofPackage(server)]);
  return { ...config, mcpServers: Object.fromEntries(servers) };
}

/** @param {ServerConfig} server */
function ofPackage(server) {
  if (!isObject(server)) return server;
  return Object.fromEntries(Object.entries(server).filter(([member]) => !MEMBERS.includes(member)));
}

/**
 * What the isolate knows about servers and addresses: where everything goes, what is out of reach, and what is drained.
 * @param {Gateway} gateway
 * @param {number} cooldown
 * @param {Map<string, Topology>} topology
 */
export function knowledgeOf(gateway, cooldown, topology) {
  return {
    topology,
    circuit: new SharedCircuit(gateway, cooldown),
    health: new Health(new SharedCircuit(gateway, ADDRESS_COOLDOWN)),
    drains: new Drains(topology),
  };
}

/**
 * By server, of those that have one of the members. Throws all that is wrong, without values: they may be secret.
 * @param {McpConfig} config
 * @param {FillUrl} fill
 * @returns {Map<string, Topology>}
 */
export function readTopology({ mcpServers }, fill) {
  /** @type {string[]} */
  const problems = [];
  /** @type {Map<string, Topology>} */
  const found = new Map();
  for (const [name, server] of Object.entries(mcpServers)) {
    const given = /** @type {Given} */ (/** @type {unknown} */ (server));
    if (MEMBERS.every((member) => given[member] === undefined)) continue;
    found.set(name, new Reader(name, given, fill, problems).read());
  }
  if (problems.length > 0) throw new Error(problems.join('; '));
  return found;
}

class Reader {
  #server;
  #path;
  #given;
  #fill;
  #problems;

  /** @param {string} server @param {Given} given @param {FillUrl} fill @param {string[]} problems */
  constructor(server, given, fill, problems) {
    this.#server = server;
    this.#path = `mcpServers.${server}`;
    this.#given = given;
    this.#fill = fill;
    this.#problems = problems;
  }

  /** @returns {Topology} */
  read() {
    const addresses = this.#drain(this.#addresses());
    const most = this.#concurrency();
    return {
      url: addresses[0].url,
      addresses,
      canary: this.#canary(),
      cookies: this.#cookies(),
      maxConcurrency: most,
      slots: most === undefined ? undefined : new Slots(most),
      locationHint: this.#hint(),
    };
  }

  /** @param {string} member @param {string} problem */
  #wrong(member, problem) {
    this.#problems.push(`${this.#path}.${member}: ${problem}`);
  }

  /** @param {string} member @param {unknown} text @returns {Address} */
  #address(member, text) {
    let url = '';
    try {
      url = this.#fill(text, `${this.#path}.${member}`);
    } catch (error) {
      this.#problems.push(/** @type {Error} */ (error).message);
    }
    const [replica] = member.split('.');
    return { server: this.#server, replica, text: String(text), url, isDrained: false };
  }

  /** @returns {Address[]} */
  #addresses() {
    const { url, replicas = [], type } = this.#given;
    const first = this.#address('url', url);
    if (!Array.isArray(replicas) || replicas.length > MOST_REPLICAS) {
      this.#wrong('replicas', `must be a list of at most ${MOST_REPLICAS} URLs`);
      return [first];
    }
    if (replicas.length > 0 && type === 'sse') this.#wrong('replicas', 'cannot be combined with the type "sse"');
    const all = [first, ...replicas.map((text, at) => this.#address(`replicas[${at}]`, text))];
    if (new Set(all.map((address) => address.url)).size < all.length && all.every((address) => address.url !== ''))
      this.#wrong('replicas', 'has an address twice; url is one of them already');
    return all;
  }

  /** @param {Address[]} addresses */
  #drain(addresses) {
    const { drain = false } = this.#given;
    if (typeof drain === 'boolean') return addresses.map((address) => ({ ...address, isDrained: drain }));
    const texts = addresses.map(({ text }) => text);
    if (!Array.isArray(drain) || drain.some((text) => !texts.includes(text)))
      this.#wrong(
        'drain',
        'must be true, false, or a list of addresses out of url and replicas, as they are written there',
      );
    else return addresses.map((address) => ({ ...address, isDrained: drain.includes(address.text) }));
    return addresses;
  }

  /** @returns {Canary | undefined} */
  #canary() {
    const { canary } = this.#given;
    if (canary === undefined) return undefined;
    if (!isObject(canary)) {
      this.#wrong('canary', 'must be an object with url, and header, percent or both');
      return undefined;
    }
    const { url, header, percent, ...unknown } = canary;
    for (const member of Object.keys(unknown)) this.#wrong(`canary.${member}`, 'is unknown');
    if (header === undefined && percent === undefined) this.#wrong('canary', 'needs header, percent or both');
    const [, name, value] = (typeof header === 'string' && HEADER.exec(header)) || [];
    if (header !== undefined && !name)
      this.#wrong('canary.header', 'must be a header such as "X-Canary: 1", or the name of one');
    const share = percent ?? 0;
    const isShare = typeof share === 'number' && share >= 0 && share <= 100;
    if (!isShare) this.#wrong('canary.percent', 'must be a number from 0 to 100');
    return {
      address: this.#address('canary.url', url),
      header: name ? { name: name.toLowerCase(), value } : undefined,
      percent: isShare ? share : 0,
    };
  }

  #cookies() {
    const { cookies = false } = this.#given;
    if (typeof cookies !== 'boolean') this.#wrong('cookies', 'must be true or false');
    return cookies === true;
  }

  #concurrency() {
    const { maxConcurrency: most } = this.#given;
    if (most === undefined) return undefined;
    if (typeof most === 'number' && Number.isInteger(most) && most >= 1 && most <= LARGEST_CONCURRENCY) return most;
    this.#wrong('maxConcurrency', `must be a whole number from 1 to ${LARGEST_CONCURRENCY}`);
    return undefined;
  }

  #hint() {
    const { locationHint: hint } = this.#given;
    if (hint === undefined) return undefined;
    if (typeof hint === 'string' && HINTS.includes(hint)) return hint;
    this.#wrong('locationHint', `must be one of ${HINTS.join(', ')}`);
    return undefined;
  }
}

/** @param {unknown} value @returns {value is Given} */
function isObject(value) {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
