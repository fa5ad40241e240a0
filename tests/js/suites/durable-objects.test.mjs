// Durable Objects of one isolate share one instance of the module. None of them may stop the others, at whatever moment it is aborted.
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { Miniflare } from 'miniflare';

const packageEntry = process.env.MCP_TETHER_PACKAGE
  ? resolve(process.env.MCP_TETHER_PACKAGE)
  : fileURLToPath(new URL('../../../pkg/node.js', import.meta.url));
const KEEPERS = 64;
// Between the end of what the module awaits and what it does then there are a few microtasks: one object is aborted after each of them.
const MOST_HOPS = 8;

let miniflare;
let folder;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'durable-objects-'));
  await build({
    entryPoints: [fileURLToPath(new URL('../helpers/durable-objects/worker.mjs', import.meta.url))],
    outdir: folder,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    format: 'esm',
    conditions: ['workerd', 'worker', 'browser'],
    alias: { 'mcp-tether': join(dirname(packageEntry), 'workerd.js') },
    loader: { '.wasm': 'copy' },
    external: ['cloudflare:workers'],
    logLevel: 'warning',
  });
  miniflare = new Miniflare({
    modulesRoot: folder,
    scriptPath: join(folder, 'worker.mjs'),
    modules: true,
    compatibilityDate: '2026-04-01',
    modulesRules: [
      { type: 'ESModule', include: ['**/*.mjs'] },
      { type: 'CompiledWasm', include: ['**/*.wasm'] },
    ],
    durableObjects: { KEEPERS: { className: 'Keeper', useSQLite: true } },
  });
  await miniflare.ready;
});
after(async () => {
  await miniflare.dispose();
  await rm(folder, { recursive: true, force: true });
});

async function work(name, what = {}) {
  const response = await miniflare.dispatchFetch(`http://localhost/${name}`, {
    method: 'POST',
    body: JSON.stringify(what),
  });
  return response.text();
}

for (const abortIn of ['get', 'token', 'set', 'delete']) {
  test(`${KEEPERS} objects finish while others are aborted when their ${abortIn}() ended`, {
    timeout: 120_000,
  }, async () => {
    const aborted = Array.from({ length: MOST_HOPS + 1 }, (_, hops) =>
      work(`${abortIn}-aborted-${hops}`, { abortIn, hops }),
    );
    const finished = await Promise.all(Array.from({ length: KEEPERS }, (_, index) => work(`${abortIn}-${index}`)));
    assert.deepEqual(new Set(finished), new Set(['finished']));
    assert.ok(
      (await Promise.all(aborted)).every((outcome) => outcome !== 'finished'),
      'those were aborted',
    );
  });
}

test('they did work at once', async () => {
  const response = await miniflare.dispatchFetch('http://localhost/most');
  assert.ok((await response.json()) >= KEEPERS, 'all of them at some moment');
});
