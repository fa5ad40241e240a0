// The demo's own servers, if this page was opened by `make demo`: real ones on this machine, behind proxies that break them.
// That server answers for demo.json with their addresses; the file of that name, which is published with the page, has none.
// @ts-check

import { withBrief } from './backend.js';

/** @import { Backend } from '../types.js' */

/** @typedef {{ name: string, mcpUrl: string, controlUrl: string }} DemoServer */

/**
 * The backend, or undefined where no demo server stands behind the page.
 * @returns {Promise<Backend | undefined>}
 */
export async function demoBackend() {
  /** @type {{ servers: DemoServer[] }} */
  const { servers } = await fetch('demo.json')
    .then((response) => response.json())
    .catch(() => ({ servers: [] }));
  const [first] = servers;
  if (!first) return undefined;
  const controls = new Map(servers.map(({ name, controlUrl }) => [name, controlUrl]));
  return {
    kind: 'demo',
    about:
      'Nothing is staged: real MCP servers run on your machine, behind proxies that break them; the client is this library.',
    servers: withBrief(servers.map(({ name, mcpUrl }) => ({ name, url: mcpUrl }))),
    controlUrl: (serverName) => controls.get(serverName) ?? first.controlUrl,
  };
}
