// A Worker in Rust with the crate's client (examples/rust-worker), on workerd: a Durable Object keeps its session while its server is restarted.
//
// Not part of `make test`: workers-rs brings 80 crates, several minutes of compilation.
import assert from 'node:assert/strict';
import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { Miniflare } from 'miniflare';
import { buildWithBindgen, makeFolder, root } from '../helpers/rust/build.mjs';
import { startSdkServer } from '../servers/sdk-server.mjs';

// What worker-build writes, without its restart after a panic.
const entryOf = (name) => `
import module from './${name}_bg.wasm';
import { fetch, initSync } from './${name}.js';
initSync({ module });
export * from './${name}.js';
export default { fetch };
`;

/** Runs what was compiled into a folder. */
async function startWorker(folder, name, options) {
  const scriptPath = join(folder, 'entry.js');
  await writeFile(scriptPath, entryOf(name));
  return new Miniflare({
    modulesRoot: folder,
    scriptPath,
    modules: true,
    modulesRules: [
      { type: 'ESModule', include: ['**/*.js'] },
      { type: 'CompiledWasm', include: ['**/*.wasm'] },
    ],
    compatibilityDate: '2026-04-01',
    ...options,
  });
}

describe('a Worker in Rust', () => {
  let output;
  let server;
  let miniflare;

  before(async () => {
    output = await makeFolder();
    await buildWithBindgen('rust-worker', output.folder);
    server = await startSdkServer();
    miniflare = await startWorker(output.folder, 'rust_worker', {
      bindings: { MCP_URL: server.url },
      durableObjects: { SESSIONS: { className: 'Session', useSQLite: true } },
    });
  });
  after(async () => {
    await miniflare?.dispose();
    await server?.close();
    await output?.remove();
  });

  async function echo(text, user = 'ada') {
    const response = await miniflare.dispatchFetch(`http://localhost/?text=${text}`, { headers: { 'X-User': user } });
    const body = await response.text();
    assert.equal(response.status, 200, body);
    const { result, generation } = JSON.parse(body);
    return [result.content[0].text, generation];
  }

  test('goes on after its server was restarted', async () => {
    assert.deepEqual(await echo('before'), ['before', 1]);
    assert.deepEqual(await echo('again'), ['again', 1]);
    assert.equal(server.counts.initialize, 1);

    const { port } = server;
    await server.close();
    server = await startSdkServer({ port });
    const after = await Promise.all(['a', 'b', 'c'].map((text) => echo(text)));
    assert.deepEqual(after, [
      ['a', 2],
      ['b', 2],
      ['c', 2],
    ]);
    assert.equal(server.counts.initialize, 1);
  });

  test('gives each user a session', async () => {
    const before = server.counts.initialize;
    assert.deepEqual(await echo('hello', 'grace'), ['hello', 1]);
    assert.equal(server.counts.initialize, before + 1);
  });
});

test('the Worker of docs/rust.md, as it stands there: each request has a session, which it ends', async (context) => {
  const place = await makeFolder();
  const server = await startSdkServer();
  context.after(() => Promise.all([place.remove(), server.close()]));
  const [, section] = (await readFile(join(root, 'docs/rust.md'), 'utf8')).split('### workers-rs\n');
  const [, code] = /^```rust\n([\s\S]*?)^```$/m.exec(section);
  // The example's dependencies are compiled already.
  const project = join(place.folder, 'notes');
  await mkdir(join(project, 'src'), { recursive: true });
  const manifest = await readFile(join(root, 'examples/rust-worker/Cargo.toml'), 'utf8');
  const named = manifest.replace('name = "rust-worker"', 'name = "notes"').replace('"../.."', JSON.stringify(root));
  await writeFile(join(project, 'Cargo.toml'), named);
  await cp(join(root, 'examples/rust-worker/Cargo.lock'), join(project, 'Cargo.lock'));
  await writeFile(join(project, 'src/lib.rs'), code);

  const output = join(place.folder, 'output');
  await buildWithBindgen(project, output);
  const miniflare = await startWorker(output, 'notes', { bindings: { MCP_URL: server.url } });
  context.after(() => miniflare.dispose());

  for (const count of [1, 2]) {
    const response = await miniflare.dispatchFetch('http://localhost/');
    assert.equal(await response.text(), 'hello');
    assert.equal(server.counts.initialize, count);
    assert.equal(server.counts.delete, count);
  }
});
