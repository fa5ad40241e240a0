// A Worker as a deployment would write it: the built gateway, with a hook for spans that writes them to the log.

import { cp, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const dist = fileURLToPath(new URL('../../gateway/dist/', import.meta.url));

/**
 * Builds it into a folder of its own.
 * @param {string} hook the source of the function `onSpan`
 * @returns {Promise<{ folder: string, remove(): Promise<void> }>}
 */
export async function buildTracedWorker(hook) {
  const root = await mkdtemp(join(tmpdir(), 'traced-'));
  await cp(dist, join(root, 'gateway'), { recursive: true });
  await writeFile(
    join(root, 'entry.js'),
    `import gateway, { otlp, withTelemetry } from './gateway/index.js';
     export * from './gateway/index.js';
     export default withTelemetry(gateway, ${hook});`,
  );
  const folder = join(root, 'built/');
  await build({
    entryPoints: { index: join(root, 'entry.js') },
    outdir: folder,
    bundle: true,
    format: 'esm',
    target: 'es2024',
    external: ['cloudflare:workers', '*.wasm'],
    logLevel: 'error',
  });
  for (const name of await readdir(dist)) if (name.endsWith('.wasm')) await cp(join(dist, name), join(folder, name));
  return { folder, remove: () => rm(root, { recursive: true, force: true }) };
}
