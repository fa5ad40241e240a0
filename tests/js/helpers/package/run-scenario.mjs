// The runner for Node, Deno and Bun: takes the server's URL, prints the report as JSON.

import init, { McpError, McpManager, McpSession } from 'mcp-tether';
import { scenario } from './scenario.mjs';

function runtimeName() {
  if (globalThis.Deno) return `deno ${Deno.version.deno}`;
  return globalThis.Bun ? `bun ${Bun.version}` : `node ${process.versions.node}`;
}

const runtime = runtimeName();
console.log(JSON.stringify(await scenario({ init, McpManager, McpSession, McpError, runtime }, process.argv[2])));
// A socket kept alive for the next request would keep some runtimes from exiting.
process.exit(0);
