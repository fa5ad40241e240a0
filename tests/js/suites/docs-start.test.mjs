// The Worker of docs/start.md on workerd, with the settings that the page gives to wrangler, its server restarted between two requests.
import assert from 'node:assert/strict';
import { cp, mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { build } from 'esbuild';
import { Miniflare } from 'miniflare';
import { makeProject, root } from '../helpers/snippets/project.mjs';
import { startSdkServer } from '../servers/sdk-server.mjs';

describe('the Worker of docs/start.md', () => {
  let project;
  let server;
  let miniflare;

  before(async () => {
    const document = await readFile(join(root, 'docs/start.md'), 'utf8');
    const [, worker] = /```ts\n((?:(?!```)[\s\S])*export default \{[\s\S]*?)```/.exec(document);
    const [, settings] = /```toml\n([\s\S]*?)```/.exec(document);
    const setting = (name) => new RegExp(`\\b${name} = "([^"]*)"`).exec(settings)[1];
    server = await startSdkServer({ mode: 'stateful' });
    project = await makeProject();
    const folder = join(project.folder, 'built');
    await mkdir(folder);
    await project.write(setting('main'), worker);
    await cp(join(root, 'pkg/mcp_tether_bg.wasm'), join(folder, 'mcp_tether_bg.wasm'));
    await build({
      entryPoints: [join(project.folder, setting('main'))],
      outfile: join(folder, 'worker.mjs'),
      bundle: true,
      format: 'esm',
      target: 'es2022',
      conditions: ['workerd', 'worker', 'browser'],
      external: ['cloudflare:*', 'node:*', '*.wasm'],
      preserveSymlinks: true,
      logLevel: 'error',
    });
    miniflare = new Miniflare({
      modulesRoot: folder,
      scriptPath: join(folder, 'worker.mjs'),
      modules: true,
      modulesRules: [
        { type: 'ESModule', include: ['**/*.mjs'] },
        { type: 'CompiledWasm', include: ['**/*.wasm'] },
      ],
      compatibilityDate: setting('compatibility_date'),
      bindings: { NOTES_URL: server.url },
      durableObjects: { NOTES: { className: setting('class_name'), useSQLite: true } },
    });
  });
  after(async () => {
    await miniflare?.dispose();
    await server?.close();
    await project?.remove();
  });

  const say = async (message) => {
    const answer = await miniflare.dispatchFetch(`http://worker.example/?say=${message}`);
    assert.equal(answer.status, 200);
    return (await answer.json()).content[0].text;
  };

  test('answers, on one session, and after a restart of the server on the next', async () => {
    assert.equal(await say('one'), 'one');
    assert.equal(await say('two'), 'two');
    assert.equal(server.counts.initialize, 1);
    const { port } = server;
    await server.close();
    server = await startSdkServer({ mode: 'stateful', port });
    assert.equal(await say('three'), 'three');
    assert.equal(server.counts.initialize, 1);
  });
});
