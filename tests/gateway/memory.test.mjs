// A session object that was released leaves nothing behind in the module's memory. Runs in Node, where garbage
// collection can be forced.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { register } from 'node:module';
import { before, test } from 'node:test';
import { parse, plain } from '../../gateway/raw-json.js';
import { answering, leavesNothing, loadWatched } from '../js/helpers/module-memory.mjs';

let Upstream;
let Pending;
let SessionObserver;
let memory;
before(async () => {
  const builtModule = new URL('../../target/worker-module/', import.meta.url);
  const found = {
    'mcp-tether': new URL('slim.js', builtModule),
    'raw-json': new URL('../../gateway/raw-json.js', import.meta.url),
  };
  const resolve = `const found = ${JSON.stringify(found)};
    export const resolve = (name, context, next) => found[name] ? { url: found[name], shortCircuit: true } : next(name, context)`;
  register(`data:text/javascript,${encodeURIComponent(resolve)}`);
  ({ Upstream, memory } = await loadWatched(async () => {
    const { initSync } = await import('mcp-tether');
    initSync(await readFile(new URL('mcp_tether_bg.wasm', builtModule)));
    return import('../../gateway/upstream.js');
  }));
  ({ Pending } = await import('../../gateway/pending.js'));
  ({ SessionObserver } = await import('../../gateway/observe/session-observer.js'));
  globalThis.fetch = answering;
  console.log = console.info = () => {}; // the gateway's log lines
});

async function used(end) {
  const upstream = new Upstream({
    server: 's',
    config: { url: 'http://server.test/mcp' },
    env: {},
    identity: { id: 'u', vars: {} },
    storage: { get: () => null, set: () => {}, delete: () => {} },
    client: { notify: () => {}, ask: () => {}, withdraw: () => {} },
    observer: new SessionObserver({
      row: {},
      mode: 'off',
      env: {},
      ctx: { storage: { sql: { exec: () => ({ toArray: () => [] }) } } },
      onchange: () => {},
    }),
    isOutOfReach: () => false,
    onserver: () => {},
  });
  const { result } = await upstream.initialize(
    parse('{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"c","version":"1"}}'),
  );
  assert.equal(plain(result.serverInfo).name, 's');
  const answer = new Promise((resolve) => {
    const exchange = { tell: () => {}, settle: (_request, text) => resolve(text) };
    const message = parse('{"jsonrpc":"2.0","id":1,"method":"tools/list"}');
    upstream.request(new Pending(message, { id: '1', exchange, onend: () => {}, onstream: () => {} }));
  });
  assert.equal(await answer, '{"jsonrpc":"2.0","id":1,"result":{}}');
  await upstream[end]();
  assert.ok(upstream.metrics().requests > 0, 'its counts are still known');
}

for (const end of ['rest', 'terminate']) {
  test(`a session after ${end}()`, () => leavesNothing(memory, () => used(end)));
}
