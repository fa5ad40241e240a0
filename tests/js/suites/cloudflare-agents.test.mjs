// The example for Cloudflare's Agents SDK, on workerd: an agent keeps its session while its server is restarted, and while it sleeps.
import assert from 'node:assert/strict';
import { cp, mkdir, readFile } from 'node:fs/promises';
import { isBuiltin } from 'node:module';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { build } from 'esbuild';
import { Miniflare } from 'miniflare';
import { makeProject, root } from '../helpers/snippets/project.mjs';
import { startSdkServer } from '../servers/sdk-server.mjs';

// What CommonJS in the bundle requires of Node, as modules of workerd.
const nodeModules = {
  name: 'node-modules',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^(node:)?\w+$/ }, ({ path, kind }) =>
      kind === 'require-call' && isBuiltin(path) ? { path: path.replace('node:', ''), namespace: 'node' } : undefined,
    );
    onLoad({ filter: /.*/, namespace: 'node' }, ({ path }) => ({
      contents: `export * from 'node:${path}'; export { default } from 'node:${path}';`,
    }));
  },
};

describe('an agent on Cloudflare', () => {
  let project;
  let server;
  let settings;
  let miniflare;

  before(async () => {
    project = await makeProject();
    server = await startSdkServer({ mode: 'stateful' });
    const folder = join(project.folder, 'worker');
    await mkdir(folder);
    await cp(join(root, 'examples/cloudflare-agents'), join(project.folder, 'src'), { recursive: true });
    await cp(join(root, 'pkg/mcp_tether_bg.wasm'), join(folder, 'mcp_tether_bg.wasm'));
    const wrangler = await readFile(join(project.folder, 'src/wrangler.toml'), 'utf8');
    const setting = (name) => new RegExp(`\\b${name} = \\[?"([^"]*)"`).exec(wrangler)[1];
    await build({
      entryPoints: [join(project.folder, 'src', setting('main'))],
      outfile: join(folder, 'worker.mjs'),
      bundle: true,
      format: 'esm',
      target: 'es2022',
      conditions: ['workerd', 'worker', 'browser'],
      external: ['cloudflare:*', 'node:*', '*.wasm'],
      preserveSymlinks: true,
      plugins: [nodeModules],
      logLevel: 'error',
    });
    settings = {
      modulesRoot: folder,
      scriptPath: join(folder, 'worker.mjs'),
      modules: true,
      modulesRules: [
        { type: 'ESModule', include: ['**/*.mjs'] },
        { type: 'CompiledWasm', include: ['**/*.wasm'] },
      ],
      compatibilityDate: setting('compatibility_date'),
      compatibilityFlags: [setting('compatibility_flags')],
      bindings: { MCP_URL: server.url },
      durableObjects: { Notes: { className: setting('class_name'), useSQLite: true } },
      durableObjectsPersist: join(project.folder, 'objects'),
    };
    miniflare = new Miniflare(settings);
  });
  after(async () => {
    await miniflare?.dispose();
    await server?.close();
    await project.remove();
  });

  async function say(word) {
    const response = await miniflare.dispatchFetch(`http://localhost/?say=${word}`);
    const text = await response.text();
    assert.equal(response.status, 200, text);
    return JSON.parse(text);
  }

  test('goes on after its server was restarted, and after it was evicted', async () => {
    assert.deepEqual(await say('before'), { said: 'before', generation: 1 });

    const port = Number(new URL(server.url).port);
    await server.close();
    server = await startSdkServer({ mode: 'stateful', port });
    assert.equal((await say('after')).said, 'after');
    assert.equal(server.counts.initialize, 1);

    await miniflare.dispose();
    miniflare = new Miniflare(settings);
    assert.equal((await say('again')).said, 'again');
    assert.equal(server.counts.initialize, 1, 'the next object goes on with the stored session');
  });
});
