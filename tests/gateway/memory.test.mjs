// A session object that was released leaves nothing behind in the module's memory. Runs in Node, where garbage
// collection can be forced.
import assert from 'node:assert/strict';
import { register } from 'node:module';
import { before, test } from 'node:test';
import { answering, leavesNothing, loadWatched } from '../js/helpers/module-memory.mjs';

let Upstream;
let memory;
before(async () => {
  const builtPackage = new URL('../../pkg/node.js', import.meta.url);
  const found = `{ url: '${builtPackage}', shortCircuit: true }`;
  const resolve = `export const resolve = (name, context, next) => name === 'mcp-tether' ? ${found} : next(name, context)`;
  register(`data:text/javascript,${encodeURIComponent(resolve)}`);
  ({ Upstream, memory } = await loadWatched(() => import('../../gateway/upstream.js')));
  globalThis.fetch = answering;
  console.log = console.info = () => {}; // the gateway's log lines
});

async function used(end) {
  let onanswer;
  const upstream = new Upstream({
    server: 's',
    config: { url: 'http://server.test/mcp' },
    env: {},
    identity: { id: 'u', vars: {} },
    storage: { get: () => null, set: () => {}, delete: () => {} },
    onmessage: (message) => onanswer(message),
    onbreaker: () => {},
  });
  const { result } = await upstream.initialize({
    protocolVersion: '2025-11-25',
    capabilities: {},
    clientInfo: { name: 'c', version: '1' },
  });
  assert.equal(result.serverInfo.name, 's');
  const answer = new Promise((resolve) => (onanswer = resolve));
  upstream.send({ jsonrpc: '2.0', id: 1, method: 'tools/list' });
  assert.deepEqual((await answer).result, {});
  await upstream[end]();
  assert.ok(upstream.metrics().requests > 0, 'its counts are still known');
}

for (const end of ['rest', 'terminate']) {
  test(`a session after ${end}()`, () => leavesNothing(memory, () => used(end)));
}
