// A Worker in Rust with the crate's client (examples/rust-worker), on workerd: a Durable Object keeps its session while its server is restarted.
//
// Not part of `make test`: workers-rs brings 80 crates, several minutes of compilation.
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { Miniflare } from 'miniflare';
import { buildWithBindgen, makeFolder } from '../helpers/rust/build.mjs';
import { startSdkServer } from '../servers/sdk-server.mjs';

// What worker-build writes, without its restart after a panic.
const entry = `
import module from './rust_worker_bg.wasm';
import { fetch, initSync } from './rust_worker.js';
initSync({ module });
export { Session } from './rust_worker.js';
export default { fetch };
`;

describe('a Worker in Rust', () => {
  let output;
  let server;
  let miniflare;

  before(async () => {
    output = await makeFolder();
    await buildWithBindgen('rust-worker', output.folder);
    const scriptPath = join(output.folder, 'entry.js');
    await writeFile(scriptPath, entry);
    server = await startSdkServer();
    miniflare = new Miniflare({
      modulesRoot: output.folder,
      scriptPath,
      modules: true,
      modulesRules: [
        { type: 'ESModule', include: ['**/*.js'] },
        { type: 'CompiledWasm', include: ['**/*.wasm'] },
      ],
      compatibilityDate: '2026-04-01',
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
