// The size of the module's memory, which no garbage collector reports: for tests of leaks in it.
import assert from 'node:assert/strict';
import { setTimeout as wait } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

const PAGE = 64 * 1024;
const WARM = 200;
const OFTEN = 1_000; // a manager takes at least 4 KB, so a leak would be 60 pages

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc');

/**
 * The result of importing with `load()`, which loads the module; and the module's memory, which the package does not
 * export.
 */
export async function loadWatched(load) {
  const { Instance } = WebAssembly;
  let memory;
  // biome-ignore lint/complexity/useArrowFunction: it is called with `new`.
  WebAssembly.Instance = function (...args) {
    const instance = new Instance(...args);
    memory = Object.values(instance.exports).find((value) => value instanceof WebAssembly.Memory);
    return instance;
  };
  const loaded = await load();
  WebAssembly.Instance = Instance;
  assert.ok(memory, 'the module has a memory');
  return { ...loaded, memory };
}

/** Fails if `use()`, run many times, leaks memory. */
export async function leavesNothing(memory, use) {
  await often(WARM, use);
  const before = memory.buffer.byteLength;
  await often(OFTEN, use);
  const grown = (memory.buffer.byteLength - before) / PAGE;
  assert.ok(grown <= 20, `the module's memory grew by ${grown} pages in ${OFTEN} turns`);
}

async function often(times, use) {
  for (let count = 1; count <= times; count += 1) {
    await use();
    if (count % 100 > 0) continue;
    collectGarbage();
    await wait(5); // the module's finalizers run while it is idle
  }
}

/** A server that answers everything, as a `fetch`. */
export async function answering(target, { method = target.method, body }) {
  if (method !== 'POST') return new Response(null, { status: method === 'DELETE' ? 200 : 405 });
  const { id, method: name, params } = JSON.parse(body);
  if (id === undefined) return new Response(null, { status: 202 });
  if (name !== 'initialize') return Response.json({ jsonrpc: '2.0', id, result: {} });
  const result = { protocolVersion: params.protocolVersion, capabilities: {}, serverInfo: { name: 's', version: '1' } };
  return Response.json({ jsonrpc: '2.0', id, result }, { headers: { 'mcp-session-id': 'one' } });
}
