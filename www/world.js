// What belongs together while the page uses one backend: the manager, its sessions, the network and the server's control side.
// @ts-check

import { askControl } from './backends/backend.js';
import { Holders } from './holders.js';
import { Network } from './network.js';

/** @import { ManagerOptions, SessionState } from 'mcp-tether' */
/** @import { SessionTimeline } from './timeline/timeline.js' */
/** @import { Backend, Control, ControlRequest, Fault, FaultClient, Holder, Library, ServerCounts } from './types.js' */

// More tries than the default: a visitor breaks a server more often in a minute than the world does in a month.
const sessionConfig = { retryAttempts: 5 };

export class World {
  network = new Network();
  /** @type {ControlRequest[]} what the control side was told for the last fault: the snippet repeats it */
  asked = [];

  /**
   * @param {{ library: Library, backend: Backend, timeline: SessionTimeline, log: NonNullable<ManagerOptions['log']> }} options
   */
  constructor({ library, backend, timeline, log }) {
    this.library = library;
    this.backend = backend;
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
    timeline.watch(this.manager.events);
  }

  get holder() {
    return this.holders.current;
  }

  /** @param {Holder} holder */
  info(holder) {
    return this.manager.getSessionInfo(holder.userId, holder.serverName);
  }

  /**
   * `none` before the first handshake; what the session says of itself once the manager has dropped it.
   * @param {Holder} holder
   * @returns {SessionState | 'none'}
   */
  stateOf(holder) {
    return this.info(holder)?.state ?? holder.session?.state ?? 'none';
  }

  /** @type {Control} */
  control = async (what, body) => {
    const url = this.backend.controlUrl?.(this.holder.serverName);
    if (url === undefined) throw new Error('this server has no control side');
    if (body?.client !== 'official') this.asked.push({ url: `${url}/${what}`, body: body ?? {} });
    return askControl(url, what, body);
  };

  /**
   * What the server counted; undefined where there are no counts.
   * @returns {Promise<ServerCounts | undefined>}
   */
  async counts() {
    const url = this.backend.controlUrl?.(this.holder.serverName);
    return url === undefined ? undefined : askControl(url, 'counts');
  }

  /**
   * Makes the trouble, for each of the clients that are to meet it.
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
