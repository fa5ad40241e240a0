// The two clients of the story: the official one and mcp-tether, with their default settings, on the same server and the same network.
// @ts-check

import { loadOfficialClient, OfficialClient, shorten } from '../compare/official-client.js';
import { Network } from '../network.js';

/** @import { McpError, McpManager, McpSession } from 'mcp-tether' */
/** @import { CallOutcome, Library, StoryServer } from '../types.js' */

/** What both clients are given instead of the global `fetch`. Going offline is told to the manager, as an application would. */
export class StoryNetwork extends Network {
  /** @param {StoryServer} server */
  constructor({ url, page }) {
    super(page, [url, theirUrl({ url, page })]);
  }

  /** @type {McpManager | undefined} */
  manager;

  /** @override @param {number} ms */
  async goOffline(ms) {
    const back = super.goOffline(ms);
    this.manager?.notifyNetwork('offline');
    await back;
    this.manager?.notifyNetwork('online');
  }
}

export class OurClient {
  manager;
  #session;

  /** @param {McpManager} manager @param {McpSession} session */
  constructor(manager, session) {
    this.manager = manager;
    this.#session = session;
  }

  /** @param {Library} library @param {StoryServer} server @param {StoryNetwork} network @param {string} tab */
  static async connect({ McpManager, attachToPage, sharedStorage, webStorage, version }, { url }, network, tab) {
    // Of this tab and its frames: other tabs with the story have faults of their own.
    const tabs = sharedStorage(webStorage(sessionStorage), `story ${tab}`);
    const manager = new McpManager(
      { mcpServers: { shop: { url } } },
      { log: () => {}, fetch: network.fetch, storage: tabs, clientInfo: { name: 'mcp-tether-demo', version } },
    );
    attachToPage(manager, { tabs });
    network.manager = manager;
    const session = await manager.connect('ada', 'shop');
    await session.listTools(); // its annotations say which calls may be repeated
    return new OurClient(manager, session);
  }

  /** @param {string} name @param {Record<string, unknown>} given @returns {Promise<CallOutcome>} */
  async call(name, given) {
    const began = performance.now();
    const since = () => performance.now() - began;
    try {
      const { isError } = await this.#session.callTool({ name, arguments: given });
      return { ok: !isError, ms: since() };
    } catch (error) {
      return { ok: false, error, ms: since() };
    }
  }
}

export class TheirClient {
  version;
  #module;
  #server;
  #network;
  /** @type {OfficialClient | undefined} */
  #client;
  #isBroken = false;

  /** @param {import('../compare/official-client.js').OfficialModule} module @param {StoryServer} server @param {StoryNetwork} network */
  constructor(module, server, network) {
    this.version = module.version;
    this.#module = module;
    this.#server = server;
    this.#network = network;
  }

  /** @param {StoryServer} server @param {StoryNetwork} network */
  static async connect(server, network) {
    const client = new TheirClient(await loadOfficialClient(), server, network);
    await client.#open();
    return client;
  }

  async #open() {
    const url = new URL(theirUrl(this.#server), document.baseURI);
    url.searchParams.set('client', 'official');
    const { fetch } = this.#network;
    this.#client = await OfficialClient.connect(this.#module, { url, headers: undefined, fetch, emit: () => {} });
    this.#isBroken = false;
  }

  async close() {
    await this.#client?.close().catch(() => {});
  }

  /** After failures it gets a new session, as by reloading the page. */
  async renew() {
    if (!this.#isBroken) return;
    await this.close();
    await this.#open();
  }

  /** @param {string} name @param {Record<string, unknown>} given @returns {Promise<CallOutcome>} */
  async call(name, given) {
    const outcome = (await this.#client?.call(name, given)) ?? { ok: false, ms: 0 };
    if (!outcome.ok) this.#isBroken = true;
    return outcome;
  }
}

/**
 * Over HTTP/1.1 a browser has six connections to a host, and the official client keeps one in each window: with three windows none would be left at a server
 * that they share.
 * @param {Pick<StoryServer, 'url' | 'page'>} server
 */
const theirUrl = ({ url, page }) => (page === undefined ? url : url.replace('//127.0.0.1:', '//localhost:'));

/** @param {unknown} thrown the error of either client, as a line */
export function errorInWords(thrown) {
  const { code, message } = /** @type {Partial<McpError>} */ (thrown ?? {});
  if (typeof code === 'string' && /^[a-z_]+$/.test(code)) return code;
  // The official client quotes the body of a refusal: the message in it says more than the JSON around it.
  const [, quoted] = /"message":"([^"]+)"/.exec(message ?? '') ?? [];
  return shorten(quoted ?? message ?? thrown, 70);
}
