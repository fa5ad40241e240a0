// A hand-written MCP server of 2026-07-28 with one fault a path, which counts its requests, its executions and
// violations in the requests. Paths, settings in the query and counts work as in fault-server.mjs.
import { startFaultServer } from './fault-server.mjs';
import { dispatch } from './modern-faults/healthy.mjs';
import { faults } from './modern-faults/index.mjs';
import { isMain, runUntilStopped } from './shared/lifetime.mjs';

/** Starts it. */
export const startModernFaultServer = (options = {}) => startFaultServer({ ...options, faults, dispatch });

if (isMain(import.meta.url)) {
  const server = await startModernFaultServer();
  runUntilStopped(server.close);
  const { origin, port } = server;
  console.log(JSON.stringify({ origin, control: `${origin}/control`, port, faults: Object.keys(faults) }));
}
