// Bundles the gateway with an entry of a test, like tools/build-worker.sh.
import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('../../', import.meta.url));

/**
 * Returns the folder, with a slash at its end; the test removes it.
 * @param {URL} entry
 */
export async function bundled(entry) {
  const folder = await mkdtemp(join(root, 'target/bundled-'));
  const module = join(root, 'target/worker-module');
  await build({
    entryPoints: { index: fileURLToPath(entry) },
    bundle: true,
    outdir: folder,
    format: 'esm',
    target: 'es2024',
    logLevel: 'warning',
    conditions: ['workerd', 'worker', 'browser'],
    alias: {
      'mcp-tether/oauth': join(module, 'oauth.js'),
      'mcp-tether': join(module, 'workerd.js'),
      'gateway-module': join(module, 'mcp_tether.js'),
      'raw-json': join(root, 'gateway/raw-json.js'),
      'landing-script': join(module, 'landing-script.txt'),
      'landing-style': join(module, 'landing-style.txt'),
    },
    loader: { '.wasm': 'copy', '.txt': 'text' },
    external: ['cloudflare:workers'],
  });
  return `${folder}/`;
}
