// Vue: a session as a `shallowRef`.

import { McpManager } from 'mcp-tether';
import { watchSession } from 'mcp-tether/snapshot';
import { effectScope, onScopeDispose, shallowRef, watchEffect } from 'vue';
import { config, pause } from './setting.mjs';

/** A composable: `const { mcp, call } = useMcp(manager, 'ada', 'notes')` in `setup`. */
function useMcp(manager, userId, serverName) {
  const watched = watchSession(manager, userId, serverName);
  const mcp = shallowRef(watched.getSnapshot());
  onScopeDispose(watched.subscribe(() => (mcp.value = watched.getSnapshot())));
  return { mcp, call: watched.call, retry: watched.retry };
}

const manager = new McpManager(config);
const component = effectScope(); // components have their own
const { call } = component.run(() => {
  const used = useMcp(manager, 'ada', 'notes');
  watchEffect(() => console.log(used.mcp.value.state, used.mcp.value.tools.length, 'tools'));
  return used;
});

console.log((await call('echo', { message: 'before' })).content[0].text);
await pause();
console.log((await call('echo', { message: 'after' })).content[0].text);

component.stop();
await manager.close();
