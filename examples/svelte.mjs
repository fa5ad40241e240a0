// Svelte: a session as a store, `$mcp` in a component.

import { McpManager } from 'mcp-tether';
import { watchSession } from 'mcp-tether/snapshot';
import { readable } from 'svelte/store';
import { config, pause } from './setting.mjs';

function mcpStore(manager, userId, serverName) {
  const { call, getSnapshot, retry, subscribe } = watchSession(manager, userId, serverName);
  return { ...readable(getSnapshot(), (set) => subscribe(() => set(getSnapshot()))), call, retry };
}

const manager = new McpManager(config);
const mcp = mcpStore(manager, 'ada', 'notes');
const unsubscribe = mcp.subscribe(({ state, tools }) => console.log(state, tools.length, 'tools'));

console.log((await mcp.call('echo', { message: 'before' })).content[0].text);
await pause();
console.log((await mcp.call('echo', { message: 'after' })).content[0].text);

unsubscribe();
await manager.close();
