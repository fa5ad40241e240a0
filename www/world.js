// The objects of one backend: the manager, its sessions, the network and the fault control.
// @ts-check

import { controlOf } from './backends/backend.js';
import { Holders } from './holders.js';
import { Network } from './network.js';

/** @import { ManagerOptions, SessionState } from 'mcp-tether' */
/** @import { DevtoolsElement } from 'mcp-tether/devtools' */
/** @import { Backend, Control, ControlRequest, Fault, FaultClient, Holder, Library, ServerCounts } from './types.js' */

// More attempts than the default: visitors cause many faults within a minute.
const sessionConfig = { retryAttempts: 5 };

export class World {
  /** @type {ControlRequest[]} the control requests of the last fault, for the snippet */
  asked = [];

  /**
   * @param {{ library: Library, backend: Backend, timeline: DevtoolsElement, log: NonNullable<ManagerOptions['log']> }} options
   */
  constructor({ library, backend, timeline, log }) {
    this.library = library;
    this.backend = backend;
    const addresses = backend.servers.map(({ url }) => url);
    this.network = new Network(backend.page, addresses);
    this.timeline = timeline;
    const mcpServers = Object.fromEntries(
      backend.servers.map(({ name, ...server }) => [
        name,
        {
          type: /** @type {const} */ ('streamable-http'),
          ...server,
          sessionConfig: { ...sessionConfig, ...server.sessionConfig },
        },
      ]),
    );
    this.manager = new library.McpManager(
      { mcpServers },
      {
        debug: true,
        log,
        fetch: this.network.fetch,
        clientInfo: { name: 'mcp-tether-demo', title: 'mcp-tether demo page', version: library.version },
      },
    );
    this.holders = new Holders('ada', backend.servers[0].name);
    timeline.manager = this.manager;
  }

  get holder() {
    return this.holders.current;
  }

  /** @param {Holder} holder */
  info(holder) {
    return this.manager.getSessionInfo(holder.userId, holder.serverName);
  }

  /**
   * `none` before the first handshake; the session's own state after the manager has dropped it.
   * @param {Holder} holder
   * @returns {SessionState | 'none'}
   */
  stateOf(holder) {
    return this.info(holder)?.state ?? holder.session?.state ?? 'none';
  }

  /** @type {Control} */
  control = async (what, body) => {
    const url = this.backend.controlUrl?.(this.holder.serverName);
    if (url === undefined) throw new Error('this server has no fault control');
    if (body?.client !== 'official') this.asked.push({ url: `${url}/${what}`, body: body ?? {} });
    return controlOf(url, this.backend.page).ask(what, body);
  };

  /**
   * The server's counts; undefined if there are none.
   * @returns {Promise<ServerCounts | undefined>}
   */
  async counts() {
    const url = this.backend.controlUrl?.(this.holder.serverName);
    return url === undefined ? undefined : controlOf(url, this.backend.page).counts();
  }

  /**
   * Causes the fault for each of the given clients.
   * @param {Fault} fault
   * @param {FaultClient[]} [clients]
   */
  async break(fault, clients = ['mcp-tether']) {
    this.asked = [];
    if (fault.break) await fault.break(this);
    for (const client of clients) await fault.arm?.(this, client);
  }

  async close() {
    await this.manager.close({ terminate: true });
  }
}
