// How much memory the module takes, which no collector of garbage looks into: for tests of what is left behind in it.
import assert from 'node:assert/strict';
import { setTimeout as wait } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

const PAGE = 64 * 1024;
const WARM = 200;
const OFTEN = 1_000; // what a manager takes is 4 KB at the least, so 60 pages

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc');

/** What `load()` imports, which loads the module; and its memory, which the package keeps to itself. */
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

/** Fails if `use()`, done very often, leaves anything behind. */
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
    await wait(5); // the module hears of what was collected when nothing runs
  }
}

/** A server that answers everything, as a `fetch`. */
export async function answering(_url, { method, body }) {
  if (method !== 'POST') return new Response(null, { status: method === 'DELETE' ? 200 : 405 });
  const { id, method: name, params } = JSON.parse(body);
  if (id === undefined) return new Response(null, { status: 202 });
  if (name !== 'initialize') return Response.json({ jsonrpc: '2.0', id, result: {} });
  const result = { protocolVersion: params.protocolVersion, capabilities: {}, serverInfo: { name: 's', version: '1' } };
  return Response.json({ jsonrpc: '2.0', id, result }, { headers: { 'mcp-session-id': 'one' } });
}
