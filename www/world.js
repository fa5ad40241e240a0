// What belongs together while the page uses one backend: the manager, its sessions, the network and the server's control side.

import { askControl } from './backends/backend.js';
import { Holders } from './holders.js';
import { Network } from './network.js';

// More tries than the default: a visitor breaks a server more often in a minute than the world does in a month.
const sessionConfig = { retryAttempts: 5 };

export class World {
  network = new Network();
  asked = []; // what the control side was told for the last fault: the snippet repeats it

  constructor({ library, backend, timeline, log }) {
    Object.assign(this, { library, backend, timeline });
    const mcpServers = Object.fromEntries(
      backend.servers.map(({ name, ...server }) => [
        name,
        { type: 'streamable-http', ...server, sessionConfig: { ...sessionConfig, ...server.sessionConfig } },
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

  info(holder) {
    return this.manager.getSessionInfo(holder.userId, holder.serverName);
  }

  /** `none` before the first handshake; what the session says of itself once the manager has dropped it. */
  stateOf(holder) {
    return this.info(holder)?.state ?? holder.session?.state ?? 'none';
  }

  control = async (what, body) => {
    const url = this.backend.controlUrl(this.holder.serverName);
    if (body?.client !== 'official') this.asked.push({ url: `${url}/${what}`, body: body ?? {} });
    return askControl(url, what, body);
  };

  /** What the server counted; undefined where nobody counts for us. */
  async counts() {
    return this.backend.controlUrl && askControl(this.backend.controlUrl(this.holder.serverName), 'counts');
  }

  /** Makes the trouble, for each of the clients that are to meet it. */
  async break(fault, clients = ['mcp-tether']) {
    this.asked = [];
    if (fault.break) await fault.break(this);
    for (const client of clients) await fault.arm?.(this, client);
  }

  async close() {
    await this.manager.close({ terminate: true });
  }
}
