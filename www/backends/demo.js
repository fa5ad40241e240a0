// The demo's servers, if the page was opened with `make demo`: real ones on this machine, behind fault-injecting proxies. The demo's web server returns
// their URLs as demo.json; the published demo.json is empty.
// @ts-check

import { tabName } from '../tab.js';
import { withBrief } from './backend.js';

/** @import { Backend } from '../types.js' */

/** @typedef {{ name: string, mcpUrl: string, controlUrl: string }} DemoServer */
/** @typedef {{ servers: DemoServer[], story?: DemoServer }} Demo */

/**
 * The backend, or undefined without a demo server.
 * @returns {Promise<Backend | undefined>}
 */
export async function demoBackend() {
  /** @type {Demo} */
  const { servers, story } = await fetch('demo.json')
    .then((response) => response.json())
    .catch(() => ({ servers: [] }));
  const [first] = servers;
  if (!first) return undefined;
  const page = await tabName();
  const controls = new Map(servers.map(({ name, controlUrl }) => [name, controlUrl]));
  return {
    kind: 'demo',
    about: 'Real MCP servers run on your machine, behind proxies that cause the faults; the client is this library.',
    servers: withBrief(servers.map(({ name, mcpUrl }) => ({ name, url: mcpUrl }))),
    controlUrl: (serverName) => controls.get(serverName) ?? first.controlUrl,
    page,
    ...(story && { story: { url: story.mcpUrl, controlUrl: story.controlUrl, page } }),
  };
}
